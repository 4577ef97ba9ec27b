//! Derives the pulses of a trigger box from its answers. Pure: it does no I/O and reads no clock.

use std::collections::VecDeque;

use frame_sync::timing::{PulseTrain, RoundTripClock};
use thiserror::Error;

use super::protocol::{Period, State, Status};

/// Largest clock drift of a box: ten times that of its crystal.
pub(super) const MAX_DRIFT_PPM: f64 = 500.0;

/// Number of status answers from which the lateness of pulses is estimated.
const LATE_LOOKS: usize = 64;

/// Unwraps the box's 32-bit counter.
pub(super) struct Ticks {
    tick_ns: f64,
    /// Ticks, and the host's time when they were seen.
    last: Option<(i64, i64)>,
}

impl Ticks {
    pub fn new(ticks_per_second: u32) -> Self {
        Self { tick_ns: 1e9 / f64::from(ticks_per_second), last: None }
    }

    /// The host's time tells how often the counter has wrapped since the last reading.
    pub fn see(&mut self, shown: u32, at_ns: i64) -> i64 {
        let ticks = match self.last {
            None => i64::from(shown),
            Some((ticks, then_ns)) => near(shown, ticks + ((at_ns - then_ns) as f64 / self.tick_ns).round() as i64),
        };
        self.last = Some((ticks, at_ns));
        ticks
    }

    pub fn tick_ns(&self) -> f64 {
        self.tick_ns
    }
}

/// The unwrapped count that shows as `shown` and is nearest to `expected`.
pub(super) fn near(shown: u32, expected: i64) -> i64 {
    expected + i64::from(shown.wrapping_sub(expected as u32) as i32)
}

/// Why a train of pulses has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum TrainEnd {
    #[error("the trigger box restarted; its pulses have ended")]
    BoxRestarted,
    #[error("the trigger box ended the pulses: its watchdog expired without a command from this host")]
    WatchdogExpired,
    #[error("another program stopped the pulses of the trigger box")]
    Stopped,
    #[error("the trigger box sends pulses at the wrong times: off by {0} ticks")]
    Misplaced(i64),
    #[error("the clock of the trigger box, or of this host, jumped")]
    ClockJumped,
    #[error("the trigger box counts {counted} pulses where only {due} were due")]
    TooMany { counted: u64, due: u64 },
}

/// A running train of pulses, in ticks of the box.
pub(super) struct Train {
    number: u32,
    /// When pulse 0 was due, unwrapped.
    first: i64,
    period: Period,
    /// Pulses known to have been skipped.
    skipped: u64,
    /// Lateness of the pulses that status answers reported, in ticks, oldest first.
    late: VecDeque<i64>,
}

impl Train {
    pub fn new(number: u32, first: i64, period: Period) -> Self {
        Self { number, first, period, skipped: 0, late: VecDeque::new() }
    }

    /// How many pulses are due up to this time.
    fn due(&self, ticks: i64) -> u64 {
        u64::try_from(self.slot(ticks) + 1).unwrap_or(0)
    }

    /// The last pulse due at this time; negative before the first. In integers, as on the box.
    fn slot(&self, ticks: i64) -> i64 {
        let Period { ticks: per, pulses } = self.period;
        // Pulse k is due at ⌊k · per / pulses⌋: the last k with k · per < (since + 1) · pulses.
        let limit = i128::from(ticks - self.first + 1) * i128::from(pulses);
        (limit - 1).div_euclid(i128::from(per)) as i64
    }

    /// When pulse `slot` is due.
    fn due_at(&self, slot: i64) -> i64 {
        let Period { ticks, pulses } = self.period;
        self.first + (i128::from(slot) * i128::from(ticks)).div_euclid(i128::from(pulses)) as i64
    }

    /// Checks that an answer is about this train.
    pub fn belongs(&self, train: u32) -> Result<(), TrainEnd> {
        match train {
            train if train == self.number => Ok(()),
            0 => Err(TrainEnd::BoxRestarted),
            _ => Err(TrainEnd::Stopped),
        }
    }

    /// Checks a status against this train; `now` is the status's time, unwrapped. Returns how many pulses were skipped
    /// since the last check.
    pub fn check(&mut self, status: &Status, now: i64) -> Result<u64, TrainEnd> {
        self.belongs(status.train)?;
        match status.state {
            State::Running => {}
            State::Expired => return Err(TrainEnd::WatchdogExpired),
            State::Idle | State::Armed => return Err(TrainEnd::Stopped),
        }
        if status.sent > 0 {
            let last = near(status.last, now);
            let beside = last - self.due_at(self.slot(last).max(0));
            if !(0..=i64::from(status.late)).contains(&beside) {
                return Err(TrainEnd::Misplaced(beside));
            }
            if self.late.len() == LATE_LOOKS {
                self.late.pop_front();
            }
            self.late.push_back(beside);
        }
        let counted = u64::from(status.sent) + u64::from(status.missed);
        let due = self.due(now);
        // The pulse that is due right now may be counted or not.
        if counted > due + 1 {
            return Err(TrainEnd::TooMany { counted, due });
        }
        let uncounted = if due > counted + 1 { due - counted } else { 0 };
        let skipped = u64::from(status.missed) + uncounted;
        let new = skipped.saturating_sub(self.skipped);
        self.skipped = self.skipped.max(skipped);
        Ok(new)
    }

    /// The 95th percentile of the pulses' lateness, in ticks.
    fn late(&self) -> i64 {
        let mut late: Vec<i64> = self.late.iter().copied().collect();
        late.sort_unstable();
        late.len().checked_sub(1 + late.len() / 20).map_or(0, |index| late[index])
    }

    /// The pulses on the host's clock, extrapolated from the one due at `now`, at about `about_ns` on the host. The
    /// uncertainty holds for pulses within a second of it. `None` before the clock's first round trip.
    pub fn pulses(&self, clock: &RoundTripClock, tick_ns: f64, now: i64, about_ns: i64) -> Option<PulseTrain> {
        let slot = self.slot(now).max(0);
        let host = clock.map(u64::try_from(self.due_at(slot)).ok()?, about_ns)?;
        let (drift_ppm, drift_by_ppm) = clock.drift_ppm().unwrap_or((0.0, MAX_DRIFT_PPM));
        let ns_per_tick = tick_ns / (1.0 + drift_ppm * 1e-6);
        let period_ns = self.period.ticks_per_pulse() * ns_per_tick;
        // The box rounds down to its tick, the train does not.
        let late_ns = (self.late() as f64 + 1.0) * ns_per_tick;
        Some(PulseTrain {
            start_ns: host.ns - (slot as f64 * period_ns).round() as i64,
            period_ns,
            uncertainty_ns: host.uncertainty_ns.saturating_add((late_ns + drift_by_ppm * 1e3).ceil() as u32),
        })
    }
}
