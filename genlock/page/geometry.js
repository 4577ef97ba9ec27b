// The rig's geometry as the server has it, fetched when somebody names another one.
const AGAIN_MS = 1000;

export class Geometry {
  /** As `/api/geometry` has it; null while none is known. */
  now = null;
  #changed;
  #asked = { id: null, at: -Infinity };

  constructor(changed) {
    this.#changed = changed;
  }

  /** `id`: of the geometry at work; null when there is none any more. */
  named(id) {
    if (id === null) return this.#take(null);
    const lately = this.#asked.id === id && performance.now() - this.#asked.at < AGAIN_MS;
    if (id === this.now?.id || lately) return;
    this.#asked = { id, at: performance.now() };
    this.#fetch(id);
  }

  async #fetch(id) {
    try {
      const response = await fetch("/api/geometry");
      // What was asked for last is what counts.
      if (response.ok && this.#asked.id === id) this.#take(await response.json());
    } catch {
      // The connection went away; whoever names the geometry next asks again.
    }
  }

  #take(geometry) {
    if (geometry === null) this.#asked.id = null;
    if (geometry?.id === this.now?.id) return;
    this.now = geometry;
    this.#changed();
  }
}
