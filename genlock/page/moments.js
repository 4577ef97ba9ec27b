// Which poses belong to which picture. Poses come later than previews, and not for every moment.

/** Poses of moments further apart than this in time are not those of a picture. */
const NEAR_NS = 70e6;
/** How long a picture waits for its poses, and poses for their picture. */
const WAIT_MS = 300;
const KEPT_NS = 2e9;

export class Moments {
  #messages = [];
  /** Called again when poses or time have come on. */
  #waiting = new Set();

  add(message) {
    const oldest = message.exposure_ns - KEPT_NS;
    this.#messages = this.#messages.filter(({ exposure_ns }) => exposure_ns > oldest && exposure_ns < message.exposure_ns);
    this.#messages.push(message);
    for (const look of [...this.#waiting]) look();
  }

  /** The poses of the moment nearest to a picture: at once if no later ones can be nearer, and in any case soon. */
  near(exposure_ns) {
    return new Promise((resolve) => {
      const nearest = () => {
        const away = (message) => Math.abs(message.exposure_ns - exposure_ns);
        const best = this.#messages.reduce((a, b) => (a && away(a) <= away(b) ? a : b), null);
        return best && away(best) <= NEAR_NS ? best.poses : [];
      };
      const newest = () => this.#messages.at(-1)?.exposure_ns ?? -Infinity;
      // Where no poses come at all there is nothing to wait for.
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
