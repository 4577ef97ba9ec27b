use body::{FoundRig, RigCameras, RigGeometry, ScaleSource, find_rig, smooth_all};
use geometry::{Camera, Doubt, GeometryError, Observation, Options, POINT_COUNT, Selection, label, velocities};
use joints::{FinderError, JointFinder};
use nalgebra::Vector3;
use subject::SubjectError;
use take::{TakeError, TakeReader};
use thiserror::Error;

use super::instants::Instants;
use super::pictures::Pictures;
use crate::seeing::{observation, view};

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
    #[error("cameras with pictures: {0}; geometry needs two")]
    Cameras(usize),
    #[error("instants in which two cameras or more see somebody: {0}; the rig's geometry needs {LEAST_INSTANTS}")]
    Nobody(usize),
    #[error(
        "the person hardly moves: of {seen} instants only {different} look different from one another, and the rig's \
         geometry needs {LEAST_INSTANTS}"
    )]
    StandsStill { seen: usize, different: usize },
    #[error("a height was stated, but nobody stood upright, so it cannot be put to use")]
    NobodyStood,
    #[error("the rig's geometry cannot be found: {0}")]
    Geometry(#[from] GeometryError),
    #[error("the rig's geometry is not to be believed: {0}")]
    Doubt(String),
    #[error("the geometry that was given has fewer than two of the take's cameras; {0} is not in it")]
    OtherRig(String),
    #[error("the geometry that was given is none: {0}")]
    BadGeometry(String),
    #[error("the geometry that was given has pictures of {given:?} px for {camera}, and the take's have {taken:?} px")]
    OtherSize { camera: String, given: [f64; 2], taken: [f64; 2] },
    #[error(
        "the geometry that was given does not fit the take: {camera} misses the bodies by {residual_px:.1} px (median), \
         and {limit_px:.1} px are allowed"
    )]
    DoesNotFit { camera: String, residual_px: f64, limit_px: f64 },
}

/// One body of a take.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// In the world of the geometry, in millimetres, in the order of `geometry::POINT_NAMES`.
    pub points_mm: [Vector3<f64>; POINT_COUNT],
    /// By how many views each point is confirmed; with none, it stands where its bones allow.
    pub near_views: [usize; POINT_COUNT],
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
    /// By camera, the median distance in pixels between its joints and the bodies; none where it saw none.
    pub residuals_px: Vec<(String, Option<f64>)>,
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
                let taken: Vec<_> = pictures
                    .iter_mut()
                    .zip(&instants.all[at].frames)
                    .map(|(pictures, frame)| match (pictures, frame) {
                        (Some(pictures), Some(frame)) => pictures.picture(*frame).map(Some),
                        _ => Ok(None),
                    })
                    .collect::<Result<_, _>>()?;
                let views: Vec<_> = taken.iter().map(|picture| picture.as_ref().map(view)).collect();
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
            let leave_out = |camera: usize, why: String| (part.names[camera].clone(), why);
            let found = match part.find_believing_all(height_mm, now_utc) {
                // One camera's fault is no reason to do without the others.
                Err(RecordingError::Geometry(error)) if kept.len() > 2 => match camera_of(&error) {
                    Some(camera) => {
                        left_out.push(leave_out(camera, without_index(&error)));
                        kept.remove(camera);
                        continue;
                    }
                    None => return Err(error.into()),
                },
                Err(RecordingError::Geometry(error)) => {
                    return Err(match camera_of(&error) {
                        Some(camera) => {
                            RecordingError::Doubt(format!("{}: {}", part.names[camera], without_index(&error)))
                        }
                        None => error.into(),
                    });
                }
                found => found?,
            };
            let FoundRig { geometry, verdict } = found;
            if verdict.believable() {
                if height_mm.is_some() && geometry.scale == ScaleSource::Guess {
                    return Err(RecordingError::NobodyStood);
                }
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
            let said_of = |at: usize| leave_out(at, said(&verdict.cameras[at]));
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
            let seen = (0..self.seen.len()).filter(|&at| self.views_at(at) >= 2).count();
            let different = selection.len();
            let still = RecordingError::StandsStill { seen, different };
            return Err(if seen < LEAST_INSTANTS { RecordingError::Nobody(seen) } else { still });
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
    /// A geometry that is none, that knows fewer than two of the cameras, or has them with other pictures.
    pub fn bodies(&self, geometry: &RigGeometry, smooth: bool) -> Result<Bodies, RecordingError> {
        geometry.check().map_err(RecordingError::BadGeometry)?;
        let placed = |camera: &usize| geometry.cameras.contains_key(&self.names[*camera]);
        let known: Vec<usize> = (0..self.names.len()).filter(placed).collect();
        if known.len() < 2 {
            let unknown = (0..self.names.len()).find(|camera| !placed(camera));
            return Err(RecordingError::OtherRig(unknown.map(|camera| self.names[camera].clone()).unwrap_or_default()));
        }
        for &camera in &known {
            let (name, taken) = (&self.names[camera], self.sizes_px[camera]);
            let given = geometry.cameras[name].size_px;
            if given != taken && taken[0] > 0.0 {
                return Err(RecordingError::OtherSize { camera: name.clone(), given, taken });
            }
        }
        let cameras: Vec<_> = known.iter().map(|&camera| geometry.cameras[&self.names[camera]].camera()).collect();
        let mut exchanged_views = 0;
        let mut misses: Vec<Vec<f64>> = vec![Vec::new(); known.len()];
        let body = |views: &Vec<Option<Observation>>| -> Result<Option<Body>, GeometryError> {
            let views: Vec<_> = known.iter().map(|&camera| views[camera].clone()).collect();
            let Some(labelled) = label(&cameras, &geometry.bone_lengths_mm, &views)? else { return Ok(None) };
            exchanged_views += labelled.exchanged.len();
            for (at, view) in views.iter().enumerate() {
                let Some(view) = view.as_ref().filter(|_| !labelled.exchanged.contains(&at)) else { continue };
                misses[at].extend(missed_px(&cameras[at], view, &labelled.points_mm));
            }
            let views = views.iter().flatten().count();
            Ok(Some(Body { points_mm: labelled.points_mm, near_views: labelled.near_views, views }))
        };
        let bodies = self.seen.iter().map(body).collect::<Result<_, _>>()?;
        let bodies = if smooth { smoothed(bodies, &self.instants.runs()) } else { bodies };
        let residual = |(&camera, misses): (&usize, Vec<f64>)| (self.names[camera].clone(), median(misses));
        let residuals_px = known.iter().zip(misses).map(residual).collect();
        Ok(Bodies { bodies, exchanged_views, residuals_px })
    }

    /// Whether bodies fit what a geometry that was given says.
    ///
    /// # Errors
    /// The first camera that misses the bodies by more than a geometry that is found may.
    pub fn check_fit(&self, bodies: &Bodies) -> Result<(), RecordingError> {
        for (camera, residual_px) in &bodies.residuals_px {
            let at = self.names.iter().position(|name| name == camera);
            let long_side_px = at.map_or(0.0, |at| self.sizes_px[at][0].max(self.sizes_px[at][1]));
            let limit_px = Options::default().most_residual * long_side_px;
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

/// How far a view's believed joints are from where the body's points are seen, in pixels.
fn missed_px(camera: &Camera, view: &Observation, points: &[Vector3<f64>; POINT_COUNT]) -> Vec<f64> {
    let offset = camera.time_offset_frames.unwrap_or(0.0);
    let miss = |point: usize| {
        let seen = camera.project(&points[point]).filter(|_| view.weight[point] > 0.0)?;
        let velocity = view.velocity_px.map_or([0.0; 2], |velocity| velocity[point]);
        let at = |axis: usize| view.px[point][axis] - offset * velocity[axis];
        Some((seen.x - at(0)).hypot(seen.y - at(1)))
    };
    (0..POINT_COUNT).filter_map(miss).collect()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The camera that an error is about, as an index.
fn camera_of(error: &GeometryError) -> Option<usize> {
    match error {
        GeometryError::BadPictureSize { camera, .. }
        | GeometryError::CameraApart { camera, .. }
        | GeometryError::ResidualTooHigh { camera, .. } => Some(*camera),
        _ => None,
    }
}

/// What such an error says of its camera, for those who know it by name.
fn without_index(error: &GeometryError) -> String {
    match error {
        GeometryError::CameraApart { found, needed, .. } => {
            format!("it sees the person together with other cameras in {found} instants, and needs {needed}")
        }
        GeometryError::ResidualTooHigh { residual_px, limit_px, .. } => {
            format!("it misses the bodies by {residual_px:.1} px (median), and {limit_px:.1} px are allowed")
        }
        other => other.to_string(),
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
