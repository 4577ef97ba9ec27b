//! Replays a recorded take at its own pace, once with its triggers, segments and gaps, or again and again.

use std::sync::Arc;
use std::time::Duration;

use frame::{CameraId, FrameInfo, HostTime, LossReason, SegmentId, Slot, TriggerIndex, monotonic_now_ns};
use take::TakeReader;

use crate::{CameraDriver, DriverError, DriverEvent, Stamp, Unit};

/// On opening, pictures that were due longer ago than this are skipped.
const PATIENCE_NS: i64 = 100_000_000;

/// How a take is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Playing {
    /// Once, with its own triggers and segments.
    Once,
    /// Again and again. Each round is a segment, and triggers count on.
    Looping {
        /// Instants of a round; the take's triggers are smaller.
        instants: u32,
        /// From one instant to the next, in ns.
        period_ns: f64,
        /// Only every n-th instant is triggered; the driver skips the others.
        divisor: u32,
    },
}

/// Replays one camera of a take.
pub struct ReplayDriver {
    take: Arc<TakeReader>,
    camera: CameraId,
    playing: Playing,
    next: usize,
    round: u64,
    /// Offset from recorded times to times of the first round of this replay.
    shift_ns: i64,
    last_count: Option<u64>,
}

/// The earliest exposure in a take, at which its replay starts. `None` if it holds no frame.
pub fn first_exposure_ns(take: &TakeReader) -> Option<i64> {
    (0..take.cameras().len())
        .filter_map(|camera| take.frame_info(CameraId(camera as u16), 0))
        .map(|info| info.exposure.ns)
        .min()
}

impl ReplayDriver {
    /// `start_ns` is the replayed time of the take's first exposure, the same for all its cameras. Fails if the take
    /// holds no frame.
    pub fn open(take: Arc<TakeReader>, camera: CameraId, start_ns: i64, playing: Playing) -> Result<Self, DriverError> {
        let first = first_exposure_ns(&take)
            .ok_or_else(|| DriverError::open("the take holds no frame", "choose another take"))?;
        let shift_ns = start_ns - first;
        let mut replay = Self { take, camera, playing, next: 0, round: 0, shift_ns, last_count: None };
        // When reopened during a run, it continues with what is due and skips what was due before.
        let due_since_ns = monotonic_now_ns() - PATIENCE_NS;
        if let Some(round_ns) = playing.round_ns() {
            replay.round = ((due_since_ns - start_ns).max(0) as f64 / round_ns) as u64;
        }
        while replay.take.frame_info(camera, replay.next).is_some_and(|info| replay.due_ns(info) < due_since_ns) {
            replay.next += 1;
        }
        Ok(replay)
    }

    /// Offset from recorded times to times of this round.
    fn shift_ns(&self) -> i64 {
        self.shift_ns + (self.round as f64 * self.playing.round_ns().unwrap_or_default()).round() as i64
    }

    fn due_ns(&self, info: &FrameInfo) -> i64 {
        info.arrival_ns.max(info.exposure.ns) + self.shift_ns()
    }

    /// The next frame to play; `None` at the end, which a looping take does not have.
    fn due(&mut self) -> Option<FrameInfo> {
        let frames = self.take.len(self.camera);
        // Of a round that is shorter than the divisor no frame need be triggered.
        for _ in 0..(frames + 1) * self.playing.rounds() {
            match self.take.frame_info(self.camera, self.next) {
                Some(info) if self.playing.shows(info, self.round) => return Some(*info),
                Some(_) => self.next += 1,
                None if self.playing == Playing::Once || frames == 0 => return None,
                None => (self.round, self.next) = (self.round + 1, 0),
            }
        }
        None
    }

    fn unit(&self, info: &FrameInfo, count: u64) -> Unit {
        let looping = self.playing != Playing::Once;
        Unit {
            segment: if looping { SegmentId::seam(self.round as u32) } else { info.segment },
            exposure: Stamp::Host(HostTime { ns: info.exposure.ns + self.shift_ns(), ..info.exposure }),
            exposure_duration_ns: info.exposure_duration_ns,
            counter: if looping { Some(count) } else { info.device.counter },
            trigger: if looping { TriggerIndex::Certain(count) } else { info.trigger },
            source: info.source,
            picture: info.picture,
        }
    }
}

impl Playing {
    fn round_ns(self) -> Option<f64> {
        match self {
            Self::Once => None,
            Self::Looping { instants, period_ns, .. } => Some(f64::from(instants) * period_ns),
        }
    }

    /// Within so many rounds any frame is triggered that ever is.
    fn rounds(self) -> usize {
        match self {
            Self::Once => 1,
            Self::Looping { divisor, .. } => divisor as usize + 1,
        }
    }

    /// Whether a frame is triggered in this round.
    fn shows(self, info: &FrameInfo, round: u64) -> bool {
        match self {
            Self::Once => true,
            Self::Looping { instants, divisor, .. } => {
                played(info, round, instants).is_some_and(|played| played.is_multiple_of(divisor.into()))
            }
        }
    }

    /// The number of a frame that is shown, which grows by 1 from one to the next unless some are missing.
    fn count(self, info: &FrameInfo, round: u64) -> u64 {
        match self {
            Self::Once => info.sequence,
            Self::Looping { instants, divisor, .. } => {
                played(info, round, instants).unwrap_or_default() / u64::from(divisor)
            }
        }
    }
}

/// Instants since the beginning of the first round. `None` for a frame without a number.
fn played(info: &FrameInfo, round: u64, instants: u32) -> Option<u64> {
    let pulse = info.trigger.pulse().filter(|pulse| *pulse < u64::from(instants))?;
    Some(round * u64::from(instants) + pulse)
}

impl CameraDriver for ReplayDriver {
    fn knows_pulses(&self) -> bool {
        true
    }

    fn next(&mut self, slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        let Some(info) = self.due() else { return Ok(DriverEvent::Ended) };
        let count = self.playing.count(&info, self.round);
        let hole = self.last_count.map_or(0, |last| count.saturating_sub(last + 1));
        if hole > 0 {
            self.last_count = Some(count - 1);
            return Ok(DriverEvent::Lost { reason: LossReason::MissingAtSource, frames: hole });
        }
        let left = Duration::from_nanos((self.due_ns(&info) - monotonic_now_ns()).max(0) as u64);
        std::thread::sleep(left.min(wait));
        if left > wait {
            return Ok(DriverEvent::Idle);
        }
        if let Some(slot) = slot {
            self.take
                .read_into(self.camera, self.next, slot.bytes_mut())
                .map_err(|e| DriverError::Stream(e.to_string()))?;
        }
        self.next += 1;
        self.last_count = Some(count);
        Ok(DriverEvent::Unit(self.unit(&info, count)))
    }
}
