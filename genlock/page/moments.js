// Matches poses to pictures. Poses arrive later than previews, and not for every moment.

/** Maximum time between a picture and the moment of its poses. */
const NEAR_NS = 70e6;
/** How long a picture waits for its poses. `KEPT_NS` is how long poses are kept. */
const WAIT_MS = 300;
const KEPT_NS = 2e9;

export class Moments {
  #messages = [];
  /** Callbacks to run when new poses arrive. */
  #waiting = new Set();

  add(message) {
    const oldest = message.exposure_ns - KEPT_NS;
    this.#messages = this.#messages.filter(({ exposure_ns }) => exposure_ns > oldest && exposure_ns < message.exposure_ns);
    this.#messages.push(message);
    for (const look of [...this.#waiting]) look();
  }

  /** The poses of the moment nearest to a picture. Waits for later poses at most `WAIT_MS`. */
  near(exposure_ns) {
    return new Promise((resolve) => {
      const nearest = () => {
        const away = (message) => Math.abs(message.exposure_ns - exposure_ns);
        const best = this.#messages.reduce((a, b) => (a && away(a) <= away(b) ? a : b), null);
        return best && away(best) <= NEAR_NS ? best.poses : [];
      };
      const newest = () => this.#messages.at(-1)?.exposure_ns ?? -Infinity;
      // Do not wait if no poses arrive at all.
      if (newest() >= exposure_ns || newest() < exposure_ns - KEPT_NS) return void resolve(nearest());
      const done = () => {
        clearTimeout(deadline);
        this.#waiting.delete(look);
        resolve(nearest());
      };
      const look = () => newest() >= exposure_ns && done();
      const deadline = setTimeout(done, WAIT_MS);
      this.#waiting.add(look);
    });
  }
}
