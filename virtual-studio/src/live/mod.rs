//! A studio that is open for as long as somebody looks: take after take, pulse by pulse, what each camera sends.

mod error;
mod take;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use frame::{SegmentId, SourcePosition};

pub use error::LiveError;

use crate::actor::gltf::LoadOptions;
use crate::cast::Cast;
use crate::render::CpuOptions;
use crate::scene::{Catalogue, Scenario};
use take::{Programme, Staged};

/// How people are loaded and pictures are rendered.
#[derive(Clone, Copy, Debug, Default)]
pub struct LiveOptions {
    pub load: LoadOptions,
    pub renderer: CpuOptions,
}

/// What the cameras make of one pulse.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulse {
    /// Counted from the first take on, without end.
    pub number: u64,
    /// The take, counted without end.
    pub segment: SegmentId,
    /// Where the pictures stand in all that the scenario has before it begins again; none where that is too long to
    /// come again.
    pub source: Option<SourcePosition>,
    /// One for each camera.
    pub sent: Vec<Sent>,
}

/// What one camera makes of one pulse.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    /// A picture, once or, where the camera delivers it twice, more often.
    Picture { jpeg: Vec<u8>, size_px: [u32; 2], units: Vec<Unit> },
    /// It was lost on the way.
    Lost,
    /// The camera has left. Its counter starts anew when it returns.
    Away,
}

/// What a camera says of a picture. After a slip the picture is an earlier one, and nothing here shows it. Counters are
/// unwrapped and times are the host's, as drivers hand them over: narrow counters and drifting clocks do not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Pulses since the camera started.
    pub counter: u64,
    /// Start of exposure, nanoseconds since pulse 0.
    pub exposure_ns: i64,
    /// When the host has the whole picture, nanoseconds since pulse 0.
    pub arrival_ns: i64,
}

/// Renders a scenario's takes one after the other, and begins again after the last one. The next take is set up by a
/// thread aside while one is shown.
pub struct Live {
    programme: Arc<Programme>,
    /// The pulse at which each camera started.
    started: Vec<u64>,
    now: Staged,
    next: Option<JoinHandle<Staged>>,
}

impl Live {
    /// Opens the studio of a scenario file for its first `cameras` cameras and sets up the first take.
    ///
    /// # Errors
    /// A scenario that is wrong or has fewer views, files that cannot be used, cameras that cannot be where they are.
    pub fn open(path: &Path, cameras: usize, options: LiveOptions) -> Result<Self, Arc<LiveError>> {
        let scenario = Scenario::read(path, None).map_err(LiveError::from)?;
        let views = scenario.views();
        if cameras > views {
            return Err(Arc::new(LiveError::Cameras { path: path.to_owned(), cameras, views }));
        }
        let catalogue = Catalogue::read(&scenario, &path.display().to_string()).map_err(LiveError::from)?;
        let programme = Arc::new(Programme { scenario, catalogue, cast: Cast::new(options.load), options, cameras });
        let now = programme.stage(0);
        if let Err(error) = &now.take {
            return Err(error.clone());
        }
        Ok(Self { programme, started: vec![0; cameras], now, next: None })
    }

    pub fn scenario(&self) -> &Scenario {
        &self.programme.scenario
    }

    /// What the cameras send of a pulse. Pulses may be left out; in order they cost least.
    ///
    /// # Errors
    /// What is wrong with the take of this pulse. The next take may be well.
    pub fn pulse(&mut self, number: u64) -> Result<Pulse, Arc<LiveError>> {
        let take = number / self.programme.scenario.instants;
        self.stage(take);
        let sent = match &mut self.now.take {
            Ok(staged) => self.programme.send(staged, number, &self.started)?,
            Err(error) => return Err(error.clone()),
        };
        let source = position(&self.programme.scenario, number);
        Ok(Pulse { number, segment: SegmentId(take as u32), source, sent })
    }

    /// Makes a take the one that is shown.
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
            // Without the thread, the take is set up when it is due.
            self.next = thread.spawn(move || programme.stage(next)).ok();
        }
    }

    /// Cameras that have come back during a take count from there in the takes that follow.
    fn note_returns(&mut self) {
        let Ok(take) = &self.now.take else { return };
        let first = self.now.number * self.programme.scenario.instants;
        for (camera, started) in self.started.iter_mut().enumerate() {
            if let Some(absence) = take.trigger.faults(camera).absence {
                *started = first + absence.until;
            }
        }
    }
}

fn position(scenario: &Scenario, number: u64) -> Option<SourcePosition> {
    let length = u32::try_from(scenario.takes.checked_mul(scenario.instants)?).ok()?;
    Some(SourcePosition { index: (number % u64::from(length)) as u32, length })
}

#[cfg(test)]
mod tests;
