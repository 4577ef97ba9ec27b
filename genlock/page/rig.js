// The state of the rig's geometry, and the controls for it.
import { ask } from "./ask.js";
import { count, number, put, withCommands } from "./text.js";

const SCALES = { stated: "stated", guess: "guess: state a height" };
const UPS = { found: "found", unknown: "unknown: camera 1 is taken to be level" };

export class RigPanel {
  #controls = document.getElementById("rig-controls");
  #rig = null;
  #asking = false;

  constructor() {
    const wishes = {
      "find-anew": () => "find-anew",
      freeze: () => ({ freeze: !this.#rig.frozen }),
      "floor-and-front": () => "floor-and-front",
    };
    for (const [id, wish] of Object.entries(wishes)) {
      document.getElementById(id).addEventListener("click", () => this.#ask(wish()));
    }
    document.getElementById("height-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask({ "height-mm": document.getElementById("height").valueAsNumber });
    });
    this.#enable();
  }

  /** `infer` as in the status, `geometry` as in `/api/geometry`. */
  show(infer, geometry) {
    this.#rig = infer?.rig ?? null;
    this.#sayWhatIsMissing(infer?.no_finder ?? null);
    const rig = this.#rig;
    document.getElementById("rig-facts").hidden = !rig;
    if (rig) {
      put("geometry", geometry && [geometry.id.slice(0, 8), rig.frozen && "frozen"].filter(Boolean).join(", "));
      put("found-from", foundFrom(rig, geometry));
      put("scale", geometry && SCALES[geometry.scale]);
      put("up", geometry && UPS[geometry.up]);
    }
    const freeze = document.getElementById("freeze");
    freeze.textContent = rig?.frozen ? "Unfreeze" : "Freeze";
    freeze.dataset.frozen = String(Boolean(rig?.frozen));
    this.#enable();
  }

  #enable() {
    this.#controls.disabled = !this.#rig || this.#asking;
  }

  async #ask(wish) {
    this.#asking = true;
    this.#enable();
    await ask("/api/rig", wish, document.getElementById("rig-answer"));
    this.#asking = false;
    this.#enable();
  }

  #sayWhatIsMissing(sentence) {
    const notice = document.getElementById("no-finder");
    notice.hidden = sentence === null;
    if (sentence === null || notice.dataset.text === sentence) return;
    notice.dataset.text = sentence;
    notice.replaceChildren(...withCommands(sentence));
  }
}

function foundFrom(rig, geometry) {
  if (!geometry) return `${count(rig.instants)} instants kept so far`;
  const after = rig.found_after_s === null ? "" : `, after ${number(rig.found_after_s)} s`;
  return `${count(geometry.instants)} instants${after}`;
}
