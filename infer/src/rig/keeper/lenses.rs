//! Lenses that bend and shutters that roll, as the residuals of a live rig's cameras show them.

use std::collections::VecDeque;

use geometry::{GeometryError, LensFault, Observation};

use super::Keeper;
use crate::rig::solver::Job;

/// So many instants are kept, the last ones; residuals are looked at from
const KEPT: usize = 300;
/// so many on,
const LEAST: usize = 100;
/// and then so often, in nanoseconds.
const AGAIN_NS: i64 = 30_000_000_000;
/// Those that tell no velocities are at least so far apart, in nanoseconds.
const APART_NS: i64 = 150_000_000;

type Views = Vec<Option<Observation>>;

/// What residuals are looked at in.
#[derive(Debug, Default)]
pub(super) struct Lenses {
    kept: VecDeque<(i64, Views)>,
    looked_ns: Option<i64>,
    /// By camera, the kinds of faults that were told.
    told: Vec<(usize, &'static str)>,
}

impl Lenses {
    pub fn offer(&mut self, at_ns: i64, views: &Views) {
        let moves = views.iter().flatten().any(|view| view.velocity_px.is_some());
        if !moves && self.kept.back().is_some_and(|(then, _)| at_ns - then < APART_NS) {
            return;
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((at_ns, views.clone()));
    }

    /// Cameras stood elsewhere: what was seen so far says nothing any more.
    pub fn forget(&mut self) {
        self.kept.clear();
    }
}

impl Keeper {
    pub(super) fn due_lenses(&mut self) -> Option<Job> {
        let known = self.known.as_ref().filter(|_| !self.doubted)?;
        let lately = self.lenses.looked_ns.is_some_and(|then| self.now_ns - then < AGAIN_NS);
        if lately || self.lenses.kept.len() < LEAST {
            return None;
        }
        self.lenses.looked_ns = Some(self.now_ns);
        let instants = self.lenses.kept.iter().map(|(_, views)| views.clone()).collect();
        Some(Job::Lenses { placing: known.placing.clone(), instants })
    }

    /// Tells each fault of a camera once.
    pub(super) fn found_lenses(&mut self, found: Result<Vec<Vec<LensFault>>, GeometryError>) {
        let found = match found {
            Ok(found) => found,
            Err(error) => return tracing::warn!(%error, "lenses and shutters are not known"),
        };
        let frame_ms = self.motion.frame_ms();
        let plausible = |fault: &LensFault| frame_ms.is_none_or(|frame_ms| fault.is_plausible(frame_ms));
        let each = found.into_iter().enumerate();
        let each = each.flat_map(|(camera, faults)| faults.into_iter().map(move |fault| (camera, fault)));
        for (camera, fault) in each.filter(|(_, fault)| plausible(fault)).collect::<Vec<_>>() {
            let kind = match fault {
                LensFault::Distortion { .. } => "camera-lens",
                LensFault::RollingShutter { .. } => "camera-rolling-shutter",
            };
            if !self.lenses.told.contains(&(camera, kind)) {
                self.lenses.told.push((camera, kind));
                self.tell(kind, format!("{}: {fault}", self.names[camera]));
                self.witnesses[camera].problem.get_or_insert(fault.to_string());
            }
        }
    }
}
