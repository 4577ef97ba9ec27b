// The record button, and what is being recorded.
import { call } from "./call.js";
import { bytes, count, duration, put } from "./text.js";

export class RecordingPanel {
  #button = document.getElementById("record");
  #answer = document.getElementById("record-answer");
  #recording = null;
  #asking = false;

  constructor() {
    this.#button.addEventListener("click", () => this.#ask());
  }

  /** `recording` as in the status; null while nothing is recorded. */
  show(recording) {
    this.#recording = recording;
    const runs = recording?.state === "recording";
    put("recording-state", runs ? `recording for ${duration(recording.for_s)}` : (recording?.state ?? "not recording"));
    document.getElementById("recording-state").classList.toggle("bad", Boolean(recording) && !runs);
    put("take", recording?.path);
    put("recorded-frames", recording && count(recording.frames));
    put("recorded-lost", recording && count(recording.lost));
    document.getElementById("recorded-lost").classList.toggle("bad", recording?.lost > 0);
    const budget = recording?.budget_bytes;
    put("recorded-bytes", recording && bytes(recording.bytes) + (budget ? ` of at most ${bytes(budget)}` : ""));
    const bar = document.getElementById("budget");
    bar.hidden = !budget;
    if (budget) bar.value = Math.min(1, recording.bytes / budget);
    this.#label();
  }

  /** A take that ended by itself makes room for the next one. */
  get #runs() {
    return this.#recording?.state === "recording";
  }

  #label() {
    this.#button.disabled = this.#asking;
    this.#button.dataset.recording = String(this.#runs);
    const text = this.#runs ? "Stop recording" : "Record";
    if (this.#button.textContent !== text) this.#button.textContent = text;
  }

  async #ask() {
    const wish = this.#runs ? "end" : "begin";
    this.#asking = true;
    this.#label();
    const { ok, why, json } = await call("POST", `/api/recording/${wish}`);
    this.#asking = false;
    const done = { begin: "Recording into", end: "Recorded" }[wish];
    const failed = { begin: "Not recording", end: "Not stopped" }[wish];
    this.#answer.textContent = ok ? `${done} ${json.take}.` : `${failed}: ${why}.`;
    this.#answer.classList.toggle("bad", !ok);
    this.#label();
  }
}
