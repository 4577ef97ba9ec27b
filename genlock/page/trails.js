// The paths of hands and feet over the last moments.

/** Radius of a trail at its newest end; it tapers. */
export const RADIUS_MM = 16;
export const OPACITY = 0.55;
/** How far back a trail goes. */
const LENGTH_S = 2;
/** A longer time without a body breaks the trails. */
const BREAK_S = 0.5;
/** Left and right wrist, right and left ankle, of Human3.6M's joints. */
const LIMBS = [
  { joint: 13, color: "--left" },
  { joint: 16, color: "--right" },
  { joint: 3, color: "--right" },
  { joint: 6, color: "--left" },
];

export class Trails {
  /** `{at, points, unseen}`, the oldest first. */
  #moments = [];

  clear() {
    this.#moments = [];
  }

  /** A body's `points` and `unseen` at a time in seconds. Earlier times than the last begin anew. */
  add(at, points, unseen) {
    const last = this.#moments.at(-1);
    if (last && (at <= last.at || at - last.at > BREAK_S)) this.clear();
    this.#moments.push({ at, points, unseen });
    while (this.#moments[0].at < at - LENGTH_S) this.#moments.shift();
  }

  /** For each limb its `color`, and pieces `{from, to, age}`, `age` from 0, now, to 1, gone. What no camera confirms is
   * left out. */
  lines() {
    const now = this.#moments.at(-1)?.at;
    return LIMBS.map(({ joint, color }) => {
      const pieces = [];
      for (let index = 1; index < this.#moments.length; index++) {
        const [before, after] = [this.#moments[index - 1], this.#moments[index]];
        if (before.unseen[joint] || after.unseen[joint]) continue;
        pieces.push({ from: before.points[joint], to: after.points[joint], age: (now - after.at) / LENGTH_S });
      }
      return { color, pieces };
    });
  }
}
