//! Decides what is searched in the background, and when.

use std::time::Duration;

use body::RigCameras;
use geometry::Options;
use transport::RigEventKind;

use super::Keeper;
use super::state::utc_now;
use crate::rig::background_solver::{Job, Solved, Solver, SolverDied};
use crate::rig::rig_search::RigSearch;

/// How many varied instants the first search needs.
pub(super) const FIRST_INSTANTS: usize = 12;

/// How many further varied instants a failed search waits for.
const FURTHER_INSTANTS: usize = 4;

/// With fewer further instants, but one at least, a failed search is repeated after this time, in nanoseconds.
const SEARCH_AGAIN_NS: i64 = 5_000_000_000;

/// A geometry is refined after this many new varied instants, or once the number of all instants has doubled.
const REFINE_INSTANTS: usize = 12;

/// How many bodies seen by the others a camera is found from.
const CAMERA_BODIES: usize = 12;

/// Time between two searches for a camera, in nanoseconds.
const CAMERA_AGAIN_NS: i64 = 2_000_000_000;

impl Keeper {
    /// Takes what was found in the background, and gives the solver the next job that is due.
    pub(super) fn work(&mut self) {
        let solved = self.solver.poll();
        self.take_up(solved);
        self.look_for_doubt();
        if self.solver.is_busy() {
            return;
        }
        if let Some(job) = self.due() {
            self.solver.give(job);
        }
    }

    /// Waits for the search in the background, at most `most`; for streams that run faster than real time.
    pub fn wait(&mut self, most: Duration) {
        if self.solver.is_busy() {
            let solved = self.solver.wait(most);
            self.take_up(solved);
        }
    }

    fn take_up(&mut self, solved: Result<Option<Solved>, SolverDied>) {
        match solved {
            Ok(Some(Solved::Rig(found))) => self.found_rig(found),
            Ok(Some(Solved::Camera { camera, size_px, found })) => self.found_camera(camera, size_px, found),
            Ok(Some(Solved::Offsets { indices, found })) => self.found_offsets(&indices, found),
            Ok(Some(Solved::Lenses(found))) => self.found_lenses(found),
            Ok(None) => {}
            Err(SolverDied) => self.revive_solver(),
        }
    }

    fn revive_solver(&mut self) {
        self.report(RigEventKind::SolverDied, "the search for the geometry failed unexpectedly and starts anew".into());
        self.forget_instants();
        match Solver::start() {
            Ok(solver) => self.solver = solver,
            Err(error) => tracing::error!(%error, "no thread for the geometry"),
        }
    }

    fn due(&mut self) -> Option<Job> {
        // Quick searches first.
        self.due_camera().or_else(|| self.due_rig()).or_else(|| self.due_offsets()).or_else(|| self.due_lenses())
    }

    fn due_rig(&mut self) -> Option<Job> {
        let passed_ns = self.now_ns - self.searched_ns;
        let due = match &self.known {
            Some(_) if self.frozen => false,
            Some(_) if !self.doubted => {
                let more = self.store.new_instants() >= REFINE_INSTANTS || self.store.has_doubled();
                more && passed_ns >= self.refine_ns && self.fits_now()
            }
            _ => {
                let further = self.store.new_instants() >= FURTHER_INSTANTS
                    || passed_ns >= SEARCH_AGAIN_NS && self.store.new_instants() > 0;
                self.store.len() >= FIRST_INSTANTS
                    && (self.last_failure.is_none() || further && passed_ns >= self.retry_ns)
            }
        };
        if !due {
            return None;
        }
        self.searched_ns = self.now_ns;
        self.store.mark_searched();
        let cameras = RigCameras { names: self.names.clone(), sizes_px: self.store.sizes_px().to_vec() };
        let search = RigSearch { cameras, instants: self.store.instants(), standing: self.store.standing().to_vec() };
        let now_utc = utc_now();
        Some(Job::Rig { search, height_mm: self.height_mm.map(f64::from), now_utc })
    }

    fn due_camera(&mut self) -> Option<Job> {
        let known = self.known.as_ref().filter(|_| !self.frozen && !self.doubted)?;
        let ready = |&camera: &usize| {
            let watch = &self.watches[camera];
            !known.placing.is_placed(camera)
                && watch.bodies.len() >= CAMERA_BODIES
                && self.now_ns >= watch.not_before_ns
        };
        let camera = (0..self.names.len()).find(ready)?;
        let watch = &mut self.watches[camera];
        watch.not_before_ns = self.now_ns + CAMERA_AGAIN_NS;
        // A moved camera still has its lens.
        let focal_px = known.geometry.cameras.get(&self.names[camera]).map(|camera| vec![camera.focal_px]);
        Some(Job::Camera {
            camera,
            size_px: self.store.sizes_px()[camera],
            points_mm: watch.bodies.iter().map(|(_, points, _)| Some(*points)).collect(),
            views: watch.bodies.iter().map(|(.., view)| Some(view.clone())).collect(),
            options: Options { focal_px, ..Options::default() },
        })
    }
}
