// Names over the canvas of poses: under each view, or beside each camera in the room.
import { project } from "./plan.js";

/** Above a camera, in pixels. */
const ABOVE = 6;
/** Distance from the picture's sides. */
const EDGE = 4;
/** Minimum distance between two names. */
const APART = { x: 6, y: 2 };

export class Labels {
  #element;
  #text = "";
  /** `{element, width, height}` of each name in the room. */
  #names = [];

  constructor(element) {
    this.#element = element;
  }

  /** `names` in cells of a grid. */
  inCells(names, { columns, rows }) {
    this.#element.style.gridTemplate = `repeat(${rows}, 1fr) / repeat(${columns}, 1fr)`;
    this.#write("cells", names);
  }

  /** Places the names of the plan's cameras as `view` projects them. Of two that overlap, the nearer is shown. */
  inRoom({ plan, colors }, view) {
    if (this.#write("room", plan.cameras.map(({ name }) => name))) {
      const measured = (element) => ({ element, width: element.offsetWidth, height: element.offsetHeight });
      this.#names = [...this.#element.children].map(measured);
    }
    const at = plan.cameras.map(({ top }) => project(view, top));
    const order = [...this.#names.keys()].sort((a, b) => at[a].ahead - at[b].ahead);
    const taken = [];
    for (const index of order) {
      const { element, width, height } = this.#names[index];
      const x = Math.min(Math.max(at[index].x - width / 2, EDGE), 2 * view.middle[0] - width - EDGE);
      const box = { x: Math.round(x), y: Math.round(at[index].y - height - ABOVE), width, height };
      const free = inSight(at[index], view) && !taken.some((other) => overlap(box, other));
      if (free) taken.push(box);
      element.style.transform = `translate(${box.x}px, ${box.y}px)`;
      element.classList.toggle("away", !free);
      element.classList.toggle("bad", colors[index] === "--bad");
    }
  }

  /** True if the names changed. */
  #write(kind, names) {
    const text = [kind, ...names].join("\n");
    if (text === this.#text) return false;
    this.#text = text;
    this.#element.className = kind;
    this.#element.replaceChildren(...names.map((name) => Object.assign(document.createElement("span"), { textContent: name })));
    return true;
  }
}

const inSight = ({ x, y, ahead }, { middle }) => ahead > 0 && x >= 0 && x <= 2 * middle[0] && y >= 0 && y <= 2 * middle[1];

const overlap = (a, b) =>
  a.x < b.x + b.width + APART.x && b.x < a.x + a.width + APART.x && a.y < b.y + b.height + APART.y && b.y < a.y + a.height + APART.y;
