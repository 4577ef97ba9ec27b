//! Names the faults of lenses and shutters that the residuals of a live rig's cameras show.

use geometry::{GeometryError, LensFault};
use transport::RigEventKind;

use super::Keeper;
use super::lens_instants::{AGAIN_NS, MIN_INSTANTS};
use crate::rig::background_solver::Job;

impl Keeper {
    pub(super) fn due_lenses(&mut self) -> Option<Job> {
        let known = self.known.as_ref().filter(|_| !self.doubted)?;
        let recently = self.lens_instants.searched_ns.is_some_and(|then| self.now_ns - then < AGAIN_NS);
        if recently || self.lens_instants.kept.len() < MIN_INSTANTS {
            return None;
        }
        self.lens_instants.searched_ns = Some(self.now_ns);
        let instants = self.lens_instants.kept.iter().map(|(_, views)| views.clone()).collect();
        Some(Job::Lenses { placing: known.placing.clone(), instants })
    }

    /// Reports each fault of a camera once.
    pub(super) fn found_lenses(&mut self, found: Result<Vec<Vec<LensFault>>, GeometryError>) {
        let found = match found {
            Ok(found) => found,
            Err(error) => return tracing::warn!(%error, "faults of lenses and shutters are unknown"),
        };
        let frame_ms = self.velocities.frame_ms();
        let plausible = |fault: &LensFault| frame_ms.is_none_or(|frame_ms| fault.is_plausible(frame_ms));
        let each = found.into_iter().enumerate();
        let each = each.flat_map(|(camera, faults)| faults.into_iter().map(move |fault| (camera, fault)));
        for (camera, fault) in each.filter(|(_, fault)| plausible(fault)).collect::<Vec<_>>() {
            let kind = match fault {
                LensFault::Distortion { .. } => RigEventKind::CameraLens,
                LensFault::RollingShutter { .. } => RigEventKind::CameraRollingShutter,
            };
            if !self.lens_instants.reported.contains(&(camera, kind)) {
                self.lens_instants.reported.push((camera, kind));
                self.report(kind, format!("{}: {fault}", self.names[camera]));
                self.watches[camera].problem.get_or_insert(fault.to_string());
            }
        }
    }
}
