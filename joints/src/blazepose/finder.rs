use super::anchors::DETECTOR_PX;
use super::detector::Detector;
use super::landmarks::{Found, Landmarks};
use super::names::LANDMARK_NAMES;
use super::region::Region;
use crate::network::Runtime;
use crate::{FinderError, FinderFiles, JointFinder, Model, Person, View};

/// BlazePose in OpenVINO.
///
/// In most pictures of a view the landmarks are looked for where the last answer says. In one of several, and where nobody
/// is found so, a detector looks through the picture first. As long as it finds nobody in a picture that is much larger than
/// its own, it looks at a part of the picture every other time: people who are small in it are too small for it otherwise.
pub struct BlazePose {
    detector: Detector,
    landmarks: Landmarks,
    detector_every: u32,
    views: Vec<Memory>,
}

/// What is remembered of one view.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    /// Where to look next, in pixels of the frame.
    next: Option<Region>,
    /// Pictures since the detector last looked.
    since_detector: u32,
    /// Where the person was when they were last found, in pixels of the frame.
    last: Option<Region>,
    /// How often in a row the detector found nobody.
    in_vain: u32,
}

/// A picture whose longer side is so many times the detector's is also looked at in parts.
const MUCH_LARGER: f32 = 1.5;

/// Nobody is there with joints less sure than this on average; in a part of a picture, which may show half of somebody, than
/// the second. Where somebody was hidden for a while, false people had 0.15 to 0.6, true ones mostly 0.65 and more.
const SURE: f32 = 0.45;
const SURE_IN_PART: f32 = 0.65;

impl BlazePose {
    /// With `detector_every` 1 the detector looks at each picture. `threads` is how many OpenVINO may use.
    ///
    /// # Errors
    /// Files that are missing or not the expected ones, and what OpenVINO says against them.
    pub fn new(files: &FinderFiles, model: Model, detector_every: u32, threads: usize) -> Result<Self, FinderError> {
        let (landmarks, detector) = (files.landmarks(model)?, files.detector()?);
        let mut runtime = Runtime::load(files, threads)?;
        Ok(Self {
            landmarks: Landmarks::new(runtime.open(&landmarks)?),
            detector: Detector::new(runtime.open(&detector)?),
            detector_every: detector_every.max(1),
            views: Vec::new(),
        })
    }

    fn find_in(&mut self, index: usize, view: &View<'_>) -> Result<Option<Person>, FinderError> {
        view.check()?;
        let memory = &mut self.views[index];
        let follow = memory.next.filter(|_| memory.since_detector + 1 < self.detector_every);
        let mut found = match follow {
            Some(next) => {
                let found = self.landmarks.find(view, from_frame(view, next))?;
                found.filter(|found| sureness(found) >= SURE)
            }
            None => None,
        };
        memory.since_detector += 1;
        let was = memory.next.map(|next| from_frame(view, next));
        if found.is_none() {
            // Views whose person was lost together, as at a seam, take turns from here on: no instant costs them all.
            memory.since_detector =
                if follow.is_none() && memory.next.is_some() { 0 } else { index as u32 % self.detector_every };
            let square = to_look_through(view, memory);
            if let Some(region) = self.detector.find(view, square, was)? {
                found = self.landmarks.find(view, region)?;
            }
            let whole = square == Region::around(view.width, view.height);
            found = found.filter(|found| sureness(found) >= if whole { SURE } else { SURE_IN_PART });
            memory.in_vain = if found.is_some() { 0 } else { memory.in_vain.wrapping_add(1) };
        }
        memory.last = memory.next.or(memory.last);
        memory.next = found.as_ref().map(|found| to_frame(view, found.next));
        Ok(found.map(|found| Person { joints: found.joints }))
    }
}

impl JointFinder for BlazePose {
    fn names(&self) -> &'static [&'static str] {
        &LANDMARK_NAMES
    }

    fn find(&mut self, views: &[Option<View<'_>>]) -> Result<Vec<Option<Person>>, FinderError> {
        self.views.resize(views.len(), Memory::default());
        let find = |(index, view): (usize, &Option<View<'_>>)| match view {
            Some(view) => self.find_in(index, view),
            None => Ok(None),
        };
        views.iter().enumerate().map(find).collect()
    }

    fn expect(&mut self, view: usize, hips_px: [f32; 2], rim_px: [f32; 2]) {
        if let Some(memory) = self.views.get_mut(view) {
            memory.next = Some(Region::of_body(hips_px, rim_px));
        }
    }

    fn forget(&mut self) {
        self.views.clear();
    }
}

/// How sure the joints are on average.
fn sureness(found: &Found) -> f32 {
    found.joints.iter().map(|joint| joint.confidence).sum::<f32>() / found.joints.len() as f32
}

/// What the detector looks through: the picture, or a part of it; first that around where the person was last.
fn to_look_through(view: &View<'_>, memory: &Memory) -> Region {
    let longer = view.width.max(view.height) as f32;
    let in_parts = longer > MUCH_LARGER * DETECTOR_PX as f32 && memory.in_vain % 2 == 1;
    match memory.last {
        _ if !in_parts => Region::around(view.width, view.height),
        Some(last) if memory.in_vain == 1 => Region { side: longer / 2.0, turn: 0.0, ..from_frame(view, last) },
        _ => Region::part(view.width, view.height, memory.in_vain / 2),
    }
}

fn to_frame(view: &View<'_>, region: Region) -> Region {
    Region { centre: view.in_frame(region.centre), side: region.side * view.scale, ..region }
}

fn from_frame(view: &View<'_>, region: Region) -> Region {
    Region { centre: view.in_picture(region.centre), side: region.side / view.scale, ..region }
}
