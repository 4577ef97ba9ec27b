// The learner's numbers and curves.
import { plot } from "./plot.js";
import { count, number, put } from "./text.js";

const TASKS = [["sync", "Sync"], ["flip", "Flip"]];
const CHANCE = 0.5;
/** A head's loss is the sum of two classes' means, which at chance are ln 2 each. */
const CHANCE_LOSS = 2 * Math.LN2;
/** Above this length, the thinned history is fetched from the server again. */
const MOST_POINTS = 3000;

export class Learning {
  #history = { loss: [], accuracy: [] };

  constructor() {
    const redraw = () => this.#draw();
    const charts = document.querySelector(".charts");
    new ResizeObserver(redraw).observe(charts);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  }

  /** The curves so far: the page may have been opened late, or reloaded. */
  async reload() {
    try {
      const response = await fetch("/api/history");
      if (!response.ok) return;
      this.#history = await response.json();
      this.#draw();
    } catch {
      // The connection was lost again; the next one retries.
    }
  }

  show(learner) {
    put("learner-state", learner?.state ?? "no report from the learner yet");
    put("steps", learner && count(learner.steps) + (learner.resumed_from_step ? `, resumed at ${count(learner.resumed_from_step)}` : "") + (learner.rolled_back ? `, went back ${learner.rolled_back} ×` : ""));
    put("images", learner && number(learner.images_per_s, 0));
    put("pairs", learner && number(learner.pairs_per_s, 0));
    put("precision", learner && [learner.precision, learner.device].filter(Boolean).join(", "));
    put("moments", learner && `${count(learner.moments_held)} / ${count(learner.moments_held_out)}`);
    put("left-out", learner && `${count(learner.moments_still)} / ${count(learner.moments_unusable)}`);
    document.getElementById("moments").title = learner?.buffer_problem ?? "";
    put("missed", learner && `${count(learner.moments_missed)} of ${count(learner.moments_received + learner.moments_missed)}`);
    put("encoder", learner?.encoder_version?.slice(0, 12));
    put("checkpoint", learner?.checkpoint?.split("/").pop());
    document.getElementById("checkpoint").title = learner?.checkpoint ?? "";
    if (learner) this.#record(learner);
  }

  #record(learner) {
    const { loss, accuracy } = this.#history;
    let changed = false;
    if (learner.loss_last !== null) {
      const point = { step: learner.steps, loss: learner.loss_last, sync: learner.loss_sync, flip: learner.loss_flip };
      changed = append(loss, point) || changed;
    }
    if (learner.evaluated_at_step !== null) {
      const point = {
        step: learner.evaluated_at_step,
        sync: learner.sync_accuracy,
        flip: learner.flip_accuracy,
        held_out_sync: learner.held_out_sync_accuracy,
        held_out_flip: learner.held_out_flip_accuracy,
      };
      changed = append(accuracy, point) || changed;
    }
    if (loss.length > MOST_POINTS) this.reload();
    else if (changed) this.#draw();
  }

  #draw() {
    const { loss, accuracy } = this.#history;
    const curve = (points, value, color, dashed) => ({
      color,
      dashed,
      points: points.filter((point) => point[value] !== null).map((point) => [point.step, point[value]]),
    });
    for (const [id, title] of TASKS) {
      plot(document.getElementById(`loss-${id}`), `${title} loss`, {
        low: 0,
        high: null,
        line: CHANCE_LOSS,
        curves: [curve(loss, id, "--trained", false)],
      });
      plot(document.getElementById(`accuracy-${id}`), `${title} accuracy`, {
        low: 0.4,
        high: 1,
        line: CHANCE,
        curves: [
          { name: "trained", ...curve(accuracy, id, "--trained", false) },
          { name: "held out", ...curve(accuracy, `held_out_${id}`, "--held-out", true) },
        ],
      });
    }
  }
}

/** Steps that are repeated after a restart from a checkpoint replace the old ones. Returns false if nothing is new. */
function append(points, point) {
  const last = points.at(-1);
  if (last?.step === point.step) return false;
  while (points.length && points.at(-1).step >= point.step) points.pop();
  points.push(point);
  return true;
}
