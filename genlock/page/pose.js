// The panel of 3D poses: what the models sent and nothing else.
import { Flat } from "./flat.js";
import { milliseconds, number, put, range, withCommands } from "./text.js";

const STALE_AFTER_MS = 2000;
const ALL = -1;

export class PosePanel {
  #view = ALL;
  #names = [];
  #infer = null;
  #poses = null;
  #deadline;
  #figure = null;

  constructor() {
    this.#open(document.getElementById("skeleton"));
  }

  async #open(canvas) {
    try {
      const { Scene } = await import("./scene.js");
      this.#figure = new Scene(canvas);
    } catch {
      // A canvas that was asked for WebGL gives no other context.
      const fresh = canvas.cloneNode();
      canvas.replaceWith(fresh);
      this.#figure = new Flat(fresh);
      put("pose-note", "no WebGL here: drawn flat");
    }
    this.#render();
  }

  showStatus(infer, names) {
    this.#infer = infer;
    put("model", infer?.model_version?.slice(0, 16) ?? "none");
    put("pose-rate", infer?.model_version && `${number(infer.fps, 1)} per second`);
    put("pose-latency", infer && range(infer.latency_ms_p50, infer.latency_ms_p99, milliseconds));
    put("pose-precision", infer?.precision);
    if (names.join("\n") !== this.#names.join("\n")) this.#buttons(names);
    this.#explain();
  }

  showPoses(message) {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      this.#poses = null;
      this.#render();
    }, STALE_AFTER_MS);
    this.#poses = message.poses;
    this.#render();
  }

  #render() {
    const shown = (this.#poses ?? []).filter((pose) => this.#view === ALL || pose.camera === this.#view);
    shown.sort((a, b) => a.camera - b.camera || a.person - b.person);
    this.#figure?.show(shown.map((pose) => ({ joints: pose.joints_mm, name: this.#names[pose.camera] ?? `camera ${pose.camera}` })));
    const names = shown.map((pose) => this.#names[pose.camera] ?? pose.camera).join(", ");
    document.getElementById("skeleton").setAttribute("aria-label", shown.length ? `3D pose of one person as seen by ${names}` : "3D pose: none");
    document.getElementById("pose-key").hidden = shown.length === 0;
    this.#explain(shown.length);
  }

  /** Without poses it says why. */
  #explain(shown = this.#poses?.length ?? 0) {
    const veil = document.getElementById("no-pose");
    veil.hidden = shown > 0;
    const text = this.#reason();
    if (veil.dataset.text === text) return;
    veil.dataset.text = text;
    veil.replaceChildren(...withCommands(text));
  }

  #reason() {
    if (!this.#infer) return "No poses: the inference process has not spoken yet.";
    if (!this.#infer.model_version) return `Poses need a pose model. ${this.#infer.state}`;
    if (this.#poses?.length) return "No pose in this view now.";
    return `No pose for the last 2 s. ${this.#infer.state}`;
  }

  #buttons(names) {
    this.#names = names;
    const group = document.getElementById("views");
    const button = (label, view) => {
      const element = document.createElement("button");
      element.type = "button";
      element.textContent = label;
      element.setAttribute("aria-pressed", String(view === this.#view));
      element.addEventListener("click", () => {
        this.#view = view;
        for (const other of group.children) other.setAttribute("aria-pressed", String(other === element));
        this.#render();
      });
      return element;
    };
    group.replaceChildren(button("all", ALL), ...names.map((name, index) => button(name, index)));
  }
}
