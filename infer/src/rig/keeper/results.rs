//! Takes up what the background solver found of the rig and of single cameras.

use body::{CameraGeometry, RigGeometry, ScaleSource, UpSource};
use geometry::{GeometryError, SolvedCamera, align_rig};
use transport::RigEventKind;

use super::Keeper;
use super::state::{Known, REFINE_NS, utc_now};
use crate::rig::camera_watch::CameraWatch;
use crate::rig::person_tracker::PersonTracker;
use crate::rig::rig_search::{FoundGeometry, RigSearchError, without_index};

/// The first time between two failed searches, in nanoseconds; each failure doubles it, up to the second.
const RETRY_NS: [i64; 2] = [1_000_000_000, 20_000_000_000];

/// A refined geometry replaces the old one if its uncertainty is below this part of the old one's.
const GAIN: f64 = 0.97;

/// A first geometry without all cameras that see somebody is accepted only after this time, in nanoseconds: further
/// instants may place them.
const COMPLETE_NS: i64 = 15_000_000_000;

/// How many bodies align a new geometry with the old one.
const ALIGNING_BODIES: usize = 60;

impl Keeper {
    pub(super) fn found_rig(&mut self, found: Result<FoundGeometry, RigSearchError>) {
        let FoundGeometry { geometry, left_out } = match found {
            Ok(rig) => rig,
            Err(error) => {
                self.last_failure = Some(error.to_string());
                if matches!(error, RigSearchError::SeveralPeople { .. }) {
                    // Once one person is alone, only what is seen from then on counts.
                    if self.known.is_none() || self.doubted {
                        self.forget_instants();
                    } else {
                        self.store.forget_others();
                    }
                }
                self.retry_ns = (2 * self.retry_ns).clamp(RETRY_NS[0], RETRY_NS[1]);
                self.refine_ns = (2 * self.refine_ns).min(REFINE_NS[1]);
                return;
            }
        };
        if self.known.is_some() && self.frozen {
            return;
        }
        let first = self.known.is_none();
        let since_ns = self.first_seen_ns.map_or(0, |first_seen_ns| self.now_ns - first_seen_ns);
        if first
            && since_ns < COMPLETE_NS
            && let [(name, why), ..] = left_out.as_slice()
        {
            self.last_failure = Some(format!("{name}: {why}"));
            return;
        }
        (self.last_failure, self.retry_ns) = (None, 0);
        if let Some(known) = self.known.as_ref().filter(|_| !self.doubted) {
            if !self.fits_now() {
                return;
            }
            let has_a_place = |name: &String| {
                self.names.iter().position(|known| known == name).is_some_and(|camera| known.placing.is_placed(camera))
            };
            let loses_one = self.names.iter().any(|name| has_a_place(name) && !geometry.cameras.contains_key(name));
            // Not for cameras that were moved meanwhile, whose old uncertainty is meaningless.
            let gained = !loses_one
                && (uncertainty(&geometry) < GAIN * uncertainty(&known.geometry)
                    || geometry.cameras.len() > known.geometry.cameras.len()
                    || geometry.up == UpSource::Found && known.geometry.up == UpSource::Unknown);
            if !gained {
                self.refine_ns = (2 * self.refine_ns).min(REFINE_NS[1]);
                return;
            }
        }
        self.refine_ns = REFINE_NS[0];
        let text = format!("{} from {} instants", if first { "found" } else { "refined" }, geometry.instants);
        let aligned = match &self.known {
            Some(known) if !self.doubted => self.aligned(&geometry, known).unwrap_or(geometry),
            _ => geometry,
        };
        self.adopt(aligned, &text);
        for (name, why) in left_out {
            if let Some(camera) = self.names.iter().position(|known| *known == name) {
                let problem = format!("not placed: {why}");
                if self.watches[camera].problem.as_ref() != Some(&problem) {
                    self.report(RigEventKind::CameraLeftOut, format!("{name} has no part in the geometry: {why}"));
                    self.watches[camera].problem = Some(problem);
                }
            }
        }
        if first {
            self.found_after_s = self.first_seen_ns.map(|first_seen_ns| (self.now_ns - first_seen_ns) as f64 / 1e9);
        }
    }

    /// A new geometry in the old one's world, by common cameras and bodies. `None` if the new one has a better world,
    /// because only it knows up or a stated height.
    fn aligned(&self, new: &RigGeometry, known: &Known) -> Option<RigGeometry> {
        let old = &known.geometry;
        let better = new.up == UpSource::Found && old.up == UpSource::Unknown
            || new.scale == ScaleSource::Stated && old.scale == ScaleSource::Guess;
        if better {
            return None;
        }
        let in_both = |camera: usize| {
            let name = &self.names[camera];
            Some((new.cameras.get(name)?.camera(), known.placing.camera(camera)?.clone()))
        };
        let cameras: Vec<_> = (0..self.names.len()).filter_map(in_both).collect();
        let placing = self.placing(new).ok()?;
        let standing = self.store.standing();
        let mut points = Vec::new();
        for views in standing.iter().step_by(standing.len().div_ceil(ALIGNING_BODIES).max(1)) {
            if let (Ok(Some(new)), Ok(Some(old))) = (placing.body(views), known.placing.body(views))
                && !new.is_alone()
                && !old.is_alone()
            {
                points.extend(new.points_mm.into_iter().zip(old.points_mm));
            }
        }
        let mut aligned = new.moved_by(&align_rig(&cameras, &points)?);
        (aligned.scale, aligned.up) = (old.scale, old.up);
        Some(aligned.with_id())
    }

    pub(super) fn adopt(&mut self, geometry: RigGeometry, text: &str) {
        match self.placing(&geometry) {
            Ok(placing) => {
                for (camera, watch) in self.watches.iter_mut().enumerate() {
                    let placed = placing.is_placed(camera);
                    let before = self.known.as_ref().is_some_and(|known| known.placing.is_placed(camera));
                    if placed && !before {
                        *watch = CameraWatch::default();
                    }
                }
                self.report(RigEventKind::Geometry, format!("the rig's geometry {} is {text}", geometry.id));
                self.known = Some(Known { geometry, placing });
                (self.doubted, self.changed) = (false, true);
                self.person = PersonTracker::default();
                self.agreements.clear();
            }
            Err(why) => self.last_failure = Some(why.to_string()),
        }
    }

    pub(super) fn found_camera(
        &mut self,
        camera: usize,
        size_px: [f64; 2],
        found: Result<SolvedCamera, GeometryError>,
    ) {
        let name = self.names[camera].clone();
        let Some(known) = self.known.as_ref().filter(|known| !known.placing.is_placed(camera)) else { return };
        match found {
            Ok(solved) => {
                let mut geometry = known.geometry.clone();
                // Without cameras that have no place yet.
                geometry.cameras.retain(|name, _| {
                    self.names.iter().position(|known| known == name).is_none_or(|at| known.placing.is_placed(at))
                });
                let residual_px = solved.residual_px;
                let again = if known.geometry.cameras.contains_key(&name) { " again" } else { "" };
                geometry.cameras.insert(name.clone(), CameraGeometry::new(&solved, &solved.camera, size_px, 1.0));
                geometry.found_utc = utc_now();
                self.adopt(geometry.with_id(), &format!("found anew with {name}, which fits by {residual_px:.1} px"));
                self.report(RigEventKind::CameraFound, format!("{name} has its place{again}"));
            }
            Err(why) => {
                self.watches[camera].problem = Some(format!("not placed yet: {}", without_index(&why)));
            }
        }
    }
}

/// The mean uncertainty of the cameras' rotations, in degrees.
fn uncertainty(geometry: &RigGeometry) -> f64 {
    let degrees = |camera: &CameraGeometry| camera.uncertainty.map_or(10.0, |of| of.rotation_degrees);
    geometry.cameras.values().map(degrees).sum::<f64>() / geometry.cameras.len().max(1) as f64
}
