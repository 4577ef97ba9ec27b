//! Compact files of clips, for machines without a folder of captures.

use std::f32::consts::PI;
use std::path::Path;

use glam::{Quat, Vec3};
use serde::{Deserialize, Serialize};

use crate::actor::{BONES, SkeletonPose};
use crate::{AssetError, packed};

use super::Clip;

/// Quantisation of a rotation vector's components, which are at most half a turn: 1/180 of a degree.
const STEPS: f32 = i16::MAX as f32 / PI;

#[derive(Serialize, Deserialize)]
struct PackedClip {
    frame_time_s: f64,
    frames: Vec<PackedPose>,
}

#[derive(Serialize, Deserialize)]
struct PackedPose {
    root: [f32; 3],
    /// By how many steps it turns further than from the frame before the last to the last: few, and therefore short.
    turned: [[i16; 3]; BONES],
}

impl Clip {
    /// The version of packed files, which is their first byte.
    pub const PACKED_VERSION: u8 = 2;

    /// All frames, rotations to a hundredth of a degree.
    ///
    /// # Errors
    /// None known, except those of the encoder.
    pub fn pack(&self) -> Result<Vec<u8>, AssetError> {
        let mut course = Course::default();
        let mut packed = |pose: &SkeletonPose| {
            let steps = pose.rotations.map(|rotation| {
                (shortest(rotation).to_scaled_axis() * STEPS).to_array().map(|value| value.round() as i16)
            });
            PackedPose { root: pose.root.into(), turned: course.leave(steps) }
        };
        let frames = self.poses().iter().map(&mut packed).collect();
        let packed = PackedClip { frame_time_s: self.frame_time_s(), frames };
        packed::seal(Self::PACKED_VERSION, &packed).map_err(|problem| AssetError::file(Path::new("(packing)"), problem))
    }

    /// The inverse of [`Self::pack`]; `name` is the origin of the bytes in errors.
    ///
    /// # Errors
    /// The bytes are not a packed clip, or are damaged.
    pub fn unpack(bytes: &[u8], name: &Path) -> Result<Self, AssetError> {
        let failed = |problem: &str| AssetError::file(name, format!("not a packed clip: {problem}"));
        let packed: PackedClip = packed::open(Self::PACKED_VERSION, bytes).map_err(|problem| failed(&problem))?;
        let sound = packed.frame_time_s.is_finite() && packed.frame_time_s > 0.0;
        if !sound
            || packed.frames.is_empty()
            || packed.frames.iter().flat_map(|frame| frame.root).any(|x| !x.is_finite())
        {
            return Err(failed("no frames, or impossible ones"));
        }
        let mut course = Course::default();
        let pose = |frame: &PackedPose| {
            let steps = course.follow(&frame.turned);
            let rotations = steps.map(|steps| Quat::from_scaled_axis(Vec3::from(steps.map(f32::from)) / STEPS));
            SkeletonPose { rotations, root: frame.root.into() }
        };
        Ok(Self::new(packed.frame_time_s, packed.frames.iter().map(pose).collect()))
    }
}

type Turns = [[i16; 3]; BONES];

/// Rotations of the bones, and their last changes.
#[derive(Default)]
struct Course {
    at: Turns,
    way: Turns,
}

impl Course {
    /// The difference between the change to a new rotation and the last change.
    fn leave(&mut self, to: Turns) -> Turns {
        let way = each(&to, &self.at, i16::wrapping_sub);
        let turned = each(&way, &self.way, i16::wrapping_sub);
        *self = Self { at: to, way };
        turned
    }

    /// The inverse of [`Self::leave`].
    fn follow(&mut self, turned: &Turns) -> Turns {
        self.way = each(&self.way, turned, i16::wrapping_add);
        self.at = each(&self.at, &self.way, i16::wrapping_add);
        self.at
    }
}

fn each(a: &Turns, b: &Turns, of: fn(i16, i16) -> i16) -> Turns {
    std::array::from_fn(|bone| std::array::from_fn(|axis| of(a[bone][axis], b[bone][axis])))
}

/// The representative that turns by at most half a turn.
fn shortest(rotation: Quat) -> Quat {
    if rotation.w < 0.0 { -rotation } else { rotation }
}
