use body::{RigCameras, RigGeometry, smooth_all};
use geometry::{GeometryError, LensFault, Observation, POINT_COUNT, Selection, velocities};
use joints::{FinderError, JointFinder};
use nalgebra::Vector3;
use subject::SubjectError;
use take::{TakeError, TakeReader};
use thiserror::Error;

use super::instants::{Instant, Instants};
use super::pictures::{Look, Pictures};
use crate::rig::{
    Followed, LEAST_INSTANTS, Placed, Placing, PlacingError, Rig, RigError, RigSearch, lens_faults, median,
};
use crate::seeing::{Points, view};

/// How many instants the geometry is found from.
const INSTANTS: usize = 60;

/// How many instants say where up and the floor are.
const STANDING: usize = 400;

/// How many instants say what lenses and shutters are like.
const LENSES: usize = 600;

/// Why a take gives no bodies.
#[derive(Debug, Error)]
pub enum RecordingError {
    #[error(transparent)]
    Take(#[from] TakeError),
    #[error("{camera}: {source}")]
    Picture { camera: String, source: Box<SubjectError> },
    #[error(transparent)]
    Finder(#[from] FinderError),
    #[error("cameras with pictures: {0}; geometry needs two")]
    Cameras(usize),
    #[error(transparent)]
    Rig(#[from] RigError),
    #[error("the geometry that was given does not serve the take: {0}")]
    Placing(#[from] PlacingError),
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    #[error(
        "the geometry that was given does not fit the take: {camera} misses the bodies by {residual_px:.1} px (median), \
         and {limit_px:.1} px are allowed"
    )]
    DoesNotFit { camera: String, residual_px: f64, limit_px: f64 },
}

/// What a finder saw in a take.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The cameras' names, in the take's order.
    pub names: Vec<String>,
    /// Width and height of each camera's pictures; zero where it has none.
    pub sizes_px: Vec<[f64; 2]>,
    pub instants: Instants,
    /// For each instant and camera, the person.
    pub seen: Vec<Vec<Option<Observation>>>,
    /// By how much the finder's views may miss bodies, as [`JointFinder::most_miss`] says.
    pub most_miss: f64,
}

/// The bodies of a take.
#[derive(Clone, Debug)]
pub struct Bodies {
    /// For each instant the body, where there is one.
    pub bodies: Vec<Option<Placed>>,
    /// Instants in which somebody was seen and that have no body: cameras do not agree on one, or the only camera that saw
    /// somebody saw somebody else, or too little.
    pub withheld: usize,
    /// How many views had left and right exchanged.
    pub exchanged_views: usize,
    /// By camera, the median distance in pixels between its joints and the bodies; none where it saw none.
    pub residuals_px: Vec<(String, Option<f64>)>,
}

impl Bodies {
    /// Those alone that two cameras or more agree on.
    #[must_use]
    pub fn confirmed(mut self) -> Self {
        for body in &mut self.bodies {
            body.take_if(|body| body.is_alone());
        }
        self
    }
}

impl Watched {
    /// Looks for a person in every picture of a take, or of its `first` instants. `progress` is told how many pictures of
    /// how many are done.
    ///
    /// # Errors
    /// Pictures that cannot be read, fewer than two cameras with pictures, a finder that fails.
    pub fn watch(
        take: &TakeReader,
        finder: &mut dyn JointFinder,
        look: &Look,
        first: Option<usize>,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Self, RecordingError> {
        let names = take.cameras();
        let mut pictures =
            (0..names.len()).map(|camera| Pictures::new(take, camera, look)).collect::<Result<Vec<_>, _>>()?;
        let points = Points::of(finder.names());
        let with_pictures = pictures.iter().flatten().count();
        if with_pictures < 2 {
            return Err(RecordingError::Cameras(with_pictures));
        }
        let sizes_px: Vec<[f64; 2]> =
            pictures.iter().map(|pictures| pictures.as_ref().map_or([0.0; 2], |pictures| pictures.size_px)).collect();
        let mut instants = Instants::of(take);
        instants.all.truncate(first.unwrap_or(usize::MAX));
        let mut seen = vec![vec![None; names.len()]; instants.all.len()];
        let total = instants.all.iter().flat_map(|instant| &instant.frames).flatten().count();
        let mut done = 0;
        for run in instants.runs() {
            finder.forget();
            for at in run.clone() {
                let taken: Vec<_> = pictures
                    .iter_mut()
                    .zip(&instants.all[at].frames)
                    .map(|(pictures, frame)| match (pictures, frame) {
                        (Some(pictures), Some(frame)) => pictures.picture(*frame),
                        _ => Ok(None),
                    })
                    .collect::<Result<_, _>>()?;
                let views: Vec<_> = taken.iter().map(|picture| picture.as_ref().map(view)).collect();
                let people = finder.find(&views)?;
                done += instants.all[at].frames.iter().flatten().count();
                for (camera, person) in people.iter().enumerate() {
                    seen[at][camera] = person.as_ref().map(|person| points.observation(person, sizes_px[camera]));
                }
                progress(done, total);
            }
            for camera in 0..names.len() {
                find_velocities(&mut seen[run.clone()], camera);
            }
        }
        Ok(Self { names: names.to_vec(), sizes_px, instants, seen, most_miss: finder.most_miss() })
    }

    /// The same with some of the cameras alone.
    pub fn only(&self, cameras: &[usize]) -> Self {
        let of = |views: &Vec<Option<Observation>>| cameras.iter().map(|&camera| views[camera].clone()).collect();
        Self {
            names: cameras.iter().map(|&camera| self.names[camera].clone()).collect(),
            sizes_px: cameras.iter().map(|&camera| self.sizes_px[camera]).collect(),
            instants: self.instants.clone(),
            seen: self.seen.iter().map(of).collect(),
            most_miss: self.most_miss,
        }
    }

    /// The same cameras, of which one alone saw anything.
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
    /// A geometry that cannot be found or believed.
    pub fn find_rig(&self, height_mm: Option<f64>, now_utc: &str) -> Result<Rig, RecordingError> {
        let cameras = RigCameras { names: self.names.clone(), sizes_px: self.sizes_px.clone() };
        let mut selection = Selection::new(&cameras.sizes_px, INSTANTS);
        for (name, views) in self.seen.iter().enumerate() {
            selection.offer(name as u64, views);
        }
        if selection.len() < LEAST_INSTANTS {
            let seen = (0..self.seen.len()).filter(|&at| self.views_at(at) >= 2).count();
            let different = selection.len();
            let still = RigError::StandsStill { seen, different };
            return Err(if seen < LEAST_INSTANTS { RigError::Nobody(seen) } else { still }.into());
        }
        // Where few instants look different, further ones still average out the finder's errors.
        let kept = selection.names();
        let usable = (0..self.seen.len()).filter(|at| !kept.contains(&(*at as u64)) && self.views_at(*at) >= 2);
        let usable: Vec<usize> = usable.collect();
        let wanted = INSTANTS - selection.len();
        let further = usable.iter().step_by(usable.len().div_ceil(wanted.max(1)).max(1)).take(wanted);
        let mut instants = selection.instants();
        instants.extend(further.map(|&at| self.seen[at].clone()));
        let standing: Vec<_> = self.seen.iter().step_by(self.seen.len().div_ceil(STANDING)).cloned().collect();
        Ok(RigSearch { cameras, instants, standing }.find(height_mm, now_utc)?)
    }

    /// How many cameras see the person at an instant.
    fn views_at(&self, instant: usize) -> usize {
        self.seen[instant].iter().flatten().count()
    }

    /// The body of each instant, with the cameras where `geometry` has them.
    ///
    /// # Errors
    /// A geometry that does not serve these cameras.
    pub fn bodies(&self, geometry: &RigGeometry, smooth: bool) -> Result<Bodies, RecordingError> {
        let placing = Placing::new(geometry, &self.names, &self.sizes_px)?.allowing(self.most_miss);
        let mut followed = Followed::default();
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
            (self.names[camera].clone(), median(misses))
        };
        let placed = (0..self.names.len()).filter(|&camera| placing.is_placed(camera));
        let residuals_px = placed.map(residual).collect();
        let bodies = if smooth { smoothed(bodies, &self.instants.runs()) } else { bodies };
        Ok(Bodies { bodies, withheld, exchanged_views, residuals_px })
    }

    /// By camera, what residuals say of its lens and its shutter; mostly nothing.
    ///
    /// # Errors
    /// A geometry that does not serve these cameras.
    pub fn lens_faults(&self, geometry: &RigGeometry) -> Result<Vec<(String, Vec<LensFault>)>, RecordingError> {
        let placing = Placing::new(geometry, &self.names, &self.sizes_px)?;
        let instants: Vec<_> = self.seen.iter().step_by(self.seen.len().div_ceil(LENSES).max(1)).cloned().collect();
        Ok(self.names.iter().cloned().zip(lens_faults(&placing, &instants)?).collect())
    }

    /// Whether bodies fit what a geometry that was given says.
    ///
    /// # Errors
    /// The first camera that misses the bodies by more than the finder's views may.
    pub fn check_fit(&self, bodies: &Bodies) -> Result<(), RecordingError> {
        for (camera, residual_px) in &bodies.residuals_px {
            let at = self.names.iter().position(|name| name == camera);
            let long_side_px = at.map_or(0.0, |at| self.sizes_px[at][0].max(self.sizes_px[at][1]));
            let limit_px = self.most_miss * long_side_px;
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

/// Bodies of one view, which may jump, stay as they are and move no others.
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
