// The shapes of a body in the room: its 17 joints, the landmarks of head and feet, and the middle of the head.
import { PARENTS, colorOf } from "./bones.js";

const JOINTS = PARENTS.length;
/** Indices of the landmarks, after those of the joints. */
const LANDMARKS = 7;
const [NOSE, LEFT_EAR, RIGHT_EAR, LEFT_HEEL, RIGHT_HEEL, LEFT_TOE, RIGHT_TOE] = [0, 1, 2, 3, 4, 5, 6].map((mark) => JOINTS + mark);
const HEAD = JOINTS + LANDMARKS;
const [RIGHT_ANKLE, LEFT_ANKLE, THORAX] = [3, 6, 8];
/** The head in the pose of a single view; a body has landmarks instead. */
const OF_HEAD = new Set([9, 10]);
const THICK = new Set([0, 1, 2, 4, 5, 7, 8]);

const thickness = (joint) => (THICK.has(joint) ? 38 : 30);
const below = PARENTS.map((_, joint) => joint).filter((joint) => !OF_HEAD.has(joint));
const foot = (ankle, heel, toe, color) =>
  [[ankle, heel], [heel, toe], [ankle, toe]].map(([from, to]) => ({ from, to, radius: 20, color }));

/** `from`, `to` and `at` are indices into the result of `points`; radii in millimetres. */
export const BODY = {
  rods: [
    ...below.filter((joint) => PARENTS[joint] >= 0).map((joint) => ({
      from: PARENTS[joint],
      to: joint,
      radius: thickness(joint),
      color: colorOf(joint),
    })),
    { from: THORAX, to: HEAD, radius: 30, color: "--middle" },
    { from: HEAD, to: NOSE, radius: 26, color: "--middle" },
    ...foot(LEFT_ANKLE, LEFT_HEEL, LEFT_TOE, "--left"),
    ...foot(RIGHT_ANKLE, RIGHT_HEEL, RIGHT_TOE, "--right"),
  ],
  balls: [
    ...below.map((joint) => ({ at: joint, radius: thickness(joint) + 6, color: colorOf(joint) })),
    { at: HEAD, radius: 92, color: "--middle" },
    { at: NOSE, radius: 26, color: "--middle" },
    { at: LEFT_EAR, radius: 28, color: "--left" },
    { at: RIGHT_EAR, radius: 28, color: "--right" },
    ...[LEFT_HEEL, LEFT_TOE].map((at) => ({ at, radius: 22, color: "--left" })),
    ...[RIGHT_HEEL, RIGHT_TOE].map((at) => ({ at, radius: 22, color: "--right" })),
  ],
};

const middle = (a, b) => a.map((value, axis) => (value + b[axis]) / 2);

export function points({ joints_mm, landmarks_mm }) {
  const all = [...joints_mm, ...landmarks_mm];
  return [...all, middle(all[LEFT_EAR], all[RIGHT_EAR])];
}

/** For each point, whether no camera confirms it: its position is only limited by the lengths of its bones. */
export function unseen({ joint_views, landmark_views }) {
  const views = [...joint_views, ...landmark_views];
  return [...views, Math.min(views[LEFT_EAR], views[RIGHT_EAR])].map((count) => count === 0);
}

/** How dark a shadow is, from its middle to its rim. */
export const SOFT = [[0, 1], [0.35, 0.6], [0.7, 0.15], [1, 0]];

/** Soft shadows of a sun straight above: under the hip, and under each foot, weaker where it is lifted. */
export function shadows(points) {
  const under = ([x, y, z], radius, dark) => {
    const height = Math.min(1, Math.max(0, z) / 600);
    return { at: [x, y], radius: radius * (1 + height), dark: dark * (1 - height) };
  };
  const hip = { at: points[0].slice(0, 2), radius: 480, dark: 0.3 };
  const feet = [[LEFT_HEEL, LEFT_TOE], [RIGHT_HEEL, RIGHT_TOE]];
  return [hip, ...feet.map(([heel, toe]) => under(middle(points[heel], points[toe]), 190, 0.55))];
}
