// The panel of 3D poses: what the models sent and nothing else.
import { cells } from "./bones.js";
import { Flat } from "./flat.js";
import { milliseconds, number, put, range, withCommands } from "./text.js";

const STALE_AFTER_MS = 2000;
const ALL = -1;
const ORIGINS = { shipped: "shipped with genlock", own: "your own" };

export class PosePanel {
  #view = ALL;
  #names = [];
  #infer = null;
  #poses = null;
  /** Names of the views drawn. */
  #shown = [];
  #deadline;
  #figure = null;

  constructor() {
    this.#open(document.getElementById("skeleton"));
    new ResizeObserver(() => this.#label()).observe(document.getElementById("labels"));
  }

  async #open(canvas) {
    const context = canvas.getContext("webgl2", { antialias: true, alpha: true });
    if (context) {
      const { Scene } = await import("./scene.js");
      this.#figure = new Scene(canvas, context);
    } else {
      this.#figure = new Flat(canvas);
      put("pose-note", "no WebGL here: drawn flat");
    }
    this.#render();
  }

  showStatus(infer, names) {
    this.#infer = infer;
    put("model", infer?.model_version ? `${ORIGINS[infer.model_origin]}, ${infer.model_version.slice(0, 16)}` : "none");
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
    this.#figure?.show(shown.map((pose) => pose.joints_mm));
    this.#shown = shown.map((pose) => this.#names[pose.camera] ?? `camera ${pose.camera}`);
    this.#label();
    const label = this.#shown.length ? `3D pose of one person as seen by ${this.#shown.join(", ")}` : "3D pose: none";
    const canvas = document.getElementById("skeleton");
    if (canvas.getAttribute("aria-label") !== label) canvas.setAttribute("aria-label", label);
    document.getElementById("pose-key").hidden = shown.length === 0;
    this.#explain(shown.length);
  }

  #label() {
    const labels = document.getElementById("labels");
    const { columns, rows } = cells(this.#shown.length, labels.clientWidth, labels.clientHeight);
    labels.style.gridTemplate = `repeat(${rows}, 1fr) / repeat(${columns}, 1fr)`;
    const text = this.#shown.join("\n");
    if (labels.dataset.text === text) return;
    labels.dataset.text = text;
    labels.replaceChildren(...this.#shown.map((name) => Object.assign(document.createElement("span"), { textContent: name })));
  }

  /** Without poses it says why. */
  #explain(shown = this.#poses?.length ?? 0) {
    const veil = document.getElementById("no-pose");
    veil.hidden = shown > 0;
    const [title, detail] = this.#reason();
    const text = `${title}\n${detail}`;
    if (veil.dataset.text === text) return;
    veil.dataset.text = text;
    const strong = document.createElement("strong");
    strong.textContent = title;
    const rest = document.createElement("span");
    rest.append(...withCommands(detail));
    veil.replaceChildren(strong, rest);
  }

  /** A sentence, and what the inference process says itself. */
  #reason() {
    if (!this.#infer) return ["No poses yet", "the inference process has not spoken"];
    if (!this.#infer.model_version) return ["Poses need a pose model", this.#infer.state];
    if (this.#poses?.length) return ["No pose in this view now", ""];
    return ["No pose for the last 2 s", this.#infer.state];
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
