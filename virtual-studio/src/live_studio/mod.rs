//! A live studio: endless takes, and for each pulse what each camera sends.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use frame::{SegmentId, SourcePosition};
use thiserror::Error;

use crate::actor::gltf::LoadOptions;
use crate::render::Backend;
use crate::scene::{Cast, Catalogue, Scenario, ScenarioError, Studio, StudioError};
use crate::trigger::SimulatedTrigger;

/// Why a studio cannot be shown.
#[derive(Debug, Error)]
pub enum LiveError {
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error(
        "{}: there are {cameras} cameras for its {views} views; remove cameras, or give the scenario more views",
        path.display()
    )]
    Cameras { path: PathBuf, cameras: usize, views: usize },
    // The message includes the cause, which is not a source, so that it is not shown twice.
    #[error("take {take} of {scenario}: {cause}")]
    Take { scenario: String, take: u64, cause: StudioError },
}

/// What the cameras send for one pulse.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulse {
    /// Counted from the first take on.
    pub number: u64,
    /// The take, counted without repeating.
    pub segment: SegmentId,
    /// Position of the pictures in all takes of the scenario, before it repeats; `None` if that is too long to repeat.
    pub source: Option<SourcePosition>,
    /// One for each camera.
    pub sent: Vec<Sent>,
}

/// What one camera sends for one pulse.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    /// A picture, with several units if the camera delivers it more than once.
    Picture { jpeg: Vec<u8>, size_px: [u32; 2], units: Vec<UnitStamp> },
    /// The picture was lost.
    Lost,
    /// The camera has left. Its counter restarts when it returns.
    Away,
}

/// A camera's data about a picture, on the host's clock. After a slip the picture is an earlier one, which these data
/// do not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitStamp {
    /// Pulses since the camera started.
    pub counter: u64,
    /// Start of exposure, nanoseconds since pulse 0.
    pub exposure_ns: i64,
    /// When the host has received the whole picture, nanoseconds since pulse 0.
    pub arrival_ns: i64,
}

/// Renders a scenario's takes in order, and repeats them after the last one. A background thread sets up the next take
/// while one is shown.
pub struct LiveStudio {
    programme: Arc<Programme>,
    /// The pulse at which each camera started.
    started: Vec<u64>,
    now: Staged,
    next: Option<JoinHandle<Staged>>,
}

/// What all takes of a studio share.
struct Programme {
    scenario: Scenario,
    catalogue: Catalogue,
    cast: Cast,
    /// Cameras in use: the scenario's first ones.
    cameras: usize,
}

/// A take and its number, or why it cannot be shown.
struct Staged {
    number: u64,
    take: Result<Take, Arc<LiveError>>,
}

/// One take, ready to be shown.
struct Take {
    studio: Studio,
    trigger: SimulatedTrigger,
}

impl LiveStudio {
    /// Opens the studio of a scenario file for its first `cameras` cameras and sets up the first take.
    ///
    /// # Errors
    /// The scenario is invalid or has fewer views, files cannot be used, or a camera's position is impossible.
    pub fn open(path: &Path, cameras: usize, people: LoadOptions) -> Result<Self, Arc<LiveError>> {
        let scenario = Scenario::read(path).map_err(LiveError::from)?;
        let views = scenario.views();
        if cameras > views {
            return Err(Arc::new(LiveError::Cameras { path: path.to_owned(), cameras, views }));
        }
        let catalogue = Catalogue::read(&scenario, &path.display().to_string()).map_err(LiveError::from)?;
        let programme = Arc::new(Programme { scenario, catalogue, cast: Cast::new(people), cameras });
        let now = programme.stage(0);
        if let Err(error) = &now.take {
            return Err(error.clone());
        }
        Ok(Self { programme, started: vec![0; cameras], now, next: None })
    }

    pub fn scenario(&self) -> &Scenario {
        &self.programme.scenario
    }

    /// What the cameras send for a pulse. Pulses may be skipped; in order they are cheapest.
    ///
    /// # Errors
    /// What is wrong with the take of this pulse. The next take may work.
    pub fn pulse(&mut self, number: u64) -> Result<Pulse, Arc<LiveError>> {
        let Scenario { instants, rate_hz, .. } = self.programme.scenario;
        let take = number / instants;
        self.stage(take);
        let staged = self.now.take.as_mut().map_err(|error| error.clone())?;
        let cameras = self.started.iter().enumerate();
        let sent = cameras.map(|(camera, &started)| staged.sent(camera, number, number % instants, started, rate_hz));
        let sent = sent.collect::<Result<_, _>>().map_err(|cause| Arc::new(self.programme.failed(take, cause)))?;
        let source = position(&self.programme.scenario, number);
        Ok(Pulse { number, segment: SegmentId::seam(take as u32), source, sent })
    }

    /// Switches to a take.
    fn stage(&mut self, number: u64) {
        let alone = self.programme.scenario.takes == 1;
        if number != self.now.number {
            self.note_returns();
            let next = self.next.take().filter(|_| !alone).map(|thread| match thread.join() {
                Ok(staged) => staged,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            match next.filter(|next| next.number == number) {
                Some(next) => self.now = next,
                None if alone => self.now.number = number,
                None => self.now = self.programme.stage(number),
            }
        }
        if self.next.is_none() && !alone {
            let (programme, next) = (self.programme.clone(), number + 1);
            let thread = std::thread::Builder::new().name("next-take".into());
            // If the thread fails, the take is set up when it is due.
            self.next = thread.spawn(move || programme.stage(next)).ok();
        }
    }

    /// Cameras that returned during a take count from that pulse in later takes.
    fn note_returns(&mut self) {
        let Ok(take) = &self.now.take else { return };
        let first = self.now.number * self.programme.scenario.instants;
        for (camera, started) in self.started.iter_mut().enumerate() {
            if let Some(absence) = &take.trigger.faults(camera).absence {
                *started = first + absence.end;
            }
        }
    }
}

impl Programme {
    fn stage(&self, number: u64) -> Staged {
        Staged { number, take: self.take(number).map_err(|cause| Arc::new(self.failed(number, cause))) }
    }

    fn take(&self, number: u64) -> Result<Take, StudioError> {
        let Self { scenario, catalogue, cast, cameras } = self;
        let plan = catalogue.plan(scenario, number % scenario.takes);
        let mut studio = cast.studio(scenario, &plan, &Backend::Cpu)?;
        // Static surfaces are drawn with the first pictures, which take longest.
        for camera in 0..*cameras {
            studio.view(camera, 0.0)?;
        }
        Ok(Take { studio, trigger: scenario.trigger(plan.seed) })
    }

    fn failed(&self, number: u64, cause: StudioError) -> LiveError {
        LiveError::Take { scenario: self.scenario.name.clone(), take: number % self.scenario.takes, cause }
    }
}

impl Take {
    /// What a camera that started at the pulse `started` sends for the pulse `number`, the `at`-th of this take.
    fn sent(
        &mut self,
        camera: usize,
        number: u64,
        at: u64,
        mut started: u64,
        rate_hz: f64,
    ) -> Result<Sent, StudioError> {
        let (trigger, faults) = (&self.trigger, self.trigger.faults(camera));
        match &faults.absence {
            Some(away) if away.contains(&at) => return Ok(Sent::Away),
            Some(away) if at >= away.end => started = number - at + away.end,
            _ => {}
        }
        let (mut shown, mut units) = (at, vec![]);
        for delivery in trigger.deliver(camera, at) {
            shown = delivery.shown;
            units.push(UnitStamp {
                counter: number - started,
                exposure_ns: trigger.pulse_ns(number) + faults.offset_ns,
                arrival_ns: trigger.pulse_ns(number) + delivery.arrival_ns - trigger.pulse_ns(at),
            });
        }
        if units.is_empty() {
            return Ok(Sent::Lost);
        }
        let view = self.studio.view(camera, shown as f64 / rate_hz)?;
        Ok(Sent::Picture { jpeg: view.jpeg()?, size_px: [view.picture.width, view.picture.height], units })
    }
}

fn position(scenario: &Scenario, number: u64) -> Option<SourcePosition> {
    let length = u32::try_from(scenario.takes.checked_mul(scenario.instants)?).ok()?;
    Some(SourcePosition { index: (number % u64::from(length)) as u32, length })
}

#[cfg(test)]
mod tests;
