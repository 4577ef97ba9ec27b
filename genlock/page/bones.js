// Human3.6M's 17 joints: 0 hip, 1-3 right leg, 4-6 left leg, 7 spine, 8 thorax, 9 neck, 10 head, 11-13 left arm,
// 14-16 right arm.
export const PARENTS = [-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15];

const RIGHT = new Set([1, 2, 3, 14, 15, 16]);
const LEFT = new Set([4, 5, 6, 11, 12, 13]);

/** Name of the style's colour of a joint and of the bone that leads to it. */
export const colorOf = (joint) => (RIGHT.has(joint) ? "--right" : LEFT.has(joint) ? "--left" : "--middle");

export const TURN_SECONDS = 16;

/** Room for one person in each direction. */
export const ROOM_MM = [1300, 2100];

/** Columns and rows in which `count` poses come out largest. */
export function cells(count, width, height) {
  let best = { columns: 1, rows: 1, zoom: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const zoom = Math.min(width / columns / ROOM_MM[0], height / rows / ROOM_MM[1]);
    if (zoom > best.zoom) best = { columns, rows, zoom };
  }
  return best;
}

/** How the figure is turned: slowly by itself, by the pointer or the arrow keys, at rest for who asked for less motion. */
export class Turn {
  #angle = 0;
  #since = performance.now();
  #held = matchMedia("(prefers-reduced-motion: reduce)").matches;
  #changed;

  constructor(canvas, changed) {
    this.#changed = changed;
    canvas.tabIndex = 0;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#hold();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#by(event.movementX * 0.01);
    });
    canvas.addEventListener("keydown", (event) => {
      const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!direction) return;
      event.preventDefault();
      this.#hold();
      this.#by(direction * 0.1);
    });
    canvas.addEventListener("dblclick", () => {
      this.#held = false;
      this.#since = performance.now();
      this.#changed();
    });
  }

  get turning() {
    return !this.#held;
  }

  get angle() {
    const turned = this.#held ? 0 : ((performance.now() - this.#since) / 1000 / TURN_SECONDS) * 2 * Math.PI;
    return this.#angle + turned;
  }

  #hold() {
    this.#angle = this.angle;
    this.#held = true;
  }

  #by(radians) {
    this.#angle += radians;
    this.#changed();
  }
}
