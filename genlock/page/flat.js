// The canvas of poses without WebGL: single views, or the room.
import { PARENTS, cells, colorOf } from "./bones.js";
import { drawRoom } from "./flatroom.js";
import { scheduler } from "./frames.js";
import { Orbit } from "./orbit.js";

export class Flat {
  #canvas;
  #drawn;
  #poses = [];
  /** The contents of the room; null while single views are shown. */
  #room = null;
  #orbit;
  #schedule;

  /** `drawn` is called with the room and its view after drawing; with null for single views. */
  constructor(canvas, drawn) {
    this.#canvas = canvas;
    this.#drawn = drawn;
    this.#schedule = scheduler(() => this.#draw(), canvas);
    this.#orbit = new Orbit(canvas, this.#schedule);
    new ResizeObserver(this.#schedule).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.#schedule);
  }

  /** `poses`: 17 × `[x, y, z]` each, drawn in one cell each, in order. */
  showViews(poses) {
    this.#orbit.room = false;
    this.#room = null;
    this.#poses = poses;
    this.#schedule();
  }

  showRoom(room) {
    this.#orbit.room = true;
    this.#room = room;
    this.#schedule();
  }

  #draw() {
    const scale = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    const context = this.#canvas.getContext("2d");
    context.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name);
    if (this.#room) {
      const view = this.#room.plan.view(this.#orbit, width, height, this.#room.person);
      drawRoom(context, this.#room, view, color);
      this.#drawn(this.#room, view);
    } else {
      this.#drawViews(context, width, height, color);
      this.#drawn(null);
    }
    if (this.#orbit.turning && (this.#room || this.#poses.length)) this.#schedule.rarely();
  }

  #drawViews(context, width, height, color) {
    const [cos, sin] = [Math.cos(this.#orbit.angle), Math.sin(this.#orbit.angle)];
    const { columns, rows, zoom } = cells(this.#poses.length, width, height);
    this.#poses.forEach((joints, index) => {
      context.save();
      context.translate((((index % columns) + 0.5) * width) / columns, ((Math.floor(index / columns) + 0.46) * height) / rows);
      context.scale(zoom, zoom);
      context.lineWidth = 34;
      context.lineCap = "round";
      const at = ([x, y, z]) => [x * cos - z * sin, y];
      PARENTS.forEach((parent, joint) => {
        if (parent < 0) return;
        context.strokeStyle = color(colorOf(joint));
        context.beginPath();
        context.moveTo(...at(joints[parent]));
        context.lineTo(...at(joints[joint]));
        context.stroke();
      });
      context.restore();
    });
  }
}
