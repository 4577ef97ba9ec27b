// Skeletons on a plain canvas, for browsers without WebGL.
import { PARENTS, Turn, cells, colorOf } from "./bones.js";
import { scheduler } from "./frames.js";

export class Flat {
  #canvas;
  #poses = [];
  #turn;
  #schedule = scheduler(() => this.#draw());

  constructor(canvas) {
    this.#canvas = canvas;
    this.#turn = new Turn(canvas, () => this.#schedule());
    new ResizeObserver(() => this.#schedule()).observe(canvas);
  }

  /** `poses`: 17 × `[x, y, z]` each, one cell for each in this order. */
  show(poses) {
    this.#poses = poses;
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
    const [cos, sin] = [Math.cos(this.#turn.angle), Math.sin(this.#turn.angle)];
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
        context.strokeStyle = style.getPropertyValue(colorOf(joint));
        context.beginPath();
        context.moveTo(...at(joints[parent]));
        context.lineTo(...at(joints[joint]));
        context.stroke();
      });
      context.restore();
    });
    if (this.#poses.length && this.#turn.turning) this.#schedule();
  }
}
