//! Where a labelled body is in a picture.

use pose::FrameLabel;
use pose::joints::BONES;

/// How thick a limb is to each side, in parts of the body's extent in the picture.
const THICKNESS: f32 = 0.045;

/// Which pixels a body covers, of a map of this width and height that is so many times smaller than the picture.
pub fn silhouette(label: &FrameLabel, [width, height]: [usize; 2], reduced: f32) -> Vec<bool> {
    let joints = label.joints_px.map(|px| px.map(|side| side / reduced));
    let extent = |axis: usize| {
        let side = joints.iter().map(|joint| joint[axis]);
        side.clone().fold(f32::MIN, f32::max) - side.fold(f32::MAX, f32::min)
    };
    let radius = (THICKNESS * extent(0).max(extent(1))).max(1.0);
    let mut covered = vec![false; width * height];
    for [from, to] in BONES.map(|(from, to)| [joints[from], joints[to]]) {
        let near = |axis: usize, side: usize| {
            let low = (from[axis].min(to[axis]) - radius).clamp(0.0, side as f32);
            let high = (from[axis].max(to[axis]) + radius).clamp(0.0, side as f32);
            low as usize..high.ceil() as usize
        };
        for y in near(1, height) {
            for x in near(0, width) {
                covered[y * width + x] |= distance([x as f32 + 0.5, y as f32 + 0.5], from, to) < radius;
            }
        }
    }
    covered
}

/// From a point to the line between two others.
fn distance(at: [f32; 2], from: [f32; 2], to: [f32; 2]) -> f32 {
    let along = [to[0] - from[0], to[1] - from[1]];
    let since = [at[0] - from[0], at[1] - from[1]];
    let length2 = along[0] * along[0] + along[1] * along[1];
    let part = if length2 > 0.0 { (since[0] * along[0] + since[1] * along[1]) / length2 } else { 0.0 };
    let part = part.clamp(0.0, 1.0);
    (since[0] - part * along[0]).hypot(since[1] - part * along[1])
}
