// Connects the streams of the server to the parts of the page.
import { admitted, checkAgain } from "./access.js";
import { ask } from "./ask.js";
import { Cameras } from "./cameras.js";
import { Events } from "./events.js";
import { Learning } from "./learning.js";
import { OwnNetwork } from "./own.js";
import { PosePanel } from "./pose.js";
import { RecordingPanel } from "./recording.js";
import { Replay } from "./replay.js";
import { stream } from "./stream.js";
import { TakeList } from "./takes.js";
import { count, duration, milliseconds, put, range } from "./text.js";

const STALE_AFTER_MS = 2000;

const cameras = new Cameras(document.getElementById("cameras"));
const events = new Events(document.getElementById("events"), document.getElementById("no-events"));
const learning = new Learning();
const ownNetwork = new OwnNetwork();
const poses = new PosePanel();
const recording = new RecordingPanel();
const replay = new Replay(poses);
const takes = new TakeList((take) => replay.open(take));

// Every message postpones the deadline after which the connection counts as stale.
let deadline;
function alive() {
  clearTimeout(deadline);
  deadline = setTimeout(() => link("stale", "stale: nothing heard for 2 s"), STALE_AFTER_MS);
  link("live", "live");
}

function link(state, text) {
  document.body.classList.toggle("stale", state === "stale");
  const pill = document.getElementById("link");
  pill.className = `pill ${state}`;
  if (pill.textContent !== text) pill.textContent = text;
}

function show(status) {
  put("rate", status.rate_hz > 0 ? `${Number(status.rate_hz.toFixed(2))} Hz` : "–");
  put("elapsed", duration(status.elapsed_s));
  put("sets", count(status.sets.complete));
  put("incomplete", count(status.sets.incomplete));
  put("set-latency", range(status.sets.latency_ms_p50, status.sets.latency_ms_p99, milliseconds));
  const message = document.getElementById("message");
  message.hidden = !status.message;
  if (message.textContent !== (status.message ?? "")) message.textContent = status.message ?? "";
  cameras.show(status.cameras, status.infer?.rig);
  events.show(status.events);
  learning.show(status.learner);
  ownNetwork.show(status.learner, status.infer);
  poses.showStatus(status.infer, status.cameras.map((camera) => camera.name));
  recording.show(status.recording);
  takes.show(status);
}

await admitted();
stream("/live", {
  open: () => learning.reload(),
  message: (text) => {
    alive();
    show(JSON.parse(text));
  },
  closed: () => {
    clearTimeout(deadline);
    link("stale", "connection lost, retrying");
    checkAgain();
  },
});
stream("/preview", { binary: true, message: (buffer) => cameras.preview(buffer) });
stream("/poses", {
  message: (text) => {
    const message = JSON.parse(text);
    poses.showPoses(message);
    cameras.poses(message);
  },
});

const button = document.getElementById("background");
button.addEventListener("click", async () => {
  button.disabled = true;
  await ask("/api/background", undefined, document.getElementById("background-answer"));
  button.disabled = false;
});
