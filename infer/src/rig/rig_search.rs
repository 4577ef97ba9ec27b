//! Searches a rig's geometry, leaving out cameras that cannot be trusted.

use std::sync::atomic::{AtomicBool, Ordering};

use body::{FoundRig, RigCameras, RigGeometry, ScaleSource, find_rig};
use geometry::{Doubt, GeometryError, Observation, Options, TYPICAL_FOCAL, mirrored};
use thiserror::Error;

/// The fewest instants that a geometry is searched in.
pub const MIN_INSTANTS: usize = 3;

/// How many instants a geometry is found from.
pub(crate) const GEOMETRY_INSTANTS: usize = 60;

/// How many instants show where up and the floor are.
pub(crate) const STANDING_INSTANTS: usize = 400;

/// The largest part of the views that may show more than one person. One person alone was taken for two in 1 % of the
/// pictures, two people were seen as two in 74 %. Three cameras that followed now one, now the other agreed to 8 px on a
/// geometry whose cameras were turned by 8 degrees, so that cameras agree proves nothing then.
const MAX_WITH_OTHERS: f64 = 0.25;

/// Why a rig's geometry is not found.
#[derive(Debug, Error)]
pub enum RigSearchError {
    #[error("instants in which two or more cameras see somebody: {0}; the rig's geometry needs {MIN_INSTANTS}")]
    Nobody(usize),
    #[error(
        "the person hardly moves: of {seen} instants only {different} look different from one another, and the rig's \
         geometry needs {MIN_INSTANTS}"
    )]
    StandsStill { seen: usize, different: usize },
    #[error(
        "{percent:.0} % of the pictures show more than one person, so cameras may follow different ones; one person must \
         be alone in view until the rig's geometry is found"
    )]
    SeveralPeople { percent: f64 },
    #[error("a height was stated, but nobody stood upright, so it cannot be used")]
    NobodyStood,
    #[error("the rig's geometry cannot be found: {0}")]
    Geometry(#[from] GeometryError),
    #[error("the rig's geometry cannot be trusted: {0}")]
    Doubt(String),
    #[error("the search was cancelled")]
    Cancelled,
}

/// The geometry of a rig, and what was left out of it.
#[derive(Clone, Debug)]
pub struct FoundGeometry {
    pub geometry: RigGeometry,
    /// Cameras that cannot be trusted, and why.
    pub left_out: Vec<(String, String)>,
}

/// A camera that is left out of a geometry.
struct LeftOut {
    name: String,
    why: String,
    /// It sees the person, but elsewhere than the other cameras do.
    disagrees: bool,
}

/// The input of a search.
#[derive(Clone, Debug)]
pub struct RigSearch {
    pub cameras: RigCameras,
    /// Varied instants, as far as there are any.
    pub instants: Vec<Vec<Option<Observation>>>,
    /// Instants of the whole time in order, which show where up and the floor are.
    pub standing: Vec<Vec<Option<Observation>>>,
}

impl RigSearch {
    /// Finds the geometry, leaving out cameras that cannot be trusted while two are left. With `height_mm`, the
    /// person's standing height, the scale is stated. `now_utc` is the present time, RFC 3339.
    ///
    /// # Errors
    /// If no geometry is found, or it cannot be trusted.
    pub fn find(&self, height_mm: Option<f64>, now_utc: &str) -> Result<FoundGeometry, RigSearchError> {
        self.find_unless(&AtomicBool::new(false), height_mm, now_utc)
    }

    /// [`Self::find`], which gives up before its next attempt once it is cancelled.
    pub(super) fn find_unless(
        &self,
        cancelled: &AtomicBool,
        height_mm: Option<f64>,
        now_utc: &str,
    ) -> Result<FoundGeometry, RigSearchError> {
        let with_others = self.with_others();
        if with_others > MAX_WITH_OTHERS {
            return Err(RigSearchError::SeveralPeople { percent: 100.0 * with_others });
        }
        if with_others > 0.0 {
            return self.without_others().find_unless(cancelled, height_mm, now_utc);
        }
        let names = &self.cameras.names;
        let mut left_out: Vec<LeftOut> = Vec::new();
        // Without cameras that have not sent a picture yet or have not seen anybody.
        let seen = |camera: &usize| self.instants.iter().any(|views| views[*camera].is_some());
        let mut used: Vec<usize> =
            (0..names.len()).filter(|camera| self.cameras.sizes_px[*camera][0] > 0.0 && seen(camera)).collect();
        let options = Options { time_offsets: true, ..Options::default() };
        while !cancelled.load(Ordering::Relaxed) {
            let part = self.only(&used);
            let leave_out =
                |at: usize, why, disagrees| LeftOut { name: part.cameras.names[at].clone(), why, disagrees };
            let found = find_rig(&part.cameras, &part.instants, &part.standing, &options, height_mm, now_utc);
            let FoundRig { geometry, verdict } = match found {
                Ok(found) => found,
                Err(error) => match camera_of(&error) {
                    // The others may do without one faulty camera.
                    Some(camera) if used.len() > 2 => {
                        let misses = matches!(error, GeometryError::ResidualTooHigh { .. });
                        let mirrored = misses && part.is_mirrored(camera);
                        let why = if mirrored { Doubt::Mirrored.to_string() } else { without_index(&error) };
                        left_out.push(leave_out(camera, why, misses && !mirrored));
                        used.remove(camera);
                        continue;
                    }
                    Some(camera) => {
                        let name = &part.cameras.names[camera];
                        return Err(RigSearchError::Doubt(format!("{name}: {}", without_index(&error))));
                    }
                    None => return Err(error.into()),
                },
            };
            if verdict.believable() {
                if left_out.iter().filter(|camera| camera.disagrees).count() >= used.len() {
                    return Err(RigSearchError::Doubt(too_few_agree(used.len(), &left_out)));
                }
                if height_mm.is_some() && geometry.scale == ScaleSource::Guess {
                    return Err(RigSearchError::NobodyStood);
                }
                let left_out = left_out.into_iter().map(|camera| (camera.name, camera.why)).collect();
                return Ok(FoundGeometry { geometry, left_out });
            }
            let doubted = |at: &usize| !verdict.cameras[*at].is_empty();
            let trusted = (0..used.len()).filter(|at| !doubted(at)).count();
            if !verdict.rig.is_empty() || trusted < 2 {
                let of_cameras = part.cameras.names.iter().zip(&verdict.cameras);
                let mut all: Vec<String> = of_cameras
                    .filter(|(_, doubts)| !doubts.is_empty())
                    .map(|(name, doubts)| format!("{name}: {}", joined(doubts)))
                    .collect();
                all.extend(verdict.rig.iter().map(Doubt::to_string));
                return Err(RigSearchError::Doubt(all.join("; ")));
            }
            left_out.extend((0..used.len()).filter(doubted).map(|at| {
                let doubts = &verdict.cameras[at];
                let misses = doubts.iter().any(|doubt| matches!(doubt, Doubt::ResidualTooLarge { .. }));
                leave_out(at, joined(doubts), misses)
            }));
            used = (0..used.len()).filter(|at| !doubted(at)).map(|at| used[at]).collect();
        }
        Err(RigSearchError::Cancelled)
    }

    /// The part of the views that show more than one person.
    fn with_others(&self) -> f64 {
        let views = || self.instants.iter().flatten().flatten();
        views().filter(|view| view.others).count() as f64 / views().count().max(1) as f64
    }

    /// The same without the views that show more than one person.
    fn without_others(&self) -> Self {
        Self {
            cameras: self.cameras.clone(),
            instants: self.instants.iter().cloned().map(without_others).collect(),
            standing: self.standing.iter().cloned().map(without_others).collect(),
        }
    }

    /// Whether a camera's pictures seem to be mirrored, by typical focal lengths.
    fn is_mirrored(&self, camera: usize) -> bool {
        let sizes_px = &self.cameras.sizes_px;
        let focals_px: Vec<f64> = sizes_px.iter().map(|size| TYPICAL_FOCAL * size[0].max(size[1])).collect();
        mirrored(sizes_px, &self.instants, &focals_px)[camera]
    }

    /// The same for some of the cameras.
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

/// An instant's views, less those that show more than one person.
pub(super) fn without_others(views: Vec<Option<Observation>>) -> Vec<Option<Observation>> {
    views.into_iter().map(|view| view.filter(|view| !view.others)).collect()
}

fn too_few_agree(agree: usize, left_out: &[LeftOut]) -> String {
    let others: Vec<String> = left_out.iter().map(|LeftOut { name, why, .. }| format!("{name}: {why}")).collect();
    format!("only {agree} cameras agree, and as many disagree, as if two people were in view ({})", others.join("; "))
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

/// The message of such an error, to be put after the name of its camera.
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

fn joined(doubts: &[Doubt]) -> String {
    doubts.iter().map(Doubt::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_search_ends_before_its_next_attempt() {
        let cameras = RigCameras { names: vec!["a".into(), "b".into()], sizes_px: vec![[640.0, 480.0]; 2] };
        let search = RigSearch { cameras, instants: vec![], standing: vec![] };
        let ended = |cancelled: bool| search.find_unless(&AtomicBool::new(cancelled), None, "").unwrap_err();
        assert!(matches!(ended(true), RigSearchError::Cancelled));
        assert!(matches!(ended(false), RigSearchError::Geometry(_)));
    }
}
