// The list of events of cameras, trigger and processes.
import { duration } from "./text.js";

/** Kinds of events that report a fault; the others report a recovery or an expected end. */
const OF_LOSS = new Set([
  "camera-lost",
  "camera-slipped",
  "trigger-started",
  "trigger-failed",
  "trigger-stopped",
  "part-died",
  "process-died",
  "camera-moved",
  "camera-left-out",
  "camera-out-of-sync",
  "camera-slipped",
  "camera-lens",
  "camera-rolling-shutter",
  "geometry-doubted",
  "geometry-refused",
  "solver-died",
  "recording-failed",
  "pose-receiver-lost",
  "own-network-refused",
]);

export class Events {
  #list;
  #none;
  #shown = "";

  constructor(list, none) {
    this.#list = list;
    this.#none = none;
  }

  /** `events` as in the status, the newest last; the list shows it first. */
  show(events) {
    const now = JSON.stringify(events);
    if (now === this.#shown) return;
    this.#shown = now;
    this.#none.hidden = events.length > 0;
    this.#list.replaceChildren(...events.toReversed().map(row));
  }
}

function row({ at_s, kind, text }) {
  const element = document.createElement("li");
  element.dataset.kind = kind;
  element.classList.toggle("bad", OF_LOSS.has(kind));
  const time = document.createElement("span");
  time.className = "number quiet";
  time.textContent = duration(at_s);
  const said = document.createElement("span");
  said.textContent = text;
  element.append(time, said);
  return element;
}
