//! Replays of a take that the tests write.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use capture::conformance::{Expected, conforms};
use capture::drivers::replay::{Playing, ReplayDriver};
use capture::{CameraSpec, Capture, CaptureOptions, DriverEvent, FrameConsumer, PulseTrain, Pulses, Role, Stamp};
use frame::{
    CameraId, DeviceStamp, FrameInfo, FrameRef, HostTime, LossLedger, LossReason, Picture, PixelFormat, SegmentId,
    TriggerIndex, monotonic_now_ns,
};
use take::{TakeInfo, TakeReader, TakeWriter};

const PERIOD_NS: i64 = 10_000_000;
const FRAMES: u64 = 80;
/// Number of the take's first pulse.
const FIRST: u64 = 5000;

/// Every tenth frame is missing, and every seventh has no number.
fn trigger(sequence: u64) -> TriggerIndex {
    if sequence % 7 == 3 { TriggerIndex::Unresolved } else { TriggerIndex::Certain(FIRST + sequence) }
}

fn take(folder: &Path) -> Arc<TakeReader> {
    let info = TakeInfo {
        name: "take".into(),
        rig_toml: String::new(),
        cameras: vec!["left".into()],
        host: "here".into(),
        trigger_rate_hz: 1e9 / PERIOD_NS as f64,
        source_rate_hz: None,
    };
    let mut writer = TakeWriter::create(folder, &info).unwrap();
    for sequence in (0..FRAMES).filter(|sequence| sequence % 10 != 9) {
        let exposed_ns = 1_000_000_000 + sequence as i64 * PERIOD_NS;
        let info = FrameInfo {
            camera: CameraId(0),
            sequence,
            segment: SegmentId::seam(0),
            trigger: trigger(sequence),
            exposure: HostTime::monotonic(exposed_ns, 10_000),
            exposure_duration_ns: 0,
            arrival_ns: exposed_ns + 2_000_000,
            device: DeviceStamp { ns: None, counter: Some(sequence) },
            source: None,
            picture: Picture::packed(PixelFormat::Gray8, 8, 4),
        };
        writer.write_frame(&info, &[sequence as u8; 32]).unwrap();
    }
    let directory = writer.directory().to_owned();
    writer.finish().unwrap();
    Arc::new(TakeReader::open(&directory).unwrap())
}

#[test]
fn takes_conform() {
    let folder = tempfile::tempdir().unwrap();
    let take = take(folder.path());
    let open = || -> Result<Box<dyn capture::CameraDriver>, _> {
        Ok(Box::new(ReplayDriver::open(take.clone(), CameraId(0), monotonic_now_ns() + 50_000_000, Playing::Once)?))
    };
    let wrong = conforms(open, Expected { ends: true, ..Expected::endless(70, Duration::from_secs(1)) });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<FrameInfo>>>);

impl FrameConsumer for Collector {
    fn offer(&mut self, frame: &FrameRef) {
        self.0.lock().unwrap().push(frame.info);
    }
}

/// Even if the rig knows its pulses, which differ from the take's.
#[test]
fn frames_keep_their_numbers_and_what_had_none_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let take = take(folder.path());
    let start_ns = monotonic_now_ns() + 300_000_000;
    let camera = CameraSpec {
        name: "left".into(),
        open: Box::new(move || Ok(Box::new(ReplayDriver::open(take.clone(), CameraId(0), start_ns, Playing::Once)?))),
        pool_buffers: 16,
        unit_bytes: 32,
        role: Role::Follows,
        watchdog: None,
    };
    let (seen, ledger) = (Collector::default(), LossLedger::default());
    let options = CaptureOptions::new(Pulses::Known(PulseTrain::new(start_ns, PERIOD_NS as f64)));
    let capture =
        Capture::start(vec![camera], std::slice::from_ref(&ledger), vec![Box::new(seen.clone())], options).unwrap();
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while !capture.all_ended() && std::time::Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    capture.stop(Duration::from_secs(5)).unwrap();
    let seen = seen.0.lock().unwrap();
    assert_eq!(seen.len(), 72);
    for info in seen.iter() {
        assert_eq!(info.trigger, trigger(info.sequence), "{info:?}");
    }
    assert_eq!(ledger.capture.counts().lost_total(), 7, "the last gap is after the last frame");
}

#[test]
fn a_take_that_is_opened_again_goes_on_with_what_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let take = take(folder.path());
    let start_ns = monotonic_now_ns() - 40 * PERIOD_NS;
    let mut driver = ReplayDriver::open(take, CameraId(0), start_ns, Playing::Once).unwrap();
    let first = loop {
        match capture::CameraDriver::next(&mut driver, None, Duration::from_millis(100)).unwrap() {
            DriverEvent::Unit(unit) => break unit,
            DriverEvent::Ended => panic!("it has more"),
            _ => {}
        }
    };
    let counter = first.counter.unwrap();
    assert!((25..=40).contains(&counter), "{counter}");
}

/// A take of 6 instants whose instant 4 has no frame.
fn short_take(folder: &Path) -> Arc<TakeReader> {
    let take = take(folder);
    let mut writer = TakeWriter::create(folder, take.info()).unwrap();
    for instant in [0, 1, 2, 3, 5] {
        let (info, bytes) = take.read(CameraId(0), 0).unwrap();
        let exposed_ns = 1_000_000_000 + instant as i64 * PERIOD_NS;
        let trigger = TriggerIndex::Certain(instant);
        let exposure = HostTime::monotonic(exposed_ns, 0);
        let info = FrameInfo { sequence: instant, trigger, exposure, arrival_ns: exposed_ns, ..info };
        writer.write_frame(&info, &bytes).unwrap();
    }
    let directory = writer.finish().unwrap().directory;
    Arc::new(TakeReader::open(directory).unwrap())
}

/// Segment, counter and exposure in periods since the start, of the next frames; `None` stands for a lost one.
fn played(driver: &mut ReplayDriver, start_ns: i64, events: usize) -> Vec<Option<(u32, u64, i64)>> {
    let mut seen = Vec::new();
    while seen.len() < events {
        match capture::CameraDriver::next(driver, None, Duration::from_millis(100)).unwrap() {
            DriverEvent::Unit(unit) => {
                let Stamp::Host(exposure) = unit.exposure else { panic!("{unit:?}") };
                let counter = unit.counter.unwrap();
                assert_eq!(unit.trigger, TriggerIndex::Certain(counter));
                let periods = (exposure.ns - start_ns) as f64 / PERIOD_NS as f64;
                seen.push(Some((unit.segment.seam, counter, periods.round() as i64)));
            }
            DriverEvent::Lost { reason, frames } => {
                assert_eq!(reason, LossReason::MissingAtSource);
                seen.extend(vec![None; frames as usize]);
            }
            DriverEvent::Idle => {}
            DriverEvent::Ended => panic!("it has no end"),
        }
    }
    seen
}

#[test]
fn a_looping_take_begins_again_without_a_hole() {
    let folder = tempfile::tempdir().unwrap();
    let playing = Playing::Looping { instants: 6, period_ns: PERIOD_NS as f64, divisor: 1 };
    let start_ns = monotonic_now_ns() + 20_000_000;
    let mut driver = ReplayDriver::open(short_take(folder.path()), CameraId(0), start_ns, playing).unwrap();
    let expected: Vec<_> =
        (0..14).map(|count| (count % 6 != 4).then_some(((count / 6) as u32, count, count as i64))).collect();
    assert_eq!(played(&mut driver, start_ns, 14), expected);
}

#[test]
fn a_divisor_takes_every_other_instant_over_all_rounds() {
    let folder = tempfile::tempdir().unwrap();
    // Four divides no round of six: the second round begins with its instant 2.
    let playing = Playing::Looping { instants: 6, period_ns: PERIOD_NS as f64, divisor: 4 };
    let start_ns = monotonic_now_ns() + 20_000_000;
    let mut driver = ReplayDriver::open(short_take(folder.path()), CameraId(0), start_ns, playing).unwrap();
    // Instants 0, 4 (which has no frame), 8 = 1·6 + 2, 12.
    assert_eq!(played(&mut driver, start_ns, 4), [Some((0, 0, 0)), None, Some((1, 2, 8)), Some((2, 3, 12))]);
}
