// Skeletons on a plain canvas, for browsers without WebGL.
import { PARENTS, SPACING_MM, Turn, colorOf } from "./bones.js";

export class Flat {
  #canvas;
  #poses = [];
  #turn;
  #scheduled = false;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#turn = new Turn(canvas, () => this.#schedule());
    new ResizeObserver(() => this.#schedule()).observe(canvas);
  }

  /** `poses`: `{joints: 17 × [x, y, z], name}`, side by side in this order. */
  show(poses) {
    this.#poses = poses;
    this.#schedule();
  }

  #schedule() {
    if (this.#scheduled || document.hidden) return;
    this.#scheduled = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#scheduled = false;
    const scale = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    const context = this.#canvas.getContext("2d");
    context.scale(scale, scale);
    context.translate(width / 2, height * 0.46);
    const zoom = Math.min(height / 2200, width / (SPACING_MM * Math.max(1, this.#poses.length) + 200));
    context.scale(zoom, zoom);
    context.lineWidth = 34;
    context.lineCap = "round";
    const style = getComputedStyle(document.documentElement);
    const [cos, sin] = [Math.cos(this.#turn.angle), Math.sin(this.#turn.angle)];
    this.#poses.forEach(({ joints }, index) => {
      const across = (index - (this.#poses.length - 1) / 2) * SPACING_MM;
      const at = ([x, y, z]) => [across + x * cos - z * sin, y];
      PARENTS.forEach((parent, joint) => {
        if (parent < 0) return;
        context.strokeStyle = style.getPropertyValue(colorOf(joint));
        context.beginPath();
        context.moveTo(...at(joints[parent]));
        context.lineTo(...at(joints[joint]));
        context.stroke();
      });
    });
    if (this.#poses.length && this.#turn.turning) this.#schedule();
  }
}
