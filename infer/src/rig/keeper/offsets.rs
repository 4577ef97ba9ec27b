//! By how much a live rig's cameras are apart in time, beyond what their times say.

use geometry::{GeometryError, Observation, PlacedOffset};

use super::Keeper;
use crate::rig::solver::Job;

/// Offsets in time are looked at so often, from the last instants that told velocities.
const OFFSETS_NS: i64 = 4_000_000_000;
pub(super) const OFFSET_INSTANTS: usize = 30;
/// An offset beyond half a frame, or this many times its uncertainty, for so long is told.
const OFFSET_SIGMAS: f64 = 3.0;
const OFFSET_TOLD_NS: i64 = 10_000_000_000;

impl Keeper {
    pub(super) fn due_offsets(&mut self) -> Option<Job> {
        let known = self.known.as_ref().filter(|_| !self.doubted)?;
        if self.now_ns - self.offsets_ns < OFFSETS_NS || self.moving.len() < 4 {
            return None;
        }
        self.offsets_ns = self.now_ns;
        let indices: Vec<usize> = (0..self.names.len()).filter(|&camera| known.placing.is_placed(camera)).collect();
        let cameras = indices.iter().filter_map(|&camera| known.placing.camera(camera).cloned()).collect();
        let of = |views: &Vec<Option<Observation>>| indices.iter().map(|&camera| views[camera].clone()).collect();
        let instants = self.moving.iter().map(of).collect();
        Some(Job::Offsets { cameras, indices, bone_lengths_mm: known.geometry.bone_lengths_mm, instants })
    }

    pub(super) fn found_offsets(&mut self, indices: &[usize], found: Result<Vec<Option<PlacedOffset>>, GeometryError>) {
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                for &camera in indices {
                    self.witnesses[camera].offset_frames = None;
                }
                return tracing::warn!(%error, "offsets in time are not known");
            }
        };
        let now_ns = self.now_ns;
        let mut told = Vec::new();
        for (&camera, offset) in indices.iter().zip(found) {
            let witness = &mut self.witnesses[camera];
            witness.offset_frames = offset.map(|offset| (offset.frames, offset.uncertainty_frames));
            let apart =
                offset.is_some_and(|offset| offset.frames.abs() > (OFFSET_SIGMAS * offset.uncertainty_frames).max(0.5));
            if !apart {
                (witness.apart_since_ns, witness.told_apart) = (None, false);
                continue;
            }
            let since_ns = *witness.apart_since_ns.get_or_insert(now_ns);
            if now_ns - since_ns >= OFFSET_TOLD_NS && !std::mem::replace(&mut witness.told_apart, true) {
                told.push((camera, offset));
            }
        }
        for (camera, offset) in told {
            let Some(PlacedOffset { frames, uncertainty_frames }) = offset else { continue };
            let name = &self.names[camera];
            let text = format!(
                "{name} shows what happened {frames:+.2} ± {uncertainty_frames:.2} frames later than the first camera's \
                 pictures of the same pulse"
            );
            self.tell("camera-out-of-sync", text);
        }
    }
}
