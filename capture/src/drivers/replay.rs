//! Replays a recorded take at its own pace, with its triggers, segments and gaps.

use std::sync::Arc;
use std::time::Duration;

use frame::{CameraId, FrameInfo, HostTime, LossReason, Slot, monotonic_now_ns};
use take::TakeReader;

use crate::{CameraDriver, DriverError, DriverEvent, Stamp, Unit};

/// On opening, pictures that were due longer ago than this are skipped.
const PATIENCE_NS: i64 = 100_000_000;

/// Replays one camera of a take.
pub struct ReplayDriver {
    take: Arc<TakeReader>,
    camera: CameraId,
    next: usize,
    /// Offset from recorded times to times of this replay.
    shift_ns: i64,
    last_sequence: Option<u64>,
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
    pub fn open(take: Arc<TakeReader>, camera: CameraId, start_ns: i64) -> Result<Self, DriverError> {
        let first = first_exposure_ns(&take)
            .ok_or_else(|| DriverError::open("the take holds no frame", "choose another take"))?;
        let mut replay = Self { take, camera, next: 0, shift_ns: start_ns - first, last_sequence: None };
        // When reopened during a run, it continues with what is due and skips what was due before.
        let now_ns = monotonic_now_ns();
        while replay.take.frame_info(camera, replay.next).is_some_and(|info| replay.due_ns(info) < now_ns - PATIENCE_NS)
        {
            replay.next += 1;
        }
        Ok(replay)
    }

    fn due_ns(&self, info: &FrameInfo) -> i64 {
        info.arrival_ns.max(info.exposure.ns) + self.shift_ns
    }

    fn unit(&self, info: &FrameInfo) -> Unit {
        Unit {
            segment: info.segment,
            exposure: Stamp::Host(HostTime { ns: info.exposure.ns + self.shift_ns, ..info.exposure }),
            exposure_duration_ns: info.exposure_duration_ns,
            counter: info.device.counter,
            trigger: info.trigger,
            source: info.source,
            picture: info.picture,
        }
    }
}

impl CameraDriver for ReplayDriver {
    fn knows_pulses(&self) -> bool {
        true
    }

    fn next(&mut self, slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        let Some(&info) = self.take.frame_info(self.camera, self.next) else { return Ok(DriverEvent::Ended) };
        let hole = self.last_sequence.map_or(0, |last| info.sequence.saturating_sub(last + 1));
        if hole > 0 {
            self.last_sequence = Some(info.sequence - 1);
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
        self.last_sequence = Some(info.sequence);
        Ok(DriverEvent::Unit(self.unit(&info)))
    }
}
