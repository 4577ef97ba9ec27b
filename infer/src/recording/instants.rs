//! Groups the frames of a take into instants.

use std::collections::BTreeMap;
use std::ops::Range;

use frame::{CameraId, FrameInfo, SegmentId, SourcePosition};
use frame_sync::timing::{Action, NearestConfig, NearestInTime, TimedArrival};
use take::TakeReader;

/// The frames of one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Instant {
    pub segment: SegmentId,
    /// The number of its pulse; `None` in free-run.
    pub pulse: Option<u64>,
    /// Start of exposure of its earliest frame, on the host's monotonic clock.
    pub exposure_ns: i64,
    pub source: Option<SourcePosition>,
    /// By camera the index of its frame in the take.
    pub frames: Vec<Option<usize>>,
}

/// The instants of a take in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instants {
    pub all: Vec<Instant>,
    /// Frames that belong to no instant, because their pulse is unknown or no other camera's frame is near in time.
    pub left_out: usize,
}

impl Instants {
    /// Groups frames by pulse, or by nearness in time if no frame has a pulse.
    pub fn of(take: &TakeReader) -> Self {
        let cameras = take.cameras().len();
        let frames: Vec<(usize, usize, FrameInfo)> = (0..cameras)
            .flat_map(|camera| {
                let id = CameraId(camera as u16);
                let info = move |index| Some((camera, index, *take.frame_info(id, index)?));
                (0..take.len(id)).filter_map(info)
            })
            .collect();
        if frames.iter().any(|(.., info)| info.trigger.pulse().is_some()) {
            by_pulse(cameras, &frames)
        } else {
            by_time(cameras, frames, take.info().trigger_rate_hz)
        }
    }

    /// Stretches of instants without a discontinuity or a gap.
    pub fn runs(&self) -> Vec<Range<usize>> {
        let steps = self.all.windows(2).map(|pair| pair[1].exposure_ns - pair[0].exposure_ns);
        let mut sorted: Vec<i64> = steps.filter(|&step| step > 0).collect();
        sorted.sort_unstable();
        let usual_ns = sorted.get(sorted.len() / 2).copied().unwrap_or(i64::MAX / 2);
        let mut runs = Vec::new();
        let mut start = 0;
        for at in 1..=self.all.len() {
            let goes_on = self.all.get(at).is_some_and(|next| {
                let step_ns = next.exposure_ns - self.all[at - 1].exposure_ns;
                next.segment == self.all[at - 1].segment && step_ns > 0 && step_ns < usual_ns + usual_ns / 2
            });
            if !goes_on {
                runs.push(start..at);
                start = at;
            }
        }
        if self.all.is_empty() { Vec::new() } else { runs }
    }
}

fn by_pulse(cameras: usize, frames: &[(usize, usize, FrameInfo)]) -> Instants {
    let mut sets: BTreeMap<(SegmentId, u64), Instant> = BTreeMap::new();
    let mut left_out = 0;
    for (camera, index, info) in frames {
        let Some(pulse) = info.trigger.pulse() else {
            left_out += 1;
            continue;
        };
        let set = sets.entry((info.segment, pulse)).or_insert_with(|| empty(cameras, info));
        add(set, *camera, *index, info);
    }
    Instants { all: sets.into_values().collect(), left_out }
}

fn by_time(cameras: usize, mut frames: Vec<(usize, usize, FrameInfo)>, rate_hz: f64) -> Instants {
    frames.sort_by_key(|(.., info)| (info.segment, info.exposure.ns));
    let period_ns = if rate_hz > 0.0 { 1e9 / rate_hz } else { 1e9 / 30.0 };
    let config = NearestConfig {
        cameras,
        tolerance_ns: (0.45 * period_ns) as u64,
        deadline_ns: (4.0 * period_ns) as i64,
        max_open: 16,
    };
    let mut nearest = NearestInTime::new(config);
    let mut actions = Vec::new();
    for &(camera, index, info) in &frames {
        // A recording has no delays, so frames arrive when they were exposed.
        let arrival_ns = info.exposure.ns;
        nearest.advance(arrival_ns, &mut actions);
        let arrival = TimedArrival {
            camera: CameraId(camera as u16),
            segment: info.segment,
            exposure: info.exposure,
            arrival_ns,
            item: (index, info),
        };
        nearest.arrive(arrival, &mut actions);
    }
    nearest.flush(&mut actions);
    let mut instants = Instants::default();
    for action in actions {
        match action {
            Action::Set(set) => {
                let items: Vec<_> =
                    set.items.iter().enumerate().filter_map(|(at, item)| Some((at, (*item)?))).collect();
                if let Some((_, (_, first))) = items.first() {
                    let mut instant = empty(cameras, first);
                    items.iter().for_each(|(camera, (index, info))| add(&mut instant, *camera, *index, info));
                    instants.all.push(instant);
                }
            }
            Action::Reject { .. } => instants.left_out += 1,
        }
    }
    instants
}

fn empty(cameras: usize, info: &FrameInfo) -> Instant {
    Instant {
        segment: info.segment,
        pulse: info.trigger.pulse(),
        exposure_ns: info.exposure.ns,
        source: info.source,
        frames: vec![None; cameras],
    }
}

fn add(instant: &mut Instant, camera: usize, index: usize, info: &FrameInfo) {
    instant.exposure_ns = instant.exposure_ns.min(info.exposure.ns);
    instant.source = instant.source.or(info.source);
    instant.frames[camera] = Some(index);
}

#[cfg(test)]
mod tests {
    use frame::{DeviceStamp, HostTime, Picture, PixelFormat, TriggerIndex};

    use super::*;

    const PERIOD_NS: i64 = 33_333_333;

    fn info(segment: u32, trigger: TriggerIndex, exposure_ns: i64) -> FrameInfo {
        FrameInfo {
            camera: CameraId(0),
            sequence: 0,
            segment: SegmentId::seam(segment),
            trigger,
            exposure: HostTime::monotonic(exposure_ns, 1000),
            exposure_duration_ns: 0,
            arrival_ns: exposure_ns,
            device: DeviceStamp::default(),
            source: None,
            picture: Picture::packed(PixelFormat::Rgb8, 2, 2),
        }
    }

    fn pulse(number: u64) -> FrameInfo {
        info(0, TriggerIndex::Certain(number), number as i64 * PERIOD_NS)
    }

    #[test]
    fn frames_of_one_pulse_are_one_instant_and_those_without_are_counted() {
        let unknown = info(0, TriggerIndex::Unresolved, 0);
        let frames = [(0, 0, pulse(0)), (0, 1, pulse(1)), (1, 0, pulse(1)), (1, 1, pulse(2)), (1, 2, unknown)];
        let instants = by_pulse(2, &frames);
        let found: Vec<_> = instants.all.iter().map(|instant| instant.frames.clone()).collect();
        assert_eq!(found, [vec![Some(0), None], vec![Some(1), Some(0)], vec![None, Some(1)]]);
        assert_eq!(instants.left_out, 1);
    }

    #[test]
    fn frames_that_ran_free_are_put_together_by_time() {
        let free = |number: i64, late_ns: i64| info(0, TriggerIndex::Unresolved, number * PERIOD_NS + late_ns);
        // The second camera runs 5 ms behind, and lost its second picture.
        let frames = vec![
            (0, 0, free(0, 0)),
            (0, 1, free(1, 0)),
            (0, 2, free(2, 0)),
            (1, 0, free(0, 5_000_000)),
            (1, 1, free(2, 5_000_000)),
        ];
        let instants = by_time(2, frames, 30.0);
        let found: Vec<_> = instants.all.iter().map(|instant| instant.frames.clone()).collect();
        assert_eq!(found, [vec![Some(0), Some(0)], vec![Some(1), None], vec![Some(2), Some(1)]]);
    }

    #[test]
    fn seams_and_gaps_end_a_run() {
        let mut frames: Vec<_> = (0..5).map(|number| (0, number as usize, pulse(number))).collect();
        frames.extend((8..10).map(|number| (0, number as usize, pulse(number))));
        frames.push((0, 10, info(1, TriggerIndex::Certain(0), 10 * PERIOD_NS)));
        assert_eq!(by_pulse(1, &frames).runs(), [0..5, 5..7, 7..8]);
        assert!(Instants::default().runs().is_empty());
    }
}
