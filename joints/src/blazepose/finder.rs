//! [`BlazePose`]: when to detect anew, when to follow, and where to look.

use super::anchors::DETECTOR_PX;
use super::detector::Detector;
use super::landmark_names::LANDMARK_NAMES;
use super::landmarks::{LandmarkNetwork, RegionPerson};
use super::rotated_square::RotatedSquare;
use crate::network::Runtime;
use crate::{FinderError, FinderFiles, JointFinder, Model, Person, View};

/// BlazePose in OpenVINO.
///
/// In most pictures of a view the landmarks are searched where the previous answer says. In one of several pictures,
/// and where nobody is found that way, a detector searches the picture first. While it finds nobody in a picture much
/// larger than its input, it searches a part of the picture every other time, since small people are too small for it
/// otherwise.
pub struct BlazePose {
    detector: Detector,
    landmarks: LandmarkNetwork,
    detector_every: u32,
    views: Vec<ViewState>,
}

/// The state of one view.
#[derive(Clone, Copy, Debug, Default)]
struct ViewState {
    /// Where to look next, in pixels of the frame.
    next: Option<RotatedSquare>,
    /// Pictures since the detector last looked.
    since_detector: u32,
    /// Where the person was when they were last found, in pixels of the frame.
    last: Option<RotatedSquare>,
    /// How often in a row the detector found nobody.
    misses: u32,
    /// Whether the detector found more than one person when it last found anybody.
    others: bool,
}

/// Pictures are also searched in parts if their longer side is more than this many times the detector's.
const MUCH_LARGER: f32 = 1.5;

/// The lowest mean confidence of a person's joints.
const MIN_CONFIDENCE: f32 = 0.45;

/// The same in a part of a picture, which may show half of somebody. Where people were hidden for a while, false ones
/// had
/// 0.15 to 0.6, true ones mostly 0.65 and more.
const MIN_CONFIDENCE_IN_PART: f32 = 0.65;

impl BlazePose {
    /// The detector searches every `detector_every`-th picture of a view. `threads` is how many OpenVINO may use.
    ///
    /// # Errors
    /// If files are missing or not the expected ones, or OpenVINO fails to load them.
    pub fn new(files: &FinderFiles, model: Model, detector_every: u32, threads: usize) -> Result<Self, FinderError> {
        let (landmarks, detector) = (files.landmarks(model)?, files.detector()?);
        let mut runtime = Runtime::load(files, threads)?;
        Ok(Self {
            landmarks: LandmarkNetwork::new(runtime.open(&landmarks)?),
            detector: Detector::new(runtime.open(&detector)?),
            detector_every: detector_every.max(1),
            views: Vec::new(),
        })
    }

    fn find_in(&mut self, index: usize, view: &View<'_>) -> Result<Option<Person>, FinderError> {
        view.check()?;
        let state = &mut self.views[index];
        let follow = state.next.filter(|_| state.since_detector + 1 < self.detector_every);
        let mut found = match follow {
            Some(next) => {
                let found = self.landmarks.find(view, from_frame(view, next))?;
                found.filter(|found| confidence(found) >= MIN_CONFIDENCE)
            }
            None => None,
        };
        state.since_detector += 1;
        let was = state.next.map(|next| from_frame(view, next));
        if found.is_none() {
            // Views that lost their person together, as at a discontinuity, search in turns, so that no instant pays
            // for all.
            state.since_detector =
                if follow.is_none() && state.next.is_some() { 0 } else { index as u32 % self.detector_every };
            let square = search_square(view, state);
            if let Some(detected) = self.detector.find(view, square, was)? {
                found = self.landmarks.find(view, detected.region)?;
                state.others = detected.others;
            }
            let whole = square == RotatedSquare::around(view.width, view.height);
            found =
                found.filter(|found| confidence(found) >= if whole { MIN_CONFIDENCE } else { MIN_CONFIDENCE_IN_PART });
            state.misses = if found.is_some() { 0 } else { state.misses.wrapping_add(1) };
        }
        state.last = state.next.or(state.last);
        state.next = found.as_ref().map(|found| to_frame(view, found.next));
        Ok(found.map(|found| Person { joints: found.joints, others: state.others }))
    }
}

impl JointFinder for BlazePose {
    fn names(&self) -> &'static [&'static str] {
        &LANDMARK_NAMES
    }

    fn find(&mut self, views: &[Option<View<'_>>]) -> Result<Vec<Option<Person>>, FinderError> {
        self.views.resize(views.len(), ViewState::default());
        let find = |(index, view): (usize, &Option<View<'_>>)| match view {
            Some(view) => self.find_in(index, view),
            None => Ok(None),
        };
        views.iter().enumerate().map(find).collect()
    }

    fn expect(&mut self, view: usize, hips_px: [f32; 2], rim_px: [f32; 2]) {
        if let Some(state) = self.views.get_mut(view) {
            state.next = Some(RotatedSquare::of_body(hips_px, rim_px));
        }
    }

    fn forget(&mut self) {
        self.views.clear();
    }
}

/// The mean confidence of the joints.
fn confidence(found: &RegionPerson) -> f32 {
    found.joints.iter().map(|joint| joint.confidence).sum::<f32>() / found.joints.len() as f32
}

/// What the detector searches: the picture, or a part of it, beginning with the part around the last person.
fn search_square(view: &View<'_>, state: &ViewState) -> RotatedSquare {
    let longer = view.width.max(view.height) as f32;
    let in_parts = longer > MUCH_LARGER * DETECTOR_PX as f32 && state.misses % 2 == 1;
    match state.last {
        _ if !in_parts => RotatedSquare::around(view.width, view.height),
        Some(last) if state.misses == 1 => RotatedSquare { side: longer / 2.0, turn: 0.0, ..from_frame(view, last) },
        _ => RotatedSquare::part(view.width, view.height, state.misses / 2),
    }
}

fn to_frame(view: &View<'_>, region: RotatedSquare) -> RotatedSquare {
    RotatedSquare { centre: view.in_frame(region.centre), side: region.side * view.scale, ..region }
}

fn from_frame(view: &View<'_>, region: RotatedSquare) -> RotatedSquare {
    RotatedSquare { centre: view.in_picture(region.centre), side: region.side / view.scale, ..region }
}
