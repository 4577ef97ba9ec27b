// The orbiting view: it turns slowly until a pointer or a key turns it, or never if the user prefers reduced motion.
// In the room it can also be tilted and zoomed.

/** Duration of one automatic turn. The room turns more slowly, since its floor moves too. */
const TURN_SECONDS = { views: 16, room: 75 };
const TILT = { least: 0.04, first: 0.42, most: 1.5 };
const ZOOM = { least: 0.6, first: 1, most: 8 };
const RADIANS_PER_PIXEL = { angle: 0.01, tilt: 0.006 };
const KEY_RADIANS = 0.1;
const KEY_ZOOM = 1.15;
const WHEEL_ZOOM_PER_PIXEL = 0.0015;
const WHEEL_LINE_PIXELS = 16;

const within = (value, { least, most }) => Math.min(most, Math.max(least, value));

export class Orbit {
  #angle = 0;
  #tilt = TILT.first;
  #zoom = ZOOM.first;
  #room = false;
  #since = performance.now();
  #held = matchMedia("(prefers-reduced-motion: reduce)").matches;
  /** Last position of each pressed pointer, by its id. */
  #pointers = new Map();
  #canvas;
  #changed;

  constructor(canvas, changed) {
    this.#canvas = canvas;
    this.#changed = changed;
    canvas.tabIndex = 0;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#pointers.set(event.pointerId, [event.clientX, event.clientY]);
      this.#hold();
    });
    canvas.addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => this.#pointers.delete(event.pointerId));
    }
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("dblclick", () => this.#release());
  }

  get turning() {
    return !this.#held;
  }

  get angle() {
    const seconds = this.#held ? 0 : (performance.now() - this.#since) / 1000;
    return this.#angle + (seconds / TURN_SECONDS[this.#room ? "room" : "views"]) * 2 * Math.PI;
  }

  get tilt() {
    return this.#tilt;
  }

  get zoom() {
    return this.#zoom;
  }

  /** Whether the room is shown; single views can only turn. */
  set room(room) {
    if (room === this.#room) return;
    this.#rest();
    this.#room = room;
    // In single views, vertical touch movement still scrolls the page.
    this.#canvas.classList.toggle("free", room);
  }

  /** Stores the current angle. */
  #rest() {
    this.#angle = this.angle;
    this.#since = performance.now();
  }

  #hold() {
    this.#rest();
    this.#held = true;
  }

  #release() {
    this.#rest();
    this.#held = false;
    if (this.#room) [this.#tilt, this.#zoom] = [TILT.first, ZOOM.first];
    this.#changed();
  }

  #by(angle, tilt = 0, zoom = 1) {
    this.#angle += angle;
    if (this.#room) {
      this.#tilt = within(this.#tilt + tilt, TILT);
      this.#zoom = within(this.#zoom * zoom, ZOOM);
    }
    this.#changed();
  }

  #drag(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    this.#pointers.set(event.pointerId, now);
    const others = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    const away = ([x, y]) => Math.hypot(x - others[0][0], y - others[0][1]);
    const zoom = others.length && away(before) > 0 ? away(now) / away(before) : 1;
    // With two fingers, each contributes half.
    const share = 1 / (1 + others.length);
    this.#by((now[0] - before[0]) * share * RADIANS_PER_PIXEL.angle, (now[1] - before[1]) * share * RADIANS_PER_PIXEL.tilt, zoom);
  }

  #key(event) {
    const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    const tilt = this.#room ? ({ ArrowUp: 1, ArrowDown: -1 }[event.key] ?? 0) : 0;
    const zoom = this.#room ? ({ "+": KEY_ZOOM, "=": KEY_ZOOM, "-": 1 / KEY_ZOOM }[event.key] ?? 1) : 1;
    if ((!turn && !tilt && zoom === 1) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#hold();
    this.#by(turn * KEY_RADIANS, tilt * KEY_RADIANS, zoom);
  }

  #wheel(event) {
    if (!this.#room) return;
    event.preventDefault();
    this.#hold();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? WHEEL_LINE_PIXELS : 1);
    this.#by(0, 0, Math.exp(-pixels * WHEEL_ZOOM_PER_PIXEL));
  }
}
