use body::{FoundRig, RigCameras, RigGeometry, ScaleSource, find_rig};
use geometry::{Doubt, GeometryError, Observation, Options, mirrored};
use thiserror::Error;

/// The geometry is not looked for in fewer instants than this.
pub const LEAST_INSTANTS: usize = 3;

/// A focal length while none is known, in longer sides of the picture.
const ROUGH_FOCAL: f64 = 1.2;

/// Why a rig's geometry is not found.
#[derive(Debug, Error)]
pub enum RigError {
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
}

/// The geometry of a rig, and what was left out of it.
#[derive(Clone, Debug)]
pub struct Rig {
    pub geometry: RigGeometry,
    /// Cameras that are not to be believed, and why.
    pub left_out: Vec<(String, String)>,
}

/// What a geometry is searched in.
#[derive(Clone, Debug)]
pub struct RigSearch {
    pub cameras: RigCameras,
    /// Instants that look different from one another, as far as there are such.
    pub instants: Vec<Vec<Option<Observation>>>,
    /// Instants of the whole time, in their order, which say where up and the floor are.
    pub standing: Vec<Vec<Option<Observation>>>,
}

impl RigSearch {
    /// Finds the geometry. Cameras that are not to be believed are left out while two are left. With `height_mm`, the
    /// person's standing height, the scale is stated. `now_utc` is when this is, RFC 3339.
    ///
    /// # Errors
    /// A geometry that cannot be found or believed.
    pub fn find(&self, height_mm: Option<f64>, now_utc: &str) -> Result<Rig, RigError> {
        let names = &self.cameras.names;
        let mut left_out = Vec::new();
        // A camera that has not shown a picture yet, and one that nobody was seen in, have no part in it.
        let seen = |camera: &usize| self.instants.iter().any(|views| views[*camera].is_some());
        let mut kept: Vec<usize> =
            (0..names.len()).filter(|camera| self.cameras.sizes_px[*camera][0] > 0.0 && seen(camera)).collect();
        let options = Options { time_offsets: true, ..Options::default() };
        // Cameras that see the person, and elsewhere than the others do.
        let mut disagree = 0;
        loop {
            let part = self.only(&kept);
            let leave_out = |camera: usize, why: String| (part.cameras.names[camera].clone(), why);
            let found = find_rig(&part.cameras, &part.instants, &part.standing, &options, height_mm, now_utc);
            let FoundRig { geometry, verdict } = match found {
                Ok(found) => found,
                Err(error) => match camera_of(&error) {
                    // One camera's fault is no reason to do without the others.
                    Some(camera) if kept.len() > 2 => {
                        let misses = matches!(error, GeometryError::ResidualTooHigh { .. });
                        let mirrored = misses && part.is_mirrored(camera);
                        disagree += usize::from(misses && !mirrored);
                        let why = if mirrored { Doubt::Mirrored.to_string() } else { without_index(&error) };
                        left_out.push(leave_out(camera, why));
                        kept.remove(camera);
                        continue;
                    }
                    Some(camera) => {
                        let name = &part.cameras.names[camera];
                        return Err(RigError::Doubt(format!("{name}: {}", without_index(&error))));
                    }
                    None => return Err(error.into()),
                },
            };
            if verdict.believable() {
                if disagree >= kept.len() {
                    return Err(RigError::Doubt(too_few_agree(kept.len(), &left_out)));
                }
                if height_mm.is_some() && geometry.scale == ScaleSource::Guess {
                    return Err(RigError::NobodyStood);
                }
                return Ok(Rig { geometry, left_out });
            }
            let doubted = |at: &usize| !verdict.cameras[*at].is_empty();
            let believed = (0..kept.len()).filter(|at| !doubted(at)).count();
            if !verdict.rig.is_empty() || believed < 2 {
                let of_cameras = part.cameras.names.iter().zip(&verdict.cameras);
                let mut all: Vec<String> = of_cameras
                    .filter(|(_, doubts)| !doubts.is_empty())
                    .map(|(name, doubts)| format!("{name}: {}", said(doubts)))
                    .collect();
                all.extend(verdict.rig.iter().map(Doubt::to_string));
                return Err(RigError::Doubt(all.join("; ")));
            }
            let misses =
                |at: &usize| verdict.cameras[*at].iter().any(|doubt| matches!(doubt, Doubt::ResidualTooLarge { .. }));
            disagree += (0..kept.len()).filter(misses).count();
            let said_of = |at: usize| leave_out(at, said(&verdict.cameras[at]));
            left_out.extend((0..kept.len()).filter(doubted).map(said_of));
            kept = (0..kept.len()).filter(|at| !doubted(at)).map(|at| kept[at]).collect();
        }
    }

    /// Whether a camera's pictures seem to be mirrored, as far as rough focal lengths tell.
    fn is_mirrored(&self, camera: usize) -> bool {
        let sizes_px = &self.cameras.sizes_px;
        let focals_px: Vec<f64> = sizes_px.iter().map(|size| ROUGH_FOCAL * size[0].max(size[1])).collect();
        mirrored(sizes_px, &self.instants, &focals_px)[camera]
    }

    /// The same with some of the cameras alone.
    fn only(&self, cameras: &[usize]) -> Self {
        let of = |views: &Vec<Option<Observation>>| cameras.iter().map(|&camera| views[camera].clone()).collect();
        Self {
            cameras: RigCameras {
                names: cameras.iter().map(|&camera| self.cameras.names[camera].clone()).collect(),
                sizes_px: cameras.iter().map(|&camera| self.cameras.sizes_px[camera]).collect(),
            },
            instants: self.instants.iter().map(of).collect(),
            standing: self.standing.iter().map(of).collect(),
        }
    }
}

fn too_few_agree(agree: usize, left_out: &[(String, String)]) -> String {
    let others: Vec<String> = left_out.iter().map(|(camera, why)| format!("{camera}: {why}")).collect();
    format!(
        "only {agree} cameras agree, and not fewer disagree, as where two people are in view ({})",
        others.join("; ")
    )
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
pub(super) fn without_index(error: &GeometryError) -> String {
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

fn said(doubts: &[Doubt]) -> String {
    doubts.iter().map(Doubt::to_string).collect::<Vec<_>>().join(", ")
}
