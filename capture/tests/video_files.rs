//! Video files as live cameras, with clips that the tests generate.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use capture::conformance::{Expected, conforms};
use capture::drivers::gstreamer::{StampDelay, VideoFacts, VideoFile, open_launch_line};
use capture::{
    CameraDriver, CameraEvent, CameraSpec, Capture, CaptureEventKind, CaptureOptions, DriverEvent, FrameConsumer,
    PulseTrain, Pulses, Role,
};
use frame::{CameraId, Encoding, FrameInfo, FrameRef, LossLedger, LossReason, Picture, monotonic_now_ns};
use gstreamer::prelude::*;

const FRAMES: u32 = 20;
const RATE_HZ: f64 = 60.0;
const SIZE_PX: (u32, u32) = (64, 48);

type Seen = Vec<(FrameInfo, Vec<u8>)>;

#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Seen>>);

impl FrameConsumer for Collector {
    fn offer(&mut self, frame: &FrameRef) {
        self.0.lock().unwrap().push((frame.info, frame.bytes().to_vec()));
    }
}

fn clip(folder: &Path, name: &str) -> PathBuf {
    let line = format!(
        "videotestsrc num-buffers={FRAMES} pattern=ball ! video/x-raw,width=64,height=48,framerate=60/1 ! jpegenc ! qtmux"
    );
    made(&line, folder, name)
}

/// Writes the output of a launch line to a file.
fn made(line: &str, folder: &Path, name: &str) -> PathBuf {
    gstreamer::init().unwrap();
    let path = folder.join(name);
    let launch = format!("{line} ! filesink location={}", path.display());
    let pipeline = gstreamer::parse::launch(&launch).unwrap();
    pipeline.set_state(gstreamer::State::Playing).unwrap();
    let bus = pipeline.bus().unwrap();
    let end = [gstreamer::MessageType::Eos, gstreamer::MessageType::Error];
    let message = bus.timed_pop_filtered(gstreamer::ClockTime::from_seconds(20), &end).unwrap();
    assert_eq!(message.type_(), gstreamer::MessageType::Eos);
    pipeline.set_state(gstreamer::State::Null).unwrap();
    path
}

fn video(path: PathBuf, divisor: u32, looping: bool, start_ns: i64) -> VideoFile {
    let pulses = PulseTrain::new(start_ns, f64::from(divisor) * 1e9 / RATE_HZ);
    VideoFile { path, frames: FRAMES, rate_hz: RATE_HZ, divisor, looping, pulses }
}

fn play(videos: Vec<VideoFile>, frames_each: usize) -> (Seen, Vec<CaptureEventKind>) {
    let consumer = Collector::default();
    let ledgers: Vec<_> = videos.iter().map(|_| LossLedger::default()).collect();
    let pulses = videos[0].pulses;
    let cameras = videos.len();
    let specs = videos
        .into_iter()
        .map(|video| CameraSpec {
            name: video.path.display().to_string(),
            open: Box::new(move || Ok(Box::new(video.open()?))),
            pool_buffers: 16,
            unit_bytes: 4096,
            role: Role::Follows,
            watchdog: None,
        })
        .collect();
    let options = CaptureOptions::new(Pulses::Known(pulses));
    let capture = Capture::start(specs, &ledgers, vec![Box::new(consumer.clone())], options).unwrap();
    let events = capture.events().clone();
    let (mut kinds, until) = (vec![], std::time::Instant::now() + Duration::from_secs(20));
    while std::time::Instant::now() < until && consumer.0.lock().unwrap().len() < frames_each * cameras {
        kinds.extend(events.recv_timeout(Duration::from_millis(20)).ok().map(|event| event.kind));
    }
    kinds.extend(events.try_iter().map(|event| event.kind));
    capture.stop(Duration::from_secs(10)).unwrap();
    for ledger in &ledgers {
        let counts = ledger.capture.counts();
        assert_eq!((counts.lost_total(), counts.in_flight()), (0, 0), "{counts:?}");
    }
    let frames = consumer.0.lock().unwrap().clone();
    (frames, kinds)
}

#[test]
fn loops_are_segments_and_all_cameras_agree_on_every_trigger() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (clip(folder.path(), "a.mov"), clip(folder.path(), "b.mov"));
    let start_ns = monotonic_now_ns() + 500_000_000;
    let divisor = 3;
    let (frames, _) = play(vec![video(a, divisor, true, start_ns), video(b, divisor, true, start_ns)], 24);
    for (info, bytes) in &frames {
        let pulse = info.trigger.pulse().expect("time and counter are clear");
        let played = pulse * u64::from(divisor);
        let source = info.source.unwrap();
        assert_eq!(u64::from(source.index), played % u64::from(FRAMES), "{info:?}");
        assert_eq!(u64::from(info.segment.seam), played / u64::from(FRAMES), "{info:?}");
        let true_ns = start_ns + (played as f64 * 1e9 / RATE_HZ) as i64;
        assert!((info.exposure.ns - true_ns).abs() < 10_000, "{} ns off", info.exposure.ns - true_ns);
        assert!(info.arrival_ns >= info.exposure.ns);
        assert_eq!(info.picture, Picture::Encoded { encoding: Encoding::Mjpeg, width_px: 64, height_px: 48 });
        assert_eq!(&bytes[..2], &[0xff, 0xd8], "a JPEG as the file holds it");
    }
    for camera in 0..2 {
        let of_camera: Vec<_> = frames.iter().filter(|(info, _)| info.camera == CameraId(camera)).collect();
        assert!(of_camera.len() >= 20);
        for (i, (info, bytes)) in of_camera.iter().enumerate() {
            assert_eq!((info.sequence, info.trigger.pulse()), (i as u64, Some(i as u64)));
            // Pictures of the same source frame are equal.
            let first = of_camera.iter().find(|(other, _)| other.source == info.source).unwrap();
            assert_eq!(&first.1, bytes);
        }
        assert_ne!(of_camera[0].1, of_camera[1].1);
    }
}

#[test]
fn files_conform() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.mov");
    let open = |looping: bool| {
        let path = path.clone();
        move || -> Result<Box<dyn CameraDriver>, _> {
            Ok(Box::new(video(path.clone(), 1, looping, monotonic_now_ns() + 300_000_000).open()?))
        }
    };
    let endless = Expected::endless(50, Duration::from_secs(1));
    assert_eq!(conforms(open(true), endless), Vec::<String>::new());
    assert_eq!(conforms(open(false), Expected { ends: true, units: FRAMES.into(), ..endless }), Vec::<String>::new());
}

#[test]
fn a_file_that_does_not_loop_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "once.mov");
    let (frames, _) = play(vec![video(path, 1, false, monotonic_now_ns() + 300_000_000)], FRAMES as usize);
    assert_eq!(frames.len(), FRAMES as usize);
}

#[test]
fn a_file_tells_its_length_and_rate() {
    let folder = tempfile::tempdir().unwrap();
    let facts = VideoFile::facts(&clip(folder.path(), "a.mov")).unwrap();
    assert_eq!(facts, VideoFacts { frames: FRAMES, rate_hz: RATE_HZ, size_px: SIZE_PX });
    let raw = "videotestsrc num-buffers=9 ! video/x-raw,width=64,height=48,framerate=60/1 ! qtmux";
    let error = VideoFile::facts(&made(raw, folder.path(), "raw.mov")).unwrap_err().to_string();
    assert!(error.contains("raw.mov is raw") && error.contains("genlock import videos"), "{error}");
}

#[test]
fn a_corrupt_and_a_missing_file_are_named_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let corrupt = folder.path().join("corrupt.mov");
    std::fs::write(&corrupt, [7; 5000]).unwrap();
    let failure = |path: PathBuf| video(path, 1, true, monotonic_now_ns()).open().err().unwrap().to_string();
    assert!(failure(corrupt).contains("corrupt"));
    let missing = failure(folder.path().join("gone.mov"));
    assert!(missing.contains("gone.mov is not there"), "{missing}");
}

/// Some sources connect only after the pipeline has started to play.
#[test]
fn a_stream_that_nobody_sends_is_a_failure_with_its_reason() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let line = format!("rtspsrc location=rtsp://127.0.0.1:{port}/stream ! rtph264depay ! appsink name=sink");
    let mut driver = open_launch_line(&line, StampDelay::default()).unwrap();
    let until = std::time::Instant::now() + Duration::from_secs(20);
    let error = loop {
        match driver.next(None, Duration::from_millis(100)) {
            Ok(event) => assert_eq!(event, DriverEvent::Idle),
            Err(error) => break error.to_string(),
        }
        assert!(std::time::Instant::now() < until);
    };
    assert!(error.contains("rtspsrc"), "{error}");
}

/// Buffers that a later element drops show as gaps if the source numbers its buffers.
#[test]
fn frames_that_a_launch_line_drops_are_counted_and_leave_holes() {
    let line = "videotestsrc num-buffers=120 ! video/x-raw,format=GRAY8,width=32,height=32,framerate=60/1 \
                ! identity drop-probability=0.3 ! appsink name=sink";
    let consumer = Collector::default();
    let ledger = LossLedger::default();
    let camera = CameraSpec {
        name: "line".into(),
        open: Box::new(move || Ok(Box::new(open_launch_line(line, StampDelay::default())?))),
        pool_buffers: 16,
        unit_bytes: 1024,
        role: Role::Follows,
        watchdog: None,
    };
    let options = CaptureOptions::new(Pulses::Unknown);
    let capture =
        Capture::start(vec![camera], std::slice::from_ref(&ledger), vec![Box::new(consumer.clone())], options).unwrap();
    let next = || capture.events().recv_timeout(Duration::from_secs(20)).expect("the line ends").kind;
    assert_eq!(next(), CaptureEventKind::Camera(CameraId(0), CameraEvent::Opened));
    assert_eq!(next(), CaptureEventKind::Camera(CameraId(0), CameraEvent::Ended));
    capture.stop(Duration::from_secs(10)).unwrap();
    let counts = ledger.capture.counts();
    let missing = counts.lost.get(&LossReason::MissingAtSource).copied().unwrap_or_default();
    assert!(missing > 10 && counts.lost_total() == missing && counts.in_flight() == 0, "{counts:?}");
    let frames = consumer.0.lock().unwrap();
    let first = frames[0].0;
    for (info, _) in frames.iter() {
        let shown = ((info.exposure.ns - first.exposure.ns) as f64 * 60.0 / 1e9).round() as u64;
        assert_eq!(info.sequence - first.sequence, shown, "missing frames leave gaps in the numbering");
    }
}
