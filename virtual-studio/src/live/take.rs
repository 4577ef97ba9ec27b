use std::sync::Arc;

use super::{LiveError, LiveOptions, Sent, Unit};
use crate::cast::Cast;
use crate::rig::RigError;
use crate::scene::{Catalogue, JpegError, Scenario, Studio, StudioOptions};
use crate::trigger::Trigger;

/// All that the takes of a studio have in common.
pub(super) struct Programme {
    pub scenario: Scenario,
    pub catalogue: Catalogue,
    pub cast: Cast,
    pub options: LiveOptions,
    /// Cameras that somebody looks through: the scenario's first ones.
    pub cameras: usize,
}

/// A take, counted without end, or why there is none.
pub(super) struct Staged {
    pub number: u64,
    pub take: Result<Take, Arc<LiveError>>,
}

/// One take, ready to be shown.
pub(super) struct Take {
    studio: Studio,
    pub trigger: Trigger,
}

impl Programme {
    pub fn stage(&self, number: u64) -> Staged {
        Staged { number, take: self.take(number).map_err(Arc::new) }
    }

    fn take(&self, number: u64) -> Result<Take, LiveError> {
        let Self { scenario, catalogue, cast, options, cameras } = self;
        let take = number % scenario.takes;
        let plan = catalogue.plan(scenario, take);
        let named = || scenario.name.clone();
        let cast_failed = |cause| LiveError::Cast { scenario: named(), take, cause: Box::new(cause) };
        let rig_failed = |cause: RigError| LiveError::Rig { scenario: named(), take, cause };
        let performance = cast.performance(scenario, &plan).map_err(cast_failed)?;
        let environment = cast.environment(&plan).map_err(cast_failed)?;
        let options = StudioOptions { renderer: options.renderer, ..StudioOptions::default() };
        let mut studio = Studio::new(scenario, &plan, performance, environment, options).map_err(rig_failed)?;
        // What stands still is drawn with the first pictures, which take the longest.
        for camera in 0..*cameras {
            studio.view(camera, 0.0).map_err(rig_failed)?;
        }
        Ok(Take { studio, trigger: scenario.trigger(plan.seed) })
    }

    /// What the cameras send of the pulse `at` of a take; `started` has the pulse at which each of them started.
    pub fn send(&self, take: &mut Take, number: u64, started: &[u64]) -> Result<Vec<Sent>, LiveError> {
        let scenario = &self.scenario;
        let at = number % scenario.instants;
        let which = || (scenario.name.clone(), number / scenario.instants % scenario.takes);
        let rig_failed = |cause: RigError| {
            let (scenario, take) = which();
            LiveError::Rig { scenario, take, cause }
        };
        let jpeg_failed = |cause: JpegError| {
            let (scenario, take) = which();
            LiveError::Jpeg { scenario, take, cause }
        };
        let mut all = Vec::with_capacity(started.len());
        for (camera, &started) in started.iter().enumerate() {
            all.push(match take.sent(camera, number, at, started) {
                Err(nothing) => nothing,
                Ok((units, shown)) => {
                    let view = take.studio.view(camera, shown as f64 / scenario.rate_hz).map_err(rig_failed)?;
                    let jpeg = view.jpeg().map_err(jpeg_failed)?;
                    Sent::Picture { jpeg, size_px: [view.picture.width, view.picture.height], units }
                }
            });
        }
        Ok(all)
    }
}

impl Take {
    /// What a camera says of a pulse, and the pulse of this take that its picture shows; or that it sends none.
    fn sent(&self, camera: usize, number: u64, at: u64, started: u64) -> Result<(Vec<Unit>, u64), Sent> {
        let (trigger, first) = (&self.trigger, number - at);
        let faults = trigger.faults(camera);
        let away = faults.absence;
        if away.is_some_and(|away| (away.from..away.until).contains(&at)) {
            return Err(Sent::Away);
        }
        let started = away.filter(|away| at >= away.until).map_or(started, |away| first + away.until);
        let mut shown = None;
        let units: Vec<Unit> = trigger
            .deliver(camera, at)
            .map(|delivery| {
                shown = Some(delivery.truth.pulse);
                Unit {
                    counter: number - started,
                    exposure_ns: trigger.pulse_ns(number) + faults.offset_ns,
                    arrival_ns: trigger.pulse_ns(number) + delivery.arrival_ns - trigger.pulse_ns(at),
                }
            })
            .collect();
        shown.map(|shown| (units, shown)).ok_or(Sent::Lost)
    }
}
