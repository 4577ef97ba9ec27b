// Replays the bodies of a take in the room.
import { call } from "./call.js";
import { duration, number } from "./text.js";

/** Seconds of bodies that are loaded at once, and how many such windows are kept. */
const WINDOW_S = 10;
const WINDOWS = 6;
/** How long a body stays visible when the next one is missing. */
const HELD_S = 0.4;
/** Trails reach back this far, also after seeking. */
const BEHIND_S = 2;

export class Replay {
  #panel;
  #bar = document.getElementById("replay");
  #play = document.getElementById("replay-play");
  #slider = document.getElementById("replay-at");
  #answer = document.getElementById("replay-answer");
  #take = null;
  #at = 0;
  #playing = false;
  #drawnAt = null;
  #last = null;
  /** Bodies by the number of their window; a promise while it is loading. */
  #windows = new Map();

  /** `panel` shows bodies: `replay(geometry)`, `replayBody(recorded, trail)` and `live()`. */
  constructor(panel) {
    this.#panel = panel;
    this.#play.addEventListener("click", () => this.#toggle());
    this.#slider.addEventListener("input", () => this.#seek(this.#slider.valueAsNumber));
    document.getElementById("replay-end").addEventListener("click", () => this.#end());
  }

  /** Begins to play a take, as in its summary. */
  async open(take) {
    const name = encodeURIComponent(take.name);
    const { json: geometry } = await call("GET", `/api/takes/${name}/geometry`);
    this.#take = { name: take.name, path: `/api/takes/${name}/bodies`, length: take.contents.length_s };
    this.#windows.clear();
    this.#slider.max = this.#take.length;
    document.getElementById("replay-name").textContent = take.name;
    this.#bar.hidden = document.getElementById("replay-badge").hidden = false;
    document.body.classList.add("replaying");
    this.#answer.textContent = geometry ? "" : "The take has no geometry, so its cameras are not shown.";
    this.#panel.replay(geometry);
    this.#seek(0);
    this.#run(true);
    document.getElementById("pose-title").scrollIntoView({ block: "nearest" });
  }

  #end() {
    this.#run(false);
    this.#take = null;
    this.#bar.hidden = document.getElementById("replay-badge").hidden = true;
    document.body.classList.remove("replaying");
    this.#panel.live();
  }

  #toggle() {
    if (!this.#playing && this.#at >= this.#take.length) this.#seek(0);
    this.#run(!this.#playing);
  }

  #run(playing) {
    const starts = playing && !this.#playing;
    this.#playing = playing;
    this.#play.textContent = playing ? "Pause" : "Play";
    this.#last = null;
    if (starts) requestAnimationFrame((now) => this.#tick(now));
  }

  #seek(at) {
    this.#at = at;
    this.#drawnAt = null;
    this.#show();
  }

  #tick(now) {
    if (!this.#playing || !this.#take) return;
    const passed = this.#last === null ? 0 : (now - this.#last) / 1000;
    this.#last = now;
    // Time stands still while bodies are loading, and while the page was hidden.
    if (this.#loaded(this.#at) && passed < 1) this.#at = Math.min(this.#take.length, this.#at + passed);
    this.#show();
    if (this.#at >= this.#take.length) return this.#run(false);
    requestAnimationFrame((now) => this.#tick(now));
  }

  /** Shows the body of the present time, and loads what comes next. */
  #show() {
    const at = this.#at;
    if (document.activeElement !== this.#slider || this.#playing) this.#slider.value = at;
    document.getElementById("replay-time").textContent = `${timeOf(at)} of ${timeOf(this.#take.length)}`;
    this.#slider.setAttribute("aria-valuetext", `${number(at, 1)} seconds`);
    const here = this.#loaded(at);
    this.#load(at + WINDOW_S);
    if (!here) return;
    const from = Math.max(0, this.#drawnAt ?? at - BEHIND_S);
    this.#drawnAt = at;
    const [before, now] = [this.#loaded(from) ?? [], here];
    const all = before === now ? now : [...before, ...now];
    const passed = all.filter(({ at_s }) => at_s > from && at_s <= at);
    const newest = now.findLast(({ at_s }) => at_s <= at) ?? before.findLast(({ at_s }) => at_s <= at);
    this.#panel.replayBody(newest && at - newest.at_s <= HELD_S ? newest : null, passed);
  }

  /** The bodies of the window around a time; null while they are not there. */
  #loaded(at) {
    const window = this.#windows.get(Math.floor(at / WINDOW_S));
    if (Array.isArray(window)) return window;
    if (!window) this.#load(at);
    return null;
  }

  async #load(at) {
    const number = Math.floor(at / WINDOW_S);
    if (this.#windows.has(number) || number * WINDOW_S > this.#take.length) return;
    const take = this.#take;
    this.#windows.set(number, "loading");
    while (this.#windows.size > WINDOWS) this.#windows.delete(this.#windows.keys().next().value);
    const loaded = [];
    let from = number * WINDOW_S;
    const until = from + WINDOW_S;
    while (from < until) {
      const { ok, why, json } = await call("GET", `${take.path}?from_s=${from}&seconds=${until - from}`);
      if (this.#take !== take) return;
      if (!ok) {
        this.#answer.textContent = `The bodies cannot be read: ${why}.`;
        this.#windows.delete(number);
        return this.#run(false);
      }
      loaded.push(...json.bodies);
      from = json.until_s;
    }
    this.#windows.set(number, loaded);
    if (!this.#playing) this.#show();
  }
}

const timeOf = (seconds) => `${duration(seconds)}.${Math.floor((seconds % 1) * 10)}`;
