//! Writes BVH files.
//!
//! Lengths are centimetres and y is up: BVH's (x, y, z) are the world's (y, z, x), so at rest the person faces +z, and
//! left is +x. The hierarchy is [`Bone`]'s with the lengths of the person, in the rest pose of this crate; the spine
//! begins where the hips do, so its offset is zero. The head ends at its top, which nods with it, hands at the
//! fingertips, feet at the toes. `Hips` has six channels (position, then Z, X and Y rotation), all others three.
//!
//! Each angle is within half a turn of the frame before, of the two triples that say the same the nearer one, so that
//! programs may interpolate them. Angles may therefore exceed 180°.
//!
//! A BVH file has a pose in every frame, at a constant rate. Frames without a body have no place in it, so nothing is
//! filled in here: [`runs`] lists the stretches without holes, and each is a file of its own, or the caller fills the
//! holes and says so.

mod euler;

use std::fmt::Write;
use std::ops::Range;

use nalgebra::Vector3;

use crate::{Bone, Posed, Proportions, local};

/// Why there is no BVH file.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum BvhError {
    /// There are no frames.
    #[error("a BVH file needs at least one frame with a body")]
    NoFrames,
    /// The time between two frames is not above zero.
    #[error("{0} seconds from frame to frame: a number above zero is needed")]
    FrameTime(f64),
}

/// The text of a BVH file. All frames are written, one every `frame_time_s` seconds.
///
/// # Errors
/// There are no frames, or `frame_time_s` is not above zero.
pub fn write(proportions: &Proportions, frames: &[Posed], frame_time_s: f64) -> Result<String, BvhError> {
    if frames.is_empty() {
        return Err(BvhError::NoFrames);
    }
    if !(frame_time_s > 0.0 && frame_time_s.is_finite()) {
        return Err(BvhError::FrameTime(frame_time_s));
    }
    let mut text = String::from("HIERARCHY\n");
    joint(&mut text, proportions, Bone::Hips, 0);
    text += &format!("MOTION\nFrames: {}\nFrame Time: {frame_time_s:.9}\n", frames.len());
    let mut angles = [[0.0; 3]; Bone::COUNT];
    for posed in frames {
        motion(&mut text, posed, &mut angles);
    }
    Ok(text)
}

/// The longest stretches of frames that all have a body, as ranges of their indices.
pub fn runs<T>(frames: &[Option<T>]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (index, _) in frames.iter().enumerate().filter(|(_, frame)| frame.is_some()) {
        match runs.last_mut() {
            Some(run) if run.end == index => run.end += 1,
            _ => runs.push(index..index + 1),
        }
    }
    runs
}

/// A joint with all that hangs from it.
fn joint(text: &mut String, proportions: &Proportions, bone: Bone, depth: usize) {
    let indent = "\t".repeat(depth);
    let (kind, channels) = match bone {
        Bone::Hips => ("ROOT", "6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"),
        _ => ("JOINT", "3 Zrotation Xrotation Yrotation"),
    };
    let offset = numbers(&centimetres(&proportions.offset_mm(bone)));
    let name = bone.name();
    *text += &format!("{indent}{kind} {name}\n{indent}{{\n{indent}\tOFFSET {offset}\n{indent}\tCHANNELS {channels}\n");
    for child in bone.children() {
        joint(text, proportions, child, depth + 1);
    }
    if let Some(end) = proportions.end_mm(bone) {
        let end = numbers(&centimetres(&end));
        *text += &format!("{indent}\tEnd Site\n{indent}\t{{\n{indent}\t\tOFFSET {end}\n{indent}\t}}\n");
    }
    *text += &format!("{indent}}}\n");
}

/// One frame. `angles` are those of the frame before.
fn motion(text: &mut String, posed: &Posed, angles: &mut [[f64; 3]; Bone::COUNT]) {
    *text += &numbers(&centimetres(&posed.root_mm));
    let local = local(posed);
    for bone in in_order_of_file(Bone::Hips) {
        let angles = &mut angles[bone.index()];
        *angles = euler::zxy_degrees(&euler::to_bvh(&local[bone.index()]), *angles);
        *text += " ";
        *text += &numbers(angles);
    }
    *text += "\n";
}

/// The bone and all that hang from it, as the hierarchy names them.
fn in_order_of_file(bone: Bone) -> Vec<Bone> {
    std::iter::once(bone).chain(bone.children().flat_map(in_order_of_file)).collect()
}

/// A point or offset of the world in BVH's axes and unit.
fn centimetres(world_mm: &Vector3<f64>) -> [f64; 3] {
    [world_mm.y, world_mm.z, world_mm.x].map(|mm| mm / 10.0)
}

fn numbers(values: &[f64; 3]) -> String {
    let mut text = String::new();
    for (index, value) in values.iter().enumerate() {
        let space = if index == 0 { "" } else { " " };
        // Adding zero turns -0 into 0. Writing to a string does not fail.
        let rounded = (value * 1e5).round() / 1e5 + 0.0;
        let _ = write!(text, "{space}{rounded:.5}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Turn;

    fn rest() -> Posed {
        Posed::from_local(Vector3::new(100.0, 200.0, 900.0), &[Turn::identity(); Bone::COUNT])
    }

    #[test]
    fn the_rest_pose_has_axes_units_and_no_angles() {
        let text = write(&Proportions::of_height(2000.0), &[rest()], 0.02).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let offset = |name: &str| lines[lines.iter().position(|line| line.ends_with(name)).unwrap() + 2];
        assert_eq!(offset("ROOT Hips"), "OFFSET 0.00000 0.00000 0.00000");
        assert_eq!(offset("JOINT Chest"), "OFFSET 0.00000 30.00000 0.00000");
        assert_eq!(offset("JOINT LeftLowerArm"), "OFFSET 34.00000 0.00000 0.00000");
        assert_eq!(offset("JOINT RightLowerLeg"), "OFFSET 0.00000 -49.00000 0.00000");
        assert_eq!(lines.iter().filter(|line| **line == "End Site").count(), 5);
        let values: Vec<f64> = lines.last().unwrap().split(' ').map(|word| word.parse().unwrap()).collect();
        assert_eq!(values[..3], [20.0, 90.0, 10.0]);
        assert_eq!(values[3..], [0.0; 3 * Bone::COUNT]);
        assert!(text.contains("\nFrames: 1\nFrame Time: 0.020000000\n"));
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let proportions = Proportions::of_height(1700.0);
        assert_eq!(write(&proportions, &[], 0.02), Err(BvhError::NoFrames));
        assert_eq!(write(&proportions, &[rest()], 0.0), Err(BvhError::FrameTime(0.0)));
        assert!(write(&proportions, &[rest()], f64::NAN).is_err());
    }

    #[test]
    fn runs_are_the_stretches_without_holes() {
        let frames = [None, Some(1), Some(2), None, None, Some(3), None, Some(4)];
        assert_eq!(runs(&frames), [1..3, 5..6, 7..8]);
        assert_eq!(runs::<u8>(&[]), []);
    }
}
