// The rig's geometry, fetched from the server when its id changes.
const AGAIN_MS = 1000;

export class Geometry {
  /** The JSON of `/api/geometry`; null while none is known. */
  now = null;
  #changed;
  #asked = { id: null, at: -Infinity };

  constructor(changed) {
    this.#changed = changed;
  }

  /** `id` of the current geometry; null if there is none. */
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
      // Only the last request counts.
      if (response.ok && this.#asked.id === id) this.#take(await response.json());
    } catch {
      // The connection was lost; the next call retries.
    }
  }

  #take(geometry) {
    if (geometry === null) this.#asked.id = null;
    if (geometry?.id === this.now?.id) return;
    this.now = geometry;
    this.#changed();
  }
}
