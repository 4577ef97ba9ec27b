use body::{FoundRig, RigCameras, RigGeometry, find_rig, smooth_all};
use geometry::{Doubt, GeometryError, Observation, Options, POINT_COUNT, Selection, label, velocities};
use joints::{FinderError, JointFinder};
use nalgebra::Vector3;
use subject::SubjectError;
use take::{TakeError, TakeReader};
use thiserror::Error;

use super::instants::Instants;
use super::observation::observation;
use super::pictures::Pictures;

/// How many instants the geometry is found from.
const INSTANTS: usize = 60;

/// The geometry is not looked for in fewer instants than this.
const LEAST_INSTANTS: usize = 3;

/// How many instants say where up and the floor are.
const STANDING: usize = 400;

/// Why a take gives no bodies.
#[derive(Debug, Error)]
pub enum RecordingError {
    #[error(transparent)]
    Take(#[from] TakeError),
    #[error("{camera}: {source}")]
    Picture { camera: String, source: Box<SubjectError> },
    #[error(transparent)]
    Finder(#[from] FinderError),
    #[error("only {0} camera has pictures; geometry needs two")]
    Cameras(usize),
    #[error("somebody was seen by two cameras at once in {0} instants, too few to find the rig's geometry from")]
    Nobody(usize),
    #[error("the rig's geometry cannot be found: {0}")]
    Geometry(#[from] GeometryError),
    #[error("the rig's geometry is not to be believed: {0}")]
    Doubt(String),
    #[error("the geometry that was given has no camera {0}")]
    OtherRig(String),
}

/// One body of a take.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// In the world of the geometry, in millimetres, in the order of `geometry::POINT_NAMES`.
    pub points_mm: [Vector3<f64>; POINT_COUNT],
    /// Cameras that saw the person.
    pub views: usize,
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
}

/// The geometry of a rig, and what was left out of it.
#[derive(Clone, Debug)]
pub struct Rig {
    pub geometry: RigGeometry,
    /// Cameras that are not to be believed, and why.
    pub left_out: Vec<(String, String)>,
}

/// The bodies of a take.
#[derive(Clone, Debug)]
pub struct Bodies {
    /// For each instant the body, where two cameras or more saw one.
    pub bodies: Vec<Option<Body>>,
    /// How many views had left and right exchanged.
    pub exchanged_views: usize,
}

impl Watched {
    /// Looks for a person in every picture of a take, or of its `first` instants. `progress` is told how many pictures of how many are done.
    ///
    /// # Errors
    /// Pictures that cannot be read, fewer than two cameras with pictures, a finder that fails.
    pub fn watch(
        take: &TakeReader,
        finder: &mut dyn JointFinder,
        first: Option<usize>,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Self, RecordingError> {
        let names = take.cameras();
        let mut pictures = (0..names.len()).map(|camera| Pictures::new(take, camera)).collect::<Result<Vec<_>, _>>()?;
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
                let views: Vec<_> = pictures
                    .iter_mut()
                    .zip(&instants.all[at].frames)
                    .map(|(pictures, frame)| match (pictures, frame) {
                        (Some(pictures), Some(frame)) => pictures.view(*frame).map(Some),
                        _ => Ok(None),
                    })
                    .collect::<Result<_, _>>()?;
                let people = finder.find(&views)?;
                done += views.iter().flatten().count();
                for (camera, person) in people.iter().enumerate() {
                    seen[at][camera] = person.as_ref().map(|person| observation(person, sizes_px[camera]));
                }
                progress(done, total);
            }
            for camera in 0..names.len() {
                find_velocities(&mut seen[run.clone()], camera);
            }
        }
        Ok(Self { names: names.to_vec(), sizes_px, instants, seen })
    }

    /// The same with some of the cameras alone.
    pub fn only(&self, cameras: &[usize]) -> Self {
        let of = |views: &Vec<Option<Observation>>| cameras.iter().map(|&camera| views[camera].clone()).collect();
        Self {
            names: cameras.iter().map(|&camera| self.names[camera].clone()).collect(),
            sizes_px: cameras.iter().map(|&camera| self.sizes_px[camera]).collect(),
            instants: self.instants.clone(),
            seen: self.seen.iter().map(of).collect(),
        }
    }

    /// Finds the rig's geometry. Cameras that are not to be believed are left out while two are left. With `height_mm`,
    /// the person's standing height, the scale is stated. `now_utc` is when this is, RFC 3339.
    ///
    /// # Errors
    /// A geometry that cannot be found or believed.
    pub fn find_rig(&self, height_mm: Option<f64>, now_utc: &str) -> Result<Rig, RecordingError> {
        let mut left_out = Vec::new();
        let mut kept: Vec<usize> = (0..self.names.len()).filter(|&camera| self.sizes_px[camera][0] > 0.0).collect();
        loop {
            let part = self.only(&kept);
            let FoundRig { geometry, verdict } = part.find_believing_all(height_mm, now_utc)?;
            if verdict.believable() {
                return Ok(Rig { geometry, left_out });
            }
            let doubted = |at: &usize| !verdict.cameras[*at].is_empty();
            let believed = (0..kept.len()).filter(|at| !doubted(at)).count();
            if !verdict.rig.is_empty() || believed < 2 {
                let of_cameras = part.names.iter().zip(&verdict.cameras).filter(|(_, doubts)| !doubts.is_empty());
                let mut all: Vec<String> =
                    of_cameras.map(|(name, doubts)| format!("{name}: {}", said(doubts))).collect();
                all.extend(verdict.rig.iter().map(Doubt::to_string));
                return Err(RecordingError::Doubt(all.join("; ")));
            }
            let said_of = |at: usize| (part.names[at].clone(), said(&verdict.cameras[at]));
            left_out.extend((0..kept.len()).filter(doubted).map(said_of));
            kept = (0..kept.len()).filter(|at| !doubted(at)).map(|at| kept[at]).collect();
        }
    }

    /// How many cameras see the person at an instant.
    fn views_at(&self, instant: usize) -> usize {
        self.seen[instant].iter().flatten().count()
    }

    fn find_believing_all(&self, height_mm: Option<f64>, now_utc: &str) -> Result<FoundRig, RecordingError> {
        let cameras = RigCameras { names: self.names.clone(), sizes_px: self.sizes_px.clone() };
        let mut selection = Selection::new(&cameras.sizes_px, INSTANTS);
        for (name, views) in self.seen.iter().enumerate() {
            selection.offer(name as u64, views);
        }
        if selection.len() < LEAST_INSTANTS {
            return Err(RecordingError::Nobody(selection.len()));
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
        let options = Options { time_offsets: true, ..Options::default() };
        Ok(find_rig(&cameras, &instants, &standing, &options, height_mm, now_utc)?)
    }

    /// The body of each instant, with the cameras where `geometry` has them.
    ///
    /// # Errors
    /// A geometry that knows fewer than two of the cameras.
    pub fn bodies(&self, geometry: &RigGeometry, smooth: bool) -> Result<Bodies, RecordingError> {
        let placed = |camera: &usize| geometry.cameras.contains_key(&self.names[*camera]);
        let known: Vec<usize> = (0..self.names.len()).filter(placed).collect();
        if known.len() < 2 {
            let unknown = (0..self.names.len()).find(|camera| !placed(camera));
            return Err(RecordingError::OtherRig(unknown.map(|camera| self.names[camera].clone()).unwrap_or_default()));
        }
        let cameras: Vec<_> = known.iter().map(|&camera| geometry.cameras[&self.names[camera]].camera()).collect();
        let mut exchanged_views = 0;
        let body = |views: &Vec<Option<Observation>>| -> Result<Option<Body>, GeometryError> {
            let views: Vec<_> = known.iter().map(|&camera| views[camera].clone()).collect();
            let Some(labelled) = label(&cameras, &geometry.bone_lengths_mm, &views)? else { return Ok(None) };
            exchanged_views += labelled.exchanged.len();
            Ok(Some(Body { points_mm: labelled.points_mm, views: views.iter().flatten().count() }))
        };
        let bodies = self.seen.iter().map(body).collect::<Result<_, _>>()?;
        let bodies = if smooth { smoothed(bodies, &self.instants.runs()) } else { bodies };
        Ok(Bodies { bodies, exchanged_views })
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

fn said(doubts: &[Doubt]) -> String {
    doubts.iter().map(Doubt::to_string).collect::<Vec<_>>().join(", ")
}

fn smoothed(bodies: Vec<Option<Body>>, runs: &[std::ops::Range<usize>]) -> Vec<Option<Body>> {
    let points: Vec<_> = bodies.iter().map(|body| body.as_ref().map(|body| body.points_mm)).collect();
    let smooth = smooth_all(&points, runs);
    let put = |(body, points_mm): (Option<Body>, Option<[Vector3<f64>; POINT_COUNT]>)| {
        Some(Body { points_mm: points_mm?, ..body? })
    };
    bodies.into_iter().zip(smooth).map(put).collect()
}
