// Previews with the joints found in them, and the numbers under each.
import { Moments } from "./moments.js";
import { drawJoints } from "./overlay.js";
import { count, milliseconds, number, signed } from "./text.js";

const HEADER_BYTES = 20;
const VERSION = 1;

/** The state of a camera as text. */
function stateOf({ state, problem, scene }) {
  if (state === "streaming" && scene) return `not used: ${scene.what}; ${scene.remedy}`;
  return problem ? [`${state}: ${problem.what}`, problem.remedy].filter(Boolean).join("; ") : state;
}

/** The numbers under each picture: name, label, tooltip. */
const NUMBERS = [
  ["fps", "frames/s", ""],
  ["interval", "interval", "between exposures: the mean, and how far they are from it on average"],
  ["lost", "lost", ""],
  ["latency", "latency", "from the start of exposure to the router"],
  ["slips", "slips", "how often the camera's counter and its timestamps disagreed on the trigger"],
  ["temperature", "temperature", ""],
  ["residual", "residual", "median distance between the joints in its pictures and the body"],
  ["offset", "offset", "by how many frames its pictures lag behind the first camera's, beyond what their timestamps say"],
];

export class Cameras {
  #list;
  #cards = [];
  /** Per camera: the newest picture not yet drawn. */
  #waiting = new Map();
  #decoding = new Set();
  #moments = new Moments();

  constructor(list) {
    this.#list = list;
  }

  /** `rig`: state of the geometry, if a finder of joints is running. */
  show(cameras, rig = null) {
    cameras.forEach((camera, index) => {
      const card = this.#card(index);
      const lost = Object.entries(camera.lost);
      const total = lost.reduce((sum, [, frames]) => sum + frames, 0);
      card.set("name", camera.name);
      card.set("state", stateOf(camera));
      card.parts.state.classList.toggle("bad", camera.state !== "streaming" || Boolean(camera.scene));
      card.set("fps", number(camera.fps, 1));
      card.set("lost", total === 0 ? "0" : `${count(total)} of ${count(camera.produced)}`);
      card.parts.lost.classList.toggle("bad", total > 0);
      card.parts.lost.title = lost.map(([reason, frames]) => `${reason}: ${frames}`).join(", ");
      card.set("latency", milliseconds(camera.latency_ms));
      const spread = milliseconds(camera.interval_spread_ms);
      card.show("interval", camera.interval_ms > 0 && `${number(camera.interval_ms, 1)} ± ${spread}`);
      card.show("slips", camera.slips > 0 && count(camera.slips));
      card.show("temperature", camera.temperature_c !== null && `${number(camera.temperature_c, 1)} °C`);
      card.parts.canvas.setAttribute("aria-label", `Preview of ${camera.name}`);
      card.place(rig?.cameras[index], Boolean(rig?.geometry_id));
    });
  }

  preview(buffer) {
    const view = new DataView(buffer);
    if (view.getUint8(0) !== VERSION) return;
    const camera = view.getUint8(1);
    this.#waiting.set(camera, {
      frameWidth: view.getUint16(2, true),
      sequence: view.getBigUint64(4, true),
      exposureNs: Number(view.getBigInt64(12, true)),
      jpeg: new Blob([new Uint8Array(buffer, HEADER_BYTES)], { type: "image/jpeg" }),
    });
    if (!this.#decoding.has(camera)) this.#draw(camera);
  }

  poses(message) {
    this.#moments.add(message);
  }

  /** Decodes and draws the newest picture of a camera with its poses. Older pictures are skipped. */
  async #draw(camera) {
    this.#decoding.add(camera);
    for (let next = this.#waiting.get(camera); next; next = this.#waiting.get(camera)) {
      this.#waiting.delete(camera);
      try {
        const [picture, poses] = await Promise.all([createImageBitmap(next.jpeg), this.#moments.near(next.exposureNs)]);
        this.#paint(this.#card(camera), picture, next, poses.filter((pose) => pose.camera === camera));
      } catch {
        this.#card(camera).veil("this picture cannot be decoded");
      }
    }
    this.#decoding.delete(camera);
  }

  #paint(card, picture, { sequence, frameWidth }, poses) {
    const { canvas } = card.parts;
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
      const cards = this.#cards.map(({ parts }) => parts.canvas);
      this.#list.classList.toggle("portrait", cards.every(({ width, height }) => height > width));
    }
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    for (const pose of poses) drawJoints(context, pose, picture.width / frameWidth);
    picture.close();
    canvas.dataset.sequence = String(sequence);
    canvas.dataset.people = String(poses.filter((pose) => pose.joints_2d_px).length);
    card.veil(null);
  }

  #card(index) {
    while (this.#cards.length <= index) {
      const card = new Card(this.#cards.length);
      this.#cards.push(card);
      this.#list.append(card.element);
    }
    return this.#cards[index];
  }
}

class Card {
  element = document.createElement("li");
  parts = {};

  constructor(index) {
    this.element.dataset.camera = String(index);
    const frame = this.#add(this.element, "div", "frame");
    this.parts.canvas = this.#add(frame, "canvas");
    // The aspect ratio is unknown until the first picture.
    this.parts.canvas.width = this.parts.canvas.height = 1;
    this.parts.canvas.setAttribute("role", "img");
    this.parts.veil = this.#add(frame, "span", "veil");
    this.parts.veil.textContent = "no picture yet";
    const head = this.#add(this.element, "div", "camera-head");
    this.parts.name = this.#add(head, "strong");
    this.parts.state = this.#add(head, "span", "quiet");
    const numbers = this.#add(this.element, "dl", "numbers");
    for (const [part, label, title] of NUMBERS) {
      this.#add(numbers, "dt").textContent = label;
      this.parts[part] = this.#add(numbers, "dd", part);
      this.parts[part].title = title;
    }
    this.parts.slips.classList.add("bad");
    this.parts.place = this.#add(this.element, "p", "place");
    this.place(undefined, false);
  }

  set(part, text) {
    if (this.parts[part].textContent !== text) this.parts[part].textContent = text;
  }

  /** A number that only some cameras have, with its label. */
  show(part, text) {
    const shown = this.parts[part];
    shown.hidden = shown.previousSibling.hidden = !text;
    if (text) this.set(part, text);
  }

  /** State of the camera's position in the room; `found`: whether any camera's position is known. */
  place(camera, found) {
    const known = (value) => value !== null && value !== undefined;
    this.show("residual", known(camera?.residual_px) && `${number(camera.residual_px, 1)} px`);
    const spread = known(camera?.offset_uncertainty_frames) ? ` ± ${number(camera.offset_uncertainty_frames, 2)}` : "";
    this.show("offset", known(camera?.offset_frames) && `${signed(camera.offset_frames, 2)}${spread} frames`);
    const { place } = this.parts;
    const said = camera?.problem ?? (camera && found && !camera.placed ? "not placed yet" : "");
    place.hidden = !said;
    place.classList.toggle("bad", Boolean(camera?.problem));
    this.set("place", said);
  }

  veil(text) {
    this.parts.veil.hidden = text === null;
    if (text !== null) this.parts.veil.textContent = text;
  }

  #add(parent, tag, className = "") {
    const element = document.createElement(tag);
    element.className = className;
    parent.append(element);
    return element;
  }
}
