//! What a joint finder saw in a take, and the rig and bodies found from it.

use body::{RigCameras, RigGeometry, smooth_all};
use geometry::{GeometryError, LensFault, Observation, POINT_COUNT, Selection, evenly_spread, velocities};
use joints::JointFinder;
use nalgebra::Vector3;
use take::TakeReader;
use transport::too_few_usable;

use super::error::RecordingError;
use super::instants::{Instant, Instants};
use super::pictures::{CameraPictures, FinderInput, Taken};
use crate::observations::{PointSources, view};
use crate::rig::{
    FoundGeometry, GEOMETRY_INSTANTS, MIN_INSTANTS, PersonTracker, Placed, Placing, RigSearch, RigSearchError,
    STANDING_INSTANTS, lens_faults, upper_median,
};

/// How many instants faults of lenses and shutters are searched in.
const LENS_INSTANTS: usize = 600;

/// What a joint finder saw in a take.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The cameras' names, in the take's order.
    pub names: Vec<String>,
    /// Width and height of each camera's pictures; zero if it has none.
    pub sizes_px: Vec<[f64; 2]>,
    pub instants: Instants,
    /// The person per instant and camera.
    pub seen: Vec<Vec<Option<Observation>>>,
    /// Instants of which nothing is known, since fewer than two cameras saw the room as it was learned.
    pub not_known: usize,
    /// The finder's [`JointFinder::max_residual`].
    pub max_residual: f64,
}

/// The bodies of a take.
#[derive(Clone, Debug)]
pub struct Bodies {
    /// The body per instant, if there is one.
    pub bodies: Vec<Option<Placed>>,
    /// Instants in which somebody was seen but that have no body: cameras do not agree on one, or the only camera that
    /// saw somebody saw another person or too little.
    pub withheld: usize,
    /// How many views had left and right exchanged.
    pub exchanged_views: usize,
    /// Per camera the median distance in pixels between its joints and the bodies; `None` if it saw none.
    pub residuals_px: Vec<(String, Option<f64>)>,
}

impl Bodies {
    /// Only those that at least two cameras agree on.
    #[must_use]
    pub fn confirmed(mut self) -> Self {
        for body in &mut self.bodies {
            body.take_if(|body| body.is_alone());
        }
        self
    }
}

impl Watched {
    /// Finds the person in the pictures of these instants of a take. `progress` gets the number of pictures done, and of
    /// all.
    ///
    /// # Errors
    /// If pictures cannot be read, fewer than two cameras have pictures, or the finder fails.
    pub fn watch(
        take: &TakeReader,
        finder: &mut dyn JointFinder,
        look: &FinderInput,
        instants: Instants,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Self, RecordingError> {
        let names = take.cameras();
        let mut pictures =
            (0..names.len()).map(|camera| CameraPictures::new(take, camera, look)).collect::<Result<Vec<_>, _>>()?;
        let points = PointSources::of(finder.names());
        let with_pictures = pictures.iter().flatten().count();
        if with_pictures < 2 {
            return Err(RecordingError::Cameras(with_pictures));
        }
        let sizes_px: Vec<[f64; 2]> =
            pictures.iter().map(|pictures| pictures.as_ref().map_or([0.0; 2], |pictures| pictures.size_px)).collect();
        let mut seen = vec![vec![None; names.len()]; instants.all.len()];
        let total = instants.all.iter().flat_map(|instant| &instant.frames).flatten().count();
        let (mut done, mut not_known) = (0, 0);
        for run in instants.runs() {
            finder.forget();
            for at in run.clone() {
                let taken: Vec<_> = pictures
                    .iter_mut()
                    .zip(&instants.all[at].frames)
                    .map(|(pictures, frame)| match (pictures, frame) {
                        (Some(pictures), Some(frame)) => pictures.picture(*frame),
                        _ => Ok(Taken::Nothing),
                    })
                    .collect::<Result<_, _>>()?;
                let present = instants.all[at].frames.iter().flatten().count();
                done += present;
                let unusable = taken.iter().filter(|taken| matches!(taken, Taken::Unusable)).count();
                if too_few_usable(present, unusable) {
                    not_known += 1;
                    finder.forget();
                    progress(done, total);
                    continue;
                }
                let views: Vec<_> = taken.iter().map(|taken| taken.picture().map(view)).collect();
                let people = finder.find(&views)?;
                for (camera, person) in people.iter().enumerate() {
                    seen[at][camera] = person.as_ref().map(|person| points.observation(person, sizes_px[camera]));
                }
                progress(done, total);
            }
            for camera in 0..names.len() {
                find_velocities(&mut seen[run.clone()], camera);
            }
        }
        Ok(Self { names: names.to_vec(), sizes_px, instants, seen, not_known, max_residual: finder.max_residual() })
    }

    /// The same for some of the cameras.
    pub fn only(&self, cameras: &[usize]) -> Self {
        let of = |views: &Vec<Option<Observation>>| cameras.iter().map(|&camera| views[camera].clone()).collect();
        Self {
            names: cameras.iter().map(|&camera| self.names[camera].clone()).collect(),
            sizes_px: cameras.iter().map(|&camera| self.sizes_px[camera]).collect(),
            instants: self.instants.clone(),
            seen: self.seen.iter().map(of).collect(),
            not_known: self.not_known,
            max_residual: self.max_residual,
        }
    }

    /// The same cameras, but only the views of one of them.
    pub fn with_views_of(&self, camera: usize) -> Self {
        let alone = |views: &Vec<Option<Observation>>| {
            let mut alone = vec![None; views.len()];
            alone[camera].clone_from(&views[camera]);
            alone
        };
        Self { seen: self.seen.iter().map(alone).collect(), ..self.clone() }
    }

    /// Finds the rig's geometry, as [`RigSearch::find`] does.
    ///
    /// # Errors
    /// If no geometry is found, or it cannot be trusted.
    pub fn find_rig(&self, height_mm: Option<f64>, now_utc: &str) -> Result<FoundGeometry, RecordingError> {
        let cameras = RigCameras { names: self.names.clone(), sizes_px: self.sizes_px.clone() };
        let mut selection = Selection::new(&cameras.sizes_px, GEOMETRY_INSTANTS);
        for (name, views) in self.seen.iter().enumerate() {
            selection.offer(name as u64, views);
        }
        if selection.len() < MIN_INSTANTS {
            let seen = (0..self.seen.len()).filter(|&at| self.views_at(at) >= 2).count();
            let different = selection.len();
            let still = RigSearchError::StandsStill { seen, different };
            return Err(if seen < MIN_INSTANTS { RigSearchError::Nobody(seen) } else { still }.into());
        }
        let selected = selection.names();
        let others = (0..self.seen.len()).filter(|at| !selected.contains(&(*at as u64)) && self.views_at(*at) >= 2);
        let others: Vec<usize> = others.collect();
        let further = evenly_spread(others.len(), GEOMETRY_INSTANTS - selection.len());
        let mut instants = selection.instants();
        instants.extend(further.map(|at| self.seen[others[at]].clone()));
        let standing: Vec<_> = self.seen.iter().step_by(self.seen.len().div_ceil(STANDING_INSTANTS)).cloned().collect();
        Ok(RigSearch { cameras, instants, standing }.find(height_mm, now_utc)?)
    }

    /// How many cameras see the person at an instant.
    fn views_at(&self, instant: usize) -> usize {
        self.seen[instant].iter().flatten().count()
    }

    /// The body of each instant, with the cameras of `geometry`.
    ///
    /// # Errors
    /// If the geometry cannot be used for these cameras.
    pub fn bodies(&self, geometry: &RigGeometry, smooth: bool) -> Result<Bodies, RecordingError> {
        let placing = Placing::new(geometry, &self.names, &self.sizes_px)?.allowing(self.max_residual);
        let mut followed = PersonTracker::default();
        let mut body = |(instant, views): (&Instant, &Vec<Option<Observation>>)| {
            let body = placing.body(views)?;
            Ok(body.filter(|body| followed.is_same(instant.segment, instant.exposure_ns, body)))
        };
        let bodies =
            self.instants.all.iter().zip(&self.seen).map(&mut body).collect::<Result<Vec<_>, GeometryError>>()?;
        let exchanged_views = bodies.iter().flatten().map(|body| body.exchanged.len()).sum();
        let is_seen = |at: usize| (0..self.names.len()).any(|c| placing.is_placed(c) && self.seen[at][c].is_some());
        let withheld = (0..bodies.len()).filter(|&at| bodies[at].is_none() && is_seen(at)).count();
        let residual = |camera: usize| {
            let misses = bodies.iter().flatten().filter_map(|body| body.misses_px[camera]).collect();
            (self.names[camera].clone(), upper_median(misses))
        };
        let placed = (0..self.names.len()).filter(|&camera| placing.is_placed(camera));
        let residuals_px = placed.map(residual).collect();
        let bodies = if smooth { smoothed(bodies, &self.instants.runs()) } else { bodies };
        Ok(Bodies { bodies, withheld, exchanged_views, residuals_px })
    }

    /// Per camera the faults of its lens and shutter that show in residuals.
    ///
    /// # Errors
    /// If the geometry cannot be used for these cameras.
    pub fn lens_faults(&self, geometry: &RigGeometry) -> Result<Vec<(String, Vec<LensFault>)>, RecordingError> {
        let placing = Placing::new(geometry, &self.names, &self.sizes_px)?;
        let instants: Vec<_> =
            self.seen.iter().step_by(self.seen.len().div_ceil(LENS_INSTANTS).max(1)).cloned().collect();
        Ok(self.names.iter().cloned().zip(lens_faults(&placing, &instants)?).collect())
    }

    /// Checks that bodies fit the given geometry that they were found with.
    ///
    /// # Errors
    /// The first camera that misses the bodies by more than the finder's residual may be.
    pub fn check_fit(&self, bodies: &Bodies) -> Result<(), RecordingError> {
        for (camera, residual_px) in &bodies.residuals_px {
            let at = self.names.iter().position(|name| name == camera);
            let long_side_px = at.map_or(0.0, |at| self.sizes_px[at][0].max(self.sizes_px[at][1]));
            let limit_px = self.max_residual * long_side_px;
            match *residual_px {
                Some(residual_px) if residual_px > limit_px => {
                    return Err(RecordingError::DoesNotFit { camera: camera.clone(), residual_px, limit_px });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn find_velocities(run: &mut [Vec<Option<Observation>>], camera: usize) {
    let track: Vec<_> = run.iter().map(|views| views[camera].as_ref().map(|view| view.px)).collect();
    for (views, velocity) in run.iter_mut().zip(velocities(&track)) {
        if let Some(view) = &mut views[camera] {
            view.velocity_px = velocity;
        }
    }
}

/// Smooths bodies. Those of a single view, which may jump, neither change nor affect others.
fn smoothed(bodies: Vec<Option<Placed>>, runs: &[std::ops::Range<usize>]) -> Vec<Option<Placed>> {
    let confirmed = |body: &Option<Placed>| Some(body.as_ref().filter(|body| !body.is_alone())?.points_mm);
    let points: Vec<_> = bodies.iter().map(confirmed).collect();
    let smooth = smooth_all(&points, runs);
    let put = |(body, points_mm): (Option<Placed>, Option<[Vector3<f64>; POINT_COUNT]>)| {
        let body = body?;
        Some(Placed { points_mm: points_mm.unwrap_or(body.points_mm), ..body })
    };
    bodies.into_iter().zip(smooth).map(put).collect()
}
