//! The state of a [`Keeper`], and access to it.

use std::collections::VecDeque;

use body::RigGeometry;
pub(super) use geometry::Points;
use geometry::{Observation, Options};
use nalgebra::Vector2;
use transport::{RigEvent, RigEventKind};

use super::lens_instants::LensInstants;
use crate::rig::background_solver::Solver;
use crate::rig::body_placing::{Placed, Placing, PlacingError};
use crate::rig::camera_watch::CameraWatch;
use crate::rig::instant_store::InstantStore;
use crate::rig::person_tracker::PersonTracker;
use crate::rig::velocity_window::VelocityWindow;

/// The first time between two refinements, in nanoseconds; each one without gain doubles it, up to the second.
pub(super) const REFINE_NS: [i64; 2] = [10_000_000_000, 300_000_000_000];

/// Keeps the geometry of one rig. Its clock is the exposure of the instants that it is given.
pub struct Keeper {
    pub(super) names: Vec<String>,
    pub(super) store: InstantStore,
    pub(super) velocities: VelocityWindow,
    /// The last instants with velocities.
    pub(super) moving_instants: Vec<Vec<Option<Observation>>>,
    pub(super) lens_instants: LensInstants,
    pub(super) known: Option<Known>,
    pub(super) frozen: bool,
    pub(super) height_mm: Option<u16>,
    /// The joint finder's largest residual.
    pub(super) max_residual: f64,
    pub(super) solver: Solver,
    /// One per camera.
    pub(super) watches: Vec<CameraWatch>,
    pub(super) now_ns: i64,
    /// When somebody was first seen.
    pub(super) first_seen_ns: Option<i64>,
    /// How long after that the first geometry was found.
    pub(super) found_after_s: Option<f64>,
    /// When the last search for the rig began.
    pub(super) searched_ns: i64,
    /// The least time from a failed search to the next one.
    pub(super) retry_ns: i64,
    /// The least time between two refinements.
    pub(super) refine_ns: i64,
    /// When offsets in time were last measured.
    pub(super) offsets_ns: i64,
    /// Why the last search failed.
    pub(super) last_failure: Option<String>,
    /// Since when some camera misses the bodies by more than allowed, ns.
    pub(super) misses_since_ns: Option<i64>,
    /// The times of the last instants with people, ns, and whether they have a body.
    pub(super) agreements: VecDeque<(i64, bool)>,
    /// The geometry does not fit what is seen; the next one replaces it.
    pub(super) doubted: bool,
    pub(super) last_body: Option<Points>,
    pub(super) person: PersonTracker,
    /// Per camera the number of its pictures.
    pub(super) pictures: Vec<u64>,
    pub(super) bodies: u64,
    pub(super) withheld: u64,
    /// Instants in which somebody was seen.
    pub(super) seen: u64,
    /// The geometry changed since it was last taken.
    pub(super) changed: bool,
    /// Cameras that were moved, since they were last taken.
    pub(super) moved: Vec<usize>,
    /// When the last one was moved, ns.
    pub(super) moved_ns: Option<i64>,
    pub(super) events: Vec<RigEvent>,
}

/// The geometry, and the placing of bodies in it.
pub(super) struct Known {
    pub(super) geometry: RigGeometry,
    pub(super) placing: Placing,
}

impl Keeper {
    /// For cameras of these names. `height_mm` is the person's stated standing height.
    ///
    /// # Errors
    /// If its thread cannot be started.
    pub fn new(names: Vec<String>, height_mm: Option<u16>) -> std::io::Result<Self> {
        let cameras = names.len();
        Ok(Self {
            names,
            store: InstantStore::new(cameras),
            velocities: VelocityWindow::default(),
            moving_instants: Vec::new(),
            lens_instants: LensInstants::default(),
            known: None,
            frozen: false,
            height_mm,
            max_residual: Options::default().max_residual,
            solver: Solver::start()?,
            watches: (0..cameras).map(|_| CameraWatch::default()).collect(),
            now_ns: 0,
            first_seen_ns: None,
            found_after_s: None,
            searched_ns: i64::MIN / 2,
            retry_ns: 0,
            refine_ns: REFINE_NS[0],
            offsets_ns: 0,
            last_failure: None,
            misses_since_ns: None,
            agreements: VecDeque::new(),
            doubted: false,
            last_body: None,
            person: PersonTracker::default(),
            pictures: vec![0; cameras],
            bodies: 0,
            withheld: 0,
            seen: 0,
            changed: false,
            moved: Vec::new(),
            moved_ns: None,
            events: Vec::new(),
        })
    }

    /// Begins with the geometry of an earlier session, which may be doubted like any other.
    ///
    /// # Errors
    /// Why it cannot be used for this rig.
    pub fn begin_with(&mut self, geometry: RigGeometry) -> Result<(), PlacingError> {
        let placing = self.placing(&geometry)?;
        self.known = Some(Known { geometry, placing });
        self.changed = true;
        Ok(())
    }

    /// Reports that a geometry cannot be used.
    pub fn tell_refused(&mut self, why: &str) {
        self.report(RigEventKind::GeometryRefused, why.to_owned());
    }

    /// Sets the joint finder's [`joints::JointFinder::max_residual`].
    pub(crate) fn allow(&mut self, max_residual: f64) {
        self.max_residual = max_residual;
        self.known = self.known.take().map(|known| Known { placing: known.placing.allowing(max_residual), ..known });
    }

    /// Views that show somebody else, each with where the body is in it; see [`Placing::circle_px`].
    pub fn shown_elsewhere(&self, placed: &Placed) -> Vec<(usize, [Vector2<f64>; 2])> {
        let Some(known) = &self.known else { return Vec::new() };
        let others = (0..self.names.len()).filter(|&camera| known.placing.shows_somebody_else(camera, placed));
        others.filter_map(|camera| Some((camera, known.placing.circle_px(camera, &placed.points_mm)?))).collect()
    }

    /// Whether a search runs in its thread.
    pub(crate) fn is_searching(&self) -> bool {
        self.solver.is_busy()
    }

    /// How many cameras the rig has.
    pub fn cameras(&self) -> usize {
        self.names.len()
    }

    /// Width and height of a camera's pictures; zero until known.
    pub fn size_px(&self, camera: usize) -> [f64; 2] {
        self.store.sizes_px()[camera]
    }

    /// Records that a picture of a camera came, and the size of its frames.
    pub fn picture_came(&mut self, camera: usize, size_px: [f64; 2]) {
        self.pictures[camera] += 1;
        if self.store.sizes_px()[camera] == size_px {
            return;
        }
        self.store.set_size(camera, size_px);
        let Some(known) = &self.known else { return };
        if let Err(why) = self.placing(&known.geometry) {
            self.report(
                RigEventKind::GeometryRefused,
                format!("the geometry {} cannot be used: {why}", known.geometry.id),
            );
            self.forget_geometry();
        }
    }

    /// The geometry, once one is known.
    pub fn geometry(&self) -> Option<&RigGeometry> {
        Some(&self.known.as_ref()?.geometry)
    }

    /// The geometry with the placing of bodies in it.
    pub fn known(&self) -> Option<(&RigGeometry, &Placing)> {
        self.known.as_ref().map(|known| (&known.geometry, &known.placing))
    }

    /// The cameras' names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Width and height of each camera's pictures; zero until known.
    pub fn sizes_px(&self) -> &[[f64; 2]] {
        self.store.sizes_px()
    }

    /// Reports an event beside the keeper's own.
    pub fn tell(&mut self, kind: RigEventKind, text: String) {
        self.report(kind, text);
    }

    /// The events since the last call.
    pub fn take_events(&mut self) -> Vec<RigEvent> {
        std::mem::take(&mut self.events)
    }

    /// Cameras that were found to have moved since the last call.
    pub fn take_moved(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.moved)
    }

    /// The geometry, if it changed since the last call.
    pub fn take_changed(&mut self) -> Option<RigGeometry> {
        let geometry = &self.known.as_ref().filter(|_| std::mem::take(&mut self.changed))?.geometry;
        Some(geometry.clone())
    }

    pub(super) fn placing(&self, geometry: &RigGeometry) -> Result<Placing, PlacingError> {
        Ok(Placing::new(geometry, &self.names, self.store.sizes_px())?.allowing(self.max_residual))
    }

    pub(super) fn forget_geometry(&mut self) {
        (self.known, self.doubted, self.last_body, self.last_failure) = (None, false, None, None);
        self.person = PersonTracker::default();
        self.agreements.clear();
        self.watches = self.names.iter().map(|_| CameraWatch::default()).collect();
        (self.searched_ns, self.retry_ns) = (i64::MIN / 2, 0);
    }

    /// Drops all instants, for a search that begins anew.
    pub(super) fn forget_instants(&mut self) {
        self.store.forget();
        self.moving_instants.clear();
        self.lens_instants.forget();
    }

    pub(super) fn report(&mut self, kind: RigEventKind, text: String) {
        tracing::info!(kind = kind.name(), "{text}");
        self.events.push(RigEvent { kind, text });
    }
}

pub(super) fn utc_now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
