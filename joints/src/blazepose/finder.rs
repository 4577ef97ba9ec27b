use super::detector::Detector;
use super::landmarks::Landmarks;
use super::names::LANDMARK_NAMES;
use super::region::Region;
use crate::network::Runtime;
use crate::{FinderError, FinderFiles, JointFinder, Model, Person, Shows, View};

/// Where in a view the landmarks are looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Regions {
    /// Where the detector finds somebody: in every `every`th picture of a view, between them where the last answer says.
    Detector { every: u32 },
    /// In the square around the subject, `enlarged` times its side.
    Square { enlarged: f32 },
    /// The same, turned as the last answer says.
    TurnedSquare { enlarged: f32 },
    /// In the square first, then where the last answer says.
    Followed { enlarged: f32 },
    /// In the square, then once more where that answer says.
    Twice { enlarged: f32 },
}

/// BlazePose in OpenVINO.
pub struct BlazePose {
    detector: Detector,
    landmarks: Landmarks,
    regions: Regions,
    views: Vec<Memory>,
}

/// What is remembered of one view.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    /// Where to look next, in pixels of the frame.
    next: Option<Region>,
    /// Pictures since the detector last looked.
    since_detector: u32,
}

impl BlazePose {
    /// # Errors
    /// Files that are missing or not the expected ones, and what OpenVINO says against them.
    pub fn new(files: &FinderFiles, model: Model, regions: Regions, threads: usize) -> Result<Self, FinderError> {
        let (landmarks, detector) = (files.landmarks(model)?, files.detector()?);
        let mut runtime = Runtime::load(&files.library(), threads)?;
        Ok(Self {
            landmarks: Landmarks::new(runtime.network(&landmarks)?),
            detector: Detector::new(runtime.network(&detector)?),
            regions,
            views: Vec::new(),
        })
    }

    fn find_in(&mut self, index: usize, view: &View<'_>) -> Result<Option<Person>, FinderError> {
        view.check()?;
        let Some(region) = self.region(index, view)? else {
            self.views[index].next = None;
            return Ok(None);
        };
        let mut found = self.landmarks.find(view, region)?;
        if let (Regions::Twice { .. }, Some(first)) = (self.regions, &found) {
            found = self.landmarks.find(view, first.next)?;
        }
        self.views[index].next = found.as_ref().map(|found| to_frame(view, found.next));
        Ok(found.map(|found| Person { joints: found.joints }))
    }

    /// Where to look in a view, in pixels of its picture.
    fn region(&mut self, index: usize, view: &View<'_>) -> Result<Option<Region>, FinderError> {
        let memory = &mut self.views[index];
        let last = memory.next.map(|next| from_frame(view, next));
        let square = |enlarged: f32, turn: f32| {
            let square = Region::around(view.width, view.height);
            Some(Region { side: square.side * enlarged, turn, ..square })
        };
        match (self.regions, last) {
            (Regions::Detector { every }, Some(last)) if memory.since_detector + 1 < every => {
                memory.since_detector += 1;
                Ok(Some(last))
            }
            (Regions::Detector { .. }, _) => {
                memory.since_detector = 0;
                self.detector.find(view)
            }
            // A whole picture is no square around somebody.
            (_, None) if view.shows == Shows::Whole => self.detector.find(view),
            (Regions::Followed { .. }, Some(last)) => Ok(Some(last)),
            (Regions::TurnedSquare { enlarged }, Some(last)) => Ok(square(enlarged, last.turn)),
            (
                Regions::Square { enlarged }
                | Regions::TurnedSquare { enlarged }
                | Regions::Followed { enlarged }
                | Regions::Twice { enlarged },
                _,
            ) => Ok(square(enlarged, 0.0)),
        }
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

    fn forget(&mut self) {
        self.views.clear();
    }
}

fn to_frame(view: &View<'_>, region: Region) -> Region {
    Region { centre: view.in_frame(region.centre), side: region.side * view.scale, ..region }
}

fn from_frame(view: &View<'_>, region: Region) -> Region {
    Region { centre: view.in_picture(region.centre), side: region.side / view.scale, ..region }
}
