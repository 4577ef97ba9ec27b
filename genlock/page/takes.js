// The list of takes.
import { call } from "./call.js";
import { NONE, count, duration, number } from "./text.js";

/** Takes shown at first, and more with each press of the button. */
const STEP = 12;
const STATES = { complete: "complete", recording: "recording now", unfinished: "not closed", damaged: "damaged" };

export class TakeList {
  #rows = document.getElementById("takes");
  #answer = document.getElementById("takes-answer");
  #older = document.getElementById("older-takes");
  #replay;
  #shown = STEP;
  /** Summaries by name; those that may still change are asked for again. */
  #known = new Map();
  #mark = null;
  #busy = false;
  #again = false;

  /** `replay` is called with the summary of the take to replay. */
  constructor(replay) {
    this.#replay = replay;
    this.#older.addEventListener("click", () => {
      this.#shown += STEP;
      this.#load();
    });
  }

  /** Loads the list again when a take began, ended or was closed. */
  show({ recording, events }) {
    const told = events.filter(({ kind }) => kind.startsWith("recording-")).at(-1);
    const mark = JSON.stringify([recording?.path, told?.at_s]);
    if (mark === this.#mark) return;
    this.#mark = mark;
    this.#load();
  }

  async #load() {
    if (this.#busy) return void (this.#again = true);
    this.#busy = true;
    do {
      this.#again = false;
      await this.#read();
    } while (this.#again);
    this.#busy = false;
  }

  async #read() {
    const { ok, why, json } = await call("GET", "/api/takes");
    this.#answer.textContent = ok ? "" : `The takes cannot be listed: ${why}.`;
    this.#answer.classList.toggle("bad", !ok);
    if (!ok) return;
    const names = json.takes.slice(0, this.#shown);
    const older = json.takes.length + json.left_out - names.length;
    this.#older.hidden = names.length === json.takes.length;
    this.#older.textContent = `Older takes (${count(older)})`;
    document.getElementById("takes-folder").textContent = json.folder;
    document.getElementById("no-takes").hidden = names.length > 0;
    document.getElementById("takes-table").hidden = names.length === 0;
    this.#rows.replaceChildren(...names.map((name) => this.#row(name)));
    for (const name of names) {
      if (this.#again) return;
      if (this.#known.get(name)?.state === "complete") continue;
      const { ok, why, json } = await call("GET", `/api/takes/${encodeURIComponent(name)}`);
      this.#known.set(name, ok ? json : { name, state: "damaged", problem: why, contents: null });
      const row = [...this.#rows.children].find((row) => row.dataset.take === name);
      row?.replaceWith(this.#row(name));
    }
  }

  #row(name) {
    const take = this.#known.get(name);
    const contents = take?.contents;
    const row = document.createElement("tr");
    row.dataset.take = name;
    row.dataset.state = take?.state ?? "unread";
    const cell = (text, kind = "number") => {
      const cell = row.insertCell();
      cell.className = kind;
      cell.textContent = text;
      return cell;
    };
    cell(name, "name");
    cell(contents ? lengthOf(contents.length_s) : NONE);
    cell(contents ? count(contents.frames) : NONE);
    const lost = cell(contents ? count(contents.lost) : NONE);
    lost.classList.toggle("bad", contents?.lost > 0);
    lost.title = Object.entries(contents?.lost_by_reason ?? {}).map(([reason, frames]) => `${reason}: ${count(frames)}`).join(", ");
    cell(contents ? count(contents.bodies) : NONE);
    const state = cell(take ? STATES[take.state] : "reading…", "state");
    state.classList.toggle("bad", take?.state === "damaged");
    if (take?.problem) {
      const problem = document.createElement("span");
      problem.className = "problem";
      problem.textContent = take.problem;
      state.append(problem);
    }
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Replay" });
    button.setAttribute("aria-label", `Replay ${name}`);
    button.disabled = !contents?.bodies;
    button.title = button.disabled ? "There is no body to replay." : "Shows the bodies of this take in the room.";
    button.addEventListener("click", () => this.#replay(take));
    row.insertCell().append(button);
    return row;
  }
}

const lengthOf = (seconds) => (seconds < 60 ? `${number(seconds, 1)} s` : duration(seconds));
