// The panel of 3D poses. It shows only what the models sent.
import { points, shadows, unseen } from "./body.js";
import { cells } from "./bones.js";
import { hasCard } from "./card.js";
import { ALL, Choice, ROOM } from "./choice.js";
import { Flat } from "./flat.js";
import { Geometry } from "./geometry.js";
import { Labels } from "./labels.js";
import { Plan } from "./plan.js";
import { RigPanel } from "./rig.js";
import { Trails } from "./trails.js";
import { count, milliseconds, number, put, range, withCommands } from "./text.js";

const STALE_AFTER_MS = 2000;
/** How long the last body stays visible when bodies are missing. */
const BODY_HELD_MS = 400;
const ORIGINS = { shipped: "shipped with genlock", own: "your own" };

export class PosePanel {
  #canvas = document.getElementById("skeleton");
  #labels = new Labels(document.getElementById("labels"));
  #choice = new Choice(document.getElementById("views"), () => this.#render());
  #rig = new RigPanel();
  #geometry = new Geometry(() => this.#replan());
  #plan = new Plan(null);
  #names = [];
  #infer = null;
  #poses = null;
  #body = null;
  #bodyAt = -Infinity;
  /** Names of the views drawn, if single views are shown. */
  #shown = [];
  /** What was drawn last. */
  #last = [];
  #deadline;
  #figure = null;
  #trails = new Trails();
  #trailsShown = false;
  /** Id of the geometry of the live trails. */
  #trailed = null;
  /** The room, body and trails of a take that is replayed; null while live. */
  #replayed = null;

  constructor() {
    const trails = document.getElementById("trails");
    trails.addEventListener("click", () => {
      this.#trailsShown = !this.#trailsShown;
      trails.setAttribute("aria-pressed", String(this.#trailsShown));
      this.#last = [];
      this.#render();
    });
    this.#open();
    new ResizeObserver(() => this.#label()).observe(document.getElementById("labels"));
  }

  async #open() {
    const drawn = (room, view) => this.#drawn(room, view);
    const context = hasCard() && this.#canvas.getContext("webgl2", { antialias: true, alpha: true });
    if (context) {
      const { Scene } = await import("./scene.js");
      this.#figure = new Scene(this.#canvas, context, drawn);
    } else {
      this.#figure = new Flat(this.#canvas, drawn);
      put("pose-note", "no graphics card: drawn without WebGL");
    }
    this.#last = [];
    this.#render();
  }

  showStatus(infer, names) {
    this.#infer = infer;
    this.#names = names;
    const rig = infer?.rig ?? null;
    const origin = ORIGINS[infer?.model_origin];
    put("model-label", rig ? "joints found by" : "pose model");
    const version = infer?.model_version;
    put("model", version && origin ? `${origin}, ${version.slice(0, 16)}` : (version ?? "none"));
    put("pose-rate-label", rig?.geometry_id ? "bodies" : "moments with poses");
    put("pose-rate", version && `${number(infer.fps, 1)} per second`);
    put("pose-latency", infer && range(infer.latency_ms_p50, infer.latency_ms_p99, milliseconds));
    put("pose-precision", infer?.precision);
    this.#geometry.named(rig?.geometry_id ?? null);
    this.#rig.show(infer, this.#geometry.now);
    this.#choice.offer(names, rig !== null);
    this.#render();
  }

  showPoses(message) {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      this.#poses = this.#body = null;
      this.#render();
    }, STALE_AFTER_MS);
    this.#poses = message.poses;
    if (message.body) {
      [this.#body, this.#bodyAt] = [message.body, performance.now()];
      if (this.#trailed !== message.body.geometry_id) this.#trails.clear();
      this.#trailed = message.body.geometry_id;
      this.#trails.add(message.exposure_ns / 1e9, points(message.body), unseen(message.body));
      this.#geometry.named(message.body.geometry_id);
      this.#plan.reach(message.body.joints_mm[0]);
    } else if (message.not_known || performance.now() - this.#bodyAt > BODY_HELD_MS) {
      this.#body = null;
    }
    this.#render();
  }

  /** Shows recorded bodies from now on, in the room of `geometry`, which may be null. */
  replay(geometry) {
    this.#replayed = { plan: new Plan(geometry), recorded: null, trails: new Trails() };
    document.getElementById("views").inert = true;
    this.#render();
  }

  /** Shows a recorded body, or none. `trail` are the bodies since the last call. */
  replayBody(recorded, trail) {
    const { plan, trails } = this.#replayed;
    for (const { at_s, body } of trail) trails.add(at_s, points(body), unseen(body));
    if (!recorded) trails.clear();
    else plan.reach(recorded.body.joints_mm[0]);
    this.#replayed.recorded = recorded;
    this.#render();
  }

  /** Shows the live body again. */
  live() {
    this.#replayed = null;
    document.getElementById("views").inert = false;
    this.#last = [];
    this.#render();
  }

  /** Lays out the room for a new geometry. */
  #replan() {
    this.#plan = new Plan(this.#geometry.now);
    if (this.#body) this.#plan.reach(this.#body.joints_mm[0]);
    this.#rig.show(this.#infer, this.#geometry.now);
    this.#render();
  }

  #render() {
    this.#choice.found = this.#geometry.now !== null || this.#body !== null;
    if (this.#replayed) this.#renderReplay();
    else if (this.#choice.now === ROOM) this.#renderRoom();
    else this.#renderViews();
  }

  #renderRoom() {
    const body = this.#body;
    const found = this.#geometry.now !== null;
    const colors = this.#plan.cameras.map(({ name }) => this.#colorOf(name));
    if (this.#isNew(ROOM, body, this.#plan, this.#plan.floor, colors.join())) {
      // Show nothing until the room is found.
      if (found || body) this.#showRoom(this.#plan, body, this.#trails, colors);
      else this.#figure?.showViews([]);
    }
    const seen = (body?.cameras ?? []).map((index) => this.#nameOf(index));
    const room = `the room with ${count(this.#plan.cameras.length)} cameras`;
    this.#describe(body ? `3D body of one person in ${room}, seen by ${seen.join(", ") || "none now"}` : `3D body: none in ${room}`);
    document.getElementById("pose-key").hidden = body === null;
    document.getElementById("pale-key").hidden = false;
    this.#explain(body === null, found);
  }

  #renderReplay() {
    const { plan, recorded, trails } = this.#replayed;
    const body = recorded?.body ?? null;
    // A geometry that was found anew during the take has another world.
    const fits = body === null || plan.id === null || body.geometry_id === plan.id;
    const colors = plan.cameras.map(() => "--quiet");
    if (this.#isNew("replay", recorded, plan, plan.floor)) this.#showRoom(plan, body, trails, colors);
    this.#describe(body ? "Replay, not live: 3D body of one person" : "Replay, not live: no body at this time");
    document.getElementById("pose-key").hidden = body === null;
    document.getElementById("pale-key").hidden = false;
    const note = fits ? "" : "This body was placed in an earlier geometry than the cameras shown.";
    this.#veil(body === null || !fits, true, body === null ? "No body at this time of the take" : "Another geometry", note);
    document.getElementById("rig-state").hidden = true;
  }

  #showRoom(plan, body, trails, colors) {
    const places = body && points(body);
    const drawn = body && { points: places, unseen: unseen(body), shadows: shadows(places) };
    const lines = this.#trailsShown && body ? trails.lines() : [];
    this.#figure?.showRoom({ plan, body: drawn, person: body?.joints_mm[0], colors, lines });
  }

  #renderViews() {
    const view = this.#choice.now;
    const shown = (this.#poses ?? []).filter((pose) => view === ALL || pose.camera === view);
    shown.sort((a, b) => a.camera - b.camera || a.person - b.person);
    if (this.#isNew(view, shown.length ? this.#poses : null)) this.#figure?.showViews(shown.map((pose) => pose.joints_mm));
    this.#shown = shown.map((pose) => this.#nameOf(pose.camera));
    this.#label();
    this.#describe(shown.length ? `3D pose of one person as seen by ${this.#shown.join(", ")}` : "3D pose: none");
    document.getElementById("pose-key").hidden = shown.length === 0;
    document.getElementById("pale-key").hidden = true;
    this.#explain(shown.length === 0, false);
  }

  /** Whether the content differs from what was drawn last. */
  #isNew(...drawn) {
    const last = this.#last;
    this.#last = drawn;
    return drawn.length !== last.length || drawn.some((part, index) => part !== last[index]);
  }

  /** The colour of a camera in the room. */
  #colorOf(name) {
    const index = this.#names.indexOf(name);
    if (this.#infer?.rig?.cameras[index]?.problem) return "--bad";
    return this.#body?.cameras.includes(index) ? "--ink" : "--quiet";
  }

  #nameOf(camera) {
    return this.#names[camera] ?? `camera ${camera}`;
  }

  /** Updates labels and data attributes to what the canvas shows now. */
  #drawn(room, view) {
    if (room) this.#labels.inRoom(room, view);
    this.#canvas.dataset.geometry = room?.plan.id ?? "";
    this.#canvas.dataset.body = String(room?.body ? 1 : 0);
    this.#canvas.dataset.trails = String(room?.lines.reduce((sum, { pieces }) => sum + pieces.length, 0) ?? 0);
  }

  #describe(label) {
    if (this.#canvas.getAttribute("aria-label") !== label) this.#canvas.setAttribute("aria-label", label);
  }

  #label() {
    if (this.#choice.now === ROOM || this.#replayed) return;
    const { clientWidth, clientHeight } = document.getElementById("labels");
    this.#labels.inCells(this.#shown, cells(this.#shown.length, clientWidth, clientHeight));
  }

  /** Says why something is missing: in the middle of an empty canvas, or at the edge of a room. */
  #explain(missing, atRim) {
    const [title, detail] = this.#reason();
    const state = this.#infer?.rig?.state;
    put("rig-state", state);
    // Do not show the same text twice.
    document.getElementById("rig-state").hidden = !state || (missing && detail === state);
    this.#veil(missing, atRim, title, detail);
  }

  /** Text over the canvas. */
  #veil(shown, atRim, title, detail) {
    const veil = document.getElementById("no-pose");
    veil.hidden = !shown;
    veil.classList.toggle("rim", atRim);
    const text = `${title}\n${detail}`;
    if (veil.dataset.text === text) return;
    veil.dataset.text = text;
    const strong = document.createElement("strong");
    strong.textContent = title;
    const rest = document.createElement("span");
    rest.append(...withCommands(detail));
    veil.replaceChildren(strong, rest);
  }

  /** A sentence, and the state as the inference process reports it. */
  #reason() {
    if (!this.#infer) return ["No poses yet", "no report from the inference process yet"];
    const { rig, model_version, state } = this.#infer;
    const awaited = this.#choice.now === ROOM || !this.#poses?.length;
    if (rig && awaited) return [this.#geometry.now ? "No body now" : "No body yet", rig.state];
    if (!model_version) return ["Poses need a pose model", state];
    if (this.#poses?.length) return ["No pose in this view now", ""];
    return ["No pose for the last 2 s", state];
  }
}
