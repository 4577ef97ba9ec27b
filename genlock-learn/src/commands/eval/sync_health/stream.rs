//! One stream of all takes, and what a watch says about it with and without slips.

use frame_sync::health::{HealthSettings, Stretch, SyncState, SyncWatch};
use learn::health::TakeScores;
use miette::ensure;

use super::{ErrorRow, Row, SlipRow};

/// A slip comes after so many seconds without one,
const BEFORE_S: f64 = 30.0;
/// and is waited for so long.
const AFTER_S: f64 = 60.0;
/// From one slip to the next, in seconds.
const APART_S: f64 = 7.0;

/// Footage after which the errors of shifts are told, in seconds.
const FOOTAGE_S: [usize; 6] = [4, 6, 10, 16, 30, 60];

/// The stretches of all takes.
pub struct Stream<'a> {
    cameras: usize,
    rate_hz: f64,
    settings: HealthSettings,
    /// Length of a stretch.
    stretch_s: f64,
    stretches: Vec<Part<'a>>,
}

/// Consecutive instants of a take.
struct Part<'a> {
    take: &'a TakeScores,
    from: usize,
    to: usize,
}

/// A camera whose pictures are so many frames late from one stretch on.
#[derive(Clone, Copy)]
struct Slip {
    from: usize,
    camera: usize,
    frames: i64,
}

impl<'a> Stream<'a> {
    pub fn new(takes: &'a [TakeScores], settings: &HealthSettings) -> miette::Result<Self> {
        let (cameras, rate_hz) = (takes[0].cameras, takes[0].rate_hz);
        let mut stretches = Vec::new();
        for take in takes {
            ensure!(
                take.cameras == cameras && (take.rate_hz - rate_hz).abs() < 0.5,
                "{} has {} cameras at {:.1} Hz and the first take {cameras} at {rate_hz:.1}: measure them apart",
                take.take,
                take.cameras,
                take.rate_hz
            );
            // A take's ends lack shifts of some instants.
            let count = take.instants.saturating_sub(2 * take.reach) / settings.instants;
            stretches.extend((0..count).map(|at| {
                let from = take.reach + at * settings.instants;
                Part { take, from, to: from + settings.instants }
            }));
        }
        let stretch_s = settings.instants as f64 / rate_hz;
        let lasts_s = stretches.len() as f64 * stretch_s;
        ensure!(lasts_s > BEFORE_S + AFTER_S, "the takes last {lasts_s:.0} s together, and that is too short");
        Ok(Self { cameras, rate_hz, settings: settings.clone(), stretch_s, stretches })
    }

    /// So many seconds in stretches.
    fn stretches_of(&self, seconds: f64) -> usize {
        (seconds / self.stretch_s).round().max(1.0) as usize
    }

    pub fn row(&self, settings: &HealthSettings, slips: &[u8]) -> Row {
        let (false_alarms, usable) = self.false_alarms(settings);
        let hours = |stretches: usize| stretches as f64 * self.stretch_s / 3600.0;
        Row {
            rate_hz: self.rate_hz,
            slipped_sigmas: settings.slipped_sigmas,
            hours: hours(self.stretches.len()),
            usable_hours: hours(usable),
            false_alarms,
            slips: slips.iter().map(|&frames| self.found(settings, frames)).collect(),
            errors: FOOTAGE_S.iter().map(|&seconds| self.errors(settings, seconds)).collect(),
        }
    }

    /// Alarms without any slip, and how many stretches had enough motion.
    fn false_alarms(&self, settings: &HealthSettings) -> (usize, usize) {
        let mut watch = SyncWatch::new(self.cameras, settings.clone());
        let (mut alarms, mut usable) = (0, 0);
        for at in 0..self.stretches.len() {
            let stretch = self.stretch(at, None);
            usable += usize::from(stretch.pairs.iter().any(|pair| pair.motion >= settings.min_motion));
            let changed = watch.push(stretch);
            alarms += changed.iter().filter(|&&camera| watch.cameras()[camera].state == SyncState::Slipped).count();
        }
        (alarms, usable)
    }

    fn found(&self, settings: &HealthSettings, frames: u8) -> SlipRow {
        let (mut made, mut wrong_camera, mut seconds) = (0, 0, Vec::new());
        let [before, after, apart] = [BEFORE_S, AFTER_S, APART_S].map(|seconds| self.stretches_of(seconds));
        for from in (before..self.stretches.len() - after).step_by(apart) {
            let frames = i64::from(frames) * if made % 2 == 0 { 1 } else { -1 };
            let slip = Slip { from, camera: (made / 2) % self.cameras, frames };
            made += 1;
            match self.first_alarm(settings, slip) {
                Some((after_s, cameras)) if cameras == [slip.camera] => seconds.push(after_s),
                Some(_) => wrong_camera += 1,
                None => {}
            }
        }
        seconds.sort_by(f64::total_cmp);
        let within = |most_s: f64| seconds.iter().filter(|&&after_s| after_s <= most_s).count();
        let share = |share: f64| seconds.get(((share * made as f64).ceil() as usize).max(1) - 1).copied();
        SlipRow {
            frames,
            made,
            found_within_10_s: within(10.0),
            found_within_60_s: seconds.len(),
            wrong_camera,
            median_s: share(0.5),
            nine_of_ten_s: share(0.9),
        }
    }

    /// Seconds from a slip to the first alarm after it, and the cameras that are said to have slipped then. An alarm from
    /// before the slip does not count.
    fn first_alarm(&self, settings: &HealthSettings, slip: Slip) -> Option<(f64, Vec<usize>)> {
        let mut watch = SyncWatch::new(self.cameras, settings.clone());
        let [before, after] = [BEFORE_S, AFTER_S].map(|seconds| self.stretches_of(seconds));
        for at in slip.from - before..slip.from {
            watch.push(self.stretch(at, None));
        }
        (slip.from..slip.from + after).find_map(|at| {
            let changed = watch.push(self.stretch(at, Some(slip)));
            let slipped: Vec<usize> =
                changed.into_iter().filter(|&camera| watch.cameras()[camera].state == SyncState::Slipped).collect();
            (!slipped.is_empty()).then(|| ((at + 1 - slip.from) as f64 * self.stretch_s, slipped))
        })
    }

    /// Errors of shifts from so many stretches each.
    fn errors(&self, settings: &HealthSettings, seconds: usize) -> ErrorRow {
        let window = self.stretches_of(seconds as f64);
        let settings = HealthSettings { windows: vec![window], ..settings.clone() };
        let (mut errors, mut stated) = (Vec::new(), Vec::new());
        for first in (0..(self.stretches.len() + 1).saturating_sub(window)).step_by(window) {
            let mut watch = SyncWatch::new(self.cameras, settings.clone());
            for at in first..first + window {
                watch.push(self.stretch(at, None));
            }
            for camera in watch.cameras() {
                errors.extend(camera.shift_frames.map(f64::abs));
                stated.extend(camera.uncertainty_frames);
            }
        }
        let quantile = |values: &mut Vec<f64>, share: f64| {
            values.sort_by(f64::total_cmp);
            values.get((share * values.len() as f64) as usize).copied()
        };
        ErrorRow {
            footage_s: seconds,
            cameras: errors.len(),
            median: quantile(&mut errors, 0.5),
            nine_of_ten: quantile(&mut errors, 0.9),
            stated_median: quantile(&mut stated, 0.5),
        }
    }

    fn stretch(&self, at: usize, slip: Option<Slip>) -> Stretch {
        let part = &self.stretches[at];
        let late = |camera: usize| slip.filter(|slip| slip.camera == camera).map_or(0, |slip| slip.frames);
        let pairs = part.take.stretch(part.from..part.to, self.settings.reach, late);
        Stretch { at_ns: ((at + 1) as f64 * self.stretch_s * 1e9) as i64, pairs }
    }
}
