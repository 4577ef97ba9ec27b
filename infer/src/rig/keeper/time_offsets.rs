//! Measures the offsets in time between a live rig's cameras that their time stamps do not show.

use geometry::{GeometryError, Observation, PlacedOffset};
use transport::RigEventKind;

use super::Keeper;
use crate::rig::background_solver::Job;

/// Time between two measurements, in nanoseconds.
const OFFSETS_NS: i64 = 4_000_000_000;

/// The fewest instants with velocities for a measurement.
const MIN_INSTANTS: usize = 4;

/// An offset is reported if it is beyond half a frame and this many times its uncertainty
const OFFSET_SIGMAS: f64 = 3.0;

/// for this time, in nanoseconds.
const OFFSET_REPORTED_NS: i64 = 10_000_000_000;

impl Keeper {
    pub(super) fn due_offsets(&mut self) -> Option<Job> {
        let known = self.known.as_ref().filter(|_| !self.doubted)?;
        if self.now_ns - self.offsets_ns < OFFSETS_NS || self.moving_instants.len() < MIN_INSTANTS {
            return None;
        }
        self.offsets_ns = self.now_ns;
        let indices: Vec<usize> = (0..self.names.len()).filter(|&camera| known.placing.is_placed(camera)).collect();
        let cameras = indices.iter().filter_map(|&camera| known.placing.camera(camera).cloned()).collect();
        let of = |views: &Vec<Option<Observation>>| indices.iter().map(|&camera| views[camera].clone()).collect();
        let instants = self.moving_instants.iter().map(of).collect();
        Some(Job::Offsets { cameras, indices, bone_lengths_mm: known.geometry.bone_lengths_mm, instants })
    }

    pub(super) fn found_offsets(&mut self, indices: &[usize], found: Result<Vec<Option<PlacedOffset>>, GeometryError>) {
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                for &camera in indices {
                    self.watches[camera].offset_frames = None;
                }
                return tracing::warn!(%error, "offsets in time are unknown");
            }
        };
        let now_ns = self.now_ns;
        let mut reported = Vec::new();
        for (&camera, offset) in indices.iter().zip(found) {
            let watch = &mut self.watches[camera];
            watch.offset_frames = offset.map(|offset| (offset.frames, offset.uncertainty_frames));
            let apart =
                offset.is_some_and(|offset| offset.frames.abs() > (OFFSET_SIGMAS * offset.uncertainty_frames).max(0.5));
            if !apart {
                (watch.apart_since_ns, watch.apart_reported) = (None, false);
                continue;
            }
            let since_ns = *watch.apart_since_ns.get_or_insert(now_ns);
            if now_ns - since_ns >= OFFSET_REPORTED_NS && !std::mem::replace(&mut watch.apart_reported, true) {
                reported.push((camera, offset));
            }
        }
        for (camera, offset) in reported {
            let Some(PlacedOffset { frames, uncertainty_frames }) = offset else { continue };
            let name = &self.names[camera];
            let text = format!(
                "{name} shows what happened {frames:+.2} ± {uncertainty_frames:.2} frames later than the first camera's \
                 pictures of the same pulse"
            );
            self.report(RigEventKind::CameraOutOfSync, text);
        }
    }
}
