// The canvas of poses in WebGL: single views, or the room.
import { WebGLRenderer } from "./vendor/three.module.min.js";
import { scheduler } from "./frames.js";
import { Orbit } from "./orbit.js";
import { Palette } from "./palette.js";
import { Room } from "./room.js";
import { Views } from "./views.js";

export class Scene {
  #canvas;
  #drawn;
  #renderer;
  #palette = new Palette();
  #views = new Views(this.#palette);
  #room = new Room(this.#palette);
  /** The contents of the room; null while single views are shown. */
  #shown = null;
  #orbit;
  #schedule;

  /** `drawn` is called with the room and its view after drawing; with null for single views. */
  constructor(canvas, context, drawn) {
    this.#canvas = canvas;
    this.#drawn = drawn;
    this.#renderer = new WebGLRenderer({ canvas, context, alpha: true });
    this.#renderer.setClearColor(0x000000, 0);
    this.#schedule = scheduler(() => this.#draw(), canvas);
    this.#orbit = new Orbit(canvas, this.#schedule);
    new ResizeObserver(this.#schedule).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#palette.paint();
      this.#schedule();
    });
  }

  /** `poses`: 17 × `[x, y, z]` each. */
  showViews(poses) {
    this.#orbit.room = false;
    this.#shown = null;
    this.#views.show(poses);
    this.#schedule();
  }

  showRoom(room) {
    this.#orbit.room = true;
    this.#shown = room;
    this.#room.show(room);
    this.#schedule();
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (!width || !height) return;
    this.#renderer.setPixelRatio(Math.min(2, window.devicePixelRatio || 1));
    this.#renderer.setSize(width, height, false);
    this.#renderer.clear();
    if (this.#shown) {
      const view = this.#shown.plan.view(this.#orbit, width, height, this.#shown.person);
      this.#room.draw(this.#renderer, width, height, view);
      this.#drawn(this.#shown, view);
    } else {
      this.#views.draw(this.#renderer, width, height, this.#orbit);
      this.#drawn(null);
    }
    if (this.#orbit.turning && (this.#shown || !this.#views.empty)) this.#schedule();
  }
}
