//! Clips in few bytes, for machines that have no folder of captures.

use std::f32::consts::PI;
use std::path::Path;

use glam::{Quat, Vec3};
use serde::{Deserialize, Serialize};

use crate::actor::{BONES, BodyPose};

use super::{Clip, MotionError};

const VERSION: u8 = 1;
/// Of a rotation vector's components, none of which is longer than half a turn: 1/180 of a degree each.
const STEPS: f32 = i16::MAX as f32 / PI;

#[derive(Serialize, Deserialize)]
struct Packed {
    version: u8,
    frame_time_s: f64,
    frames: Vec<PackedPose>,
}

#[derive(Serialize, Deserialize)]
struct PackedPose {
    root: [f32; 3],
    /// Steps since the frame before, which are few and therefore short.
    turned: [[i16; 3]; BONES],
}

impl Clip {
    /// Every `nth` frame, rotations to a hundredth of a degree.
    ///
    /// # Errors
    /// None that are known; the encoder names its own.
    pub fn pack(&self, nth: usize) -> Result<Vec<u8>, MotionError> {
        let nth = nth.max(1);
        let mut before = [[0i16; 3]; BONES];
        let mut packed = |pose: &BodyPose| {
            let steps = pose.rotations.map(|rotation| {
                (shortest(rotation).to_scaled_axis() * STEPS).to_array().map(|value| value.round() as i16)
            });
            let turned = std::array::from_fn(|bone| {
                std::array::from_fn(|axis: usize| steps[bone][axis].wrapping_sub(before[bone][axis]))
            });
            before = steps;
            PackedPose { root: pose.root.into(), turned }
        };
        let frames = self.poses().iter().step_by(nth).map(&mut packed).collect();
        let packed = Packed { version: VERSION, frame_time_s: self.frame_time_s() * nth as f64, frames };
        postcard::to_allocvec(&packed)
            .map_err(|error| MotionError::File { path: "(packing)".into(), problem: error.to_string() })
    }

    /// The inverse of [`Self::pack`]; `name` says in errors where the bytes are from.
    ///
    /// # Errors
    /// The bytes are no packed clip, or damaged.
    pub fn unpack(bytes: &[u8], name: &Path) -> Result<Self, MotionError> {
        let failed = |problem: &str| MotionError::File {
            path: name.to_owned(),
            problem: format!("not a packed clip: {problem}"),
        };
        let packed: Packed = postcard::from_bytes(bytes).map_err(|error| failed(&error.to_string()))?;
        if packed.version != VERSION {
            return Err(failed(&format!("version {}, not {VERSION}", packed.version)));
        }
        let sound = packed.frame_time_s.is_finite() && packed.frame_time_s > 0.0;
        if !sound
            || packed.frames.is_empty()
            || packed.frames.iter().flat_map(|frame| frame.root).any(|x| !x.is_finite())
        {
            return Err(failed("no frames, or impossible ones"));
        }
        let mut steps = [[0i16; 3]; BONES];
        let pose = |frame: &PackedPose| {
            for (steps, turned) in steps.iter_mut().flatten().zip(frame.turned.iter().flatten()) {
                *steps = steps.wrapping_add(*turned);
            }
            let rotations = steps.map(|steps| Quat::from_scaled_axis(Vec3::from(steps.map(f32::from)) / STEPS));
            BodyPose { rotations, root: frame.root.into() }
        };
        Ok(Self::new(packed.frame_time_s, packed.frames.iter().map(pose).collect()))
    }
}

/// The representative that turns by at most half a turn.
fn shortest(rotation: Quat) -> Quat {
    if rotation.w < 0.0 { -rotation } else { rotation }
}
