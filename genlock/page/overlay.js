// Draws a person's joints over the picture in which they were found.
import { PARENTS, colorOf } from "./bones.js";

/** Opacity of a joint with confidence 0. */
const FAINTEST = 0.25;

/** `scale`: canvas pixels per pixel of the camera's frame. */
export function drawJoints(context, pose, scale) {
  const joints = pose.joints_2d_px;
  if (!joints || !Number.isFinite(scale)) return;
  const style = getComputedStyle(document.documentElement);
  const sure = (joint) => FAINTEST + (1 - FAINTEST) * (pose.confidence?.[joint] ?? 1);
  const width = Math.max(1.5, 0.016 * pose.crop_side_px * scale);
  context.save();
  context.lineCap = "round";
  context.scale(scale, scale);
  // A dark rim first, so that the bones show on any picture.
  for (const [rim, colour] of [[1.8, () => "#000"], [1, (joint) => style.getPropertyValue(colorOf(joint))]]) {
    PARENTS.forEach((parent, joint) => {
      if (parent < 0) return;
      context.globalAlpha = Math.min(sure(joint), sure(parent)) * (rim > 1 ? 0.35 : 1);
      context.strokeStyle = colour(joint);
      context.lineWidth = (width * rim) / scale;
      context.beginPath();
      context.moveTo(...joints[parent]);
      context.lineTo(...joints[joint]);
      context.stroke();
    });
  }
  context.restore();
}
