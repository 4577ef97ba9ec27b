//! Decides when to request pictures, so that they arrive when those before are answered.

use std::time::{Duration, Instant};

use frame::monotonic_now_ns;
use transport::WantedPictures;

use crate::framing::Framer;
use crate::live_poses::is_due;

/// Requested pictures that do not arrive within this time are requested again.
const OVERDUE: Duration = Duration::from_secs(1);
/// How often whole frames are requested, which show people who stand still.
const WHOLE_EVERY: Duration = Duration::from_secs(1);
/// How often consecutive instants are requested, which give velocities.
const ROW_EVERY: Duration = Duration::from_millis(1500);
/// How many of them.
const ROW: u8 = 3;
/// The time until the next request when nothing moves.
const QUIET: Duration = Duration::from_millis(200);

/// The requests of one stream.
#[derive(Default)]
pub(crate) struct PictureRequests {
    /// What to request of each camera.
    pub framer: Framer,
    pending: Option<Pending>,
    whole_at: Option<Instant>,
    row_at: Option<Instant>,
    /// The time from the begin of one instant's work to the next one's.
    cycle: RunningMean,
    /// The age of pictures when they arrive.
    age: RunningMean,
}

/// Requested pictures that have not arrived yet.
#[derive(Clone, Copy)]
struct Pending {
    /// When they are overdue.
    until: Instant,
    instants: u8,
}

impl PictureRequests {
    /// Whether nothing is requested, or what was requested is overdue.
    pub fn is_due(&self, now: Instant) -> bool {
        self.pending.is_none_or(|pending| now >= pending.until)
    }

    /// Requests pictures of an instant that lies `ahead`.
    pub fn request(&mut self, now: Instant, ahead: Duration) -> WantedPictures {
        let whole_still = is_due(self.whole_at, WHOLE_EVERY, now);
        if whole_still {
            self.whole_at = Some(now);
        }
        let row = is_due(self.row_at, ROW_EVERY, now);
        if row {
            self.row_at = Some(now);
        }
        let in_a_row = if row { ROW } else { 1 };
        self.pending = Some(Pending { until: now + ahead + OVERDUE, instants: in_a_row });
        let after_ns = monotonic_now_ns() + ahead.as_nanos() as i64;
        WantedPictures { after_ns, in_a_row, framing: self.framer.framing(whole_still) }
    }

    /// Requests pictures of one instant alone.
    pub fn request_one(&mut self, now: Instant) -> WantedPictures {
        // No row is due before the finder serves again.
        self.row_at = Some(now);
        self.request(now, Duration::ZERO)
    }

    /// The requested pictures arrived, and no others are wanted yet.
    pub fn rest(&mut self) {
        self.pending = None;
    }

    /// Takes the arrival of pictures of this age. When the last requested ones arrive, it requests the next, to come when
    /// these are answered. `empty`: nothing moved.
    pub fn arrived(&mut self, now: Instant, age: Duration, empty: bool) -> Option<WantedPictures> {
        self.age.add(age);
        match &mut self.pending {
            Some(pending) if pending.instants > 1 => {
                pending.instants -= 1;
                None
            }
            _ => {
                let ahead = if empty { QUIET } else { self.cycle.mean.saturating_sub(self.age.mean) };
                Some(self.request(now, ahead))
            }
        }
    }

    /// Takes how long pictures took from their arrival until the next can be answered.
    pub fn answered(&mut self, took: Duration) {
        self.cycle.add(took);
    }
}

/// An exponential moving mean: each new value counts a fifth.
#[derive(Clone, Copy, Default)]
struct RunningMean {
    mean: Duration,
}

impl RunningMean {
    fn add(&mut self, value: Duration) {
        self.mean = if self.mean.is_zero() { value } else { self.mean.mul_f64(0.8) + value.mul_f64(0.2) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_next_are_requested_when_the_last_arrive_to_come_when_these_are_answered() {
        let (mut requests, mut now) = (PictureRequests::default(), Instant::now());
        assert!(requests.is_due(now));
        assert_eq!(requests.request(now, Duration::ZERO).in_a_row, ROW);
        assert!(!requests.is_due(now) && requests.is_due(now + OVERDUE));
        // The first two of three arrive.
        assert_eq!((0..2).find_map(|_| requests.arrived(now, 30 * MS, false)), None);
        requests.answered(100 * MS);
        now += 100 * MS;
        let wanted = requests.arrived(now, 30 * MS, false).expect("the last arrived");
        let ahead_ms = (wanted.after_ns - monotonic_now_ns()) / 1_000_000;
        assert!(wanted.in_a_row == 1 && (50..=70).contains(&ahead_ms), "{ahead_ms} ms ahead");
        let wanted = requests.arrived(now, 30 * MS, true).expect("it arrived");
        let ahead_ms = (wanted.after_ns - monotonic_now_ns()) / 1_000_000;
        assert!((180..=200).contains(&ahead_ms), "{ahead_ms} ms ahead");
    }
}
