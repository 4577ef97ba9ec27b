//! What a [`Keeper`] reports about its rig.

use transport::{RigCameraStatus, RigStatus};

use super::Keeper;
use super::searches::FIRST_INSTANTS;
use crate::rig::camera_watch::CameraWatch;

impl Keeper {
    /// The present status.
    pub fn status(&self) -> RigStatus {
        let camera = |(camera, watch): (usize, &CameraWatch)| RigCameraStatus {
            pictures: self.pictures[camera],
            placed: self.known.as_ref().is_some_and(|known| known.placing.is_placed(camera)),
            residual_px: watch.residual_px(),
            offset_frames: watch.offset_frames.map(|(frames, _)| frames),
            offset_uncertainty_frames: watch.offset_frames.map(|(_, uncertainty)| uncertainty),
            problem: watch.problem.clone(),
        };
        RigStatus {
            state: self.state(),
            geometry_id: self.geometry().map(|geometry| geometry.id.clone()),
            frozen: self.frozen,
            instants: self.store.len(),
            bodies: self.bodies,
            withheld: self.withheld,
            found_after_s: self.found_after_s,
            cameras: self.watches.iter().enumerate().map(camera).collect(),
        }
    }

    fn state(&self) -> String {
        let last_failure =
            self.last_failure.as_ref().map(|why| format!("; the last attempt: {why}")).unwrap_or_default();
        match &self.known {
            Some(_) if self.doubted => {
                format!("the geometry does not fit any more; move about to find it anew{last_failure}")
            }
            Some(known) => {
                let placed = (0..self.names.len()).filter(|&camera| known.placing.is_placed(camera)).count();
                let frozen = if self.frozen { ", frozen" } else { "" };
                format!("{placed} of {} cameras placed{frozen}", self.names.len())
            }
            None if self.names.len() < 2 => "one camera alone has no geometry: it takes two or more".into(),
            None if self.seen == 0 => "nobody is in view".into(),
            None if self.store.len() < FIRST_INSTANTS => {
                let instants = self.store.len();
                format!(
                    "move about in view of two cameras or more: {instants} of {FIRST_INSTANTS} instants{last_failure}"
                )
            }
            None if self.last_failure.is_some() => format!("move about{last_failure}"),
            None => "the geometry is being found".into(),
        }
    }
}
