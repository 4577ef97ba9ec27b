// The rig's own network: how its refitting goes, and how it compares with the finder of joints.
import { count, number, put } from "./text.js";

const SERVING = { "finder": "the finder of joints", "own-network": "the rig's own network" };

const INTERPOLATION = {
  "source-position": ". Held-back instants lie between others of the same footage, so figures on them are interpolation.",
};

export class OwnNetwork {
  #section = document.getElementById("own-network");

  /** `learner` and `infer` as in the status. Hidden where the session makes no such network. */
  show(learner, infer) {
    const own = infer?.own_network ?? null;
    const refit = learner?.refit ?? null;
    this.#section.hidden = !own && !refit;
    if (this.#section.hidden) return;
    const pair = (a, b, unit) => (own ? `${number(a, 0)} / ${number(b, 0)} ${unit}` : null);
    put("own-state", [refit?.state, own?.version && own.state].filter(Boolean).join("; "));
    put("own-serving", own && SERVING[own.serving]);
    put("own-differs", pair(own?.own_mm, own?.finder_mm, "mm"));
    put("own-cost", pair(own?.own_cpu_ms, own?.finder_cpu_ms, "ms"));
    put("own-instants", own && count(own.instants));
    put("own-pictures", refit && `${count(refit.pictures)} from ${number(refit.label_minutes, 1)} min`);
    put("own-steps", refit && `${count(refit.steps)}, ${number(100 * refit.share, 0)} % of the learner's time`);
    put("own-version", own?.version?.slice(0, 12));
    put("own-lineage", own?.lineage && own.lineage + (INTERPOLATION[own.held_out_by] ?? ""));
  }
}
