//! The drivers of webcams and capture cards with V4L2 devices of the kernel module `vivid`: four cameras in one emulated
//! machine that runs the real binary. `run.sh` runs there; the tests judge its results.

mod machine;

use frame::{CameraId, FrameInfo};
use genlock_tests::json;
use machine::machine;
use serde_json::Value;
use take::{TakeReader, inspect};

const CAMERAS: usize = 4;
const RATE_HZ: f64 = 25.0;
const PERIOD_NS: i64 = 40_000_000;
const FAULTS_RATE_HZ: f64 = 50.0;

/// A capture's report, its log, and the take of it.
struct Captured {
    report: Value,
    log: String,
    take: TakeReader,
}

/// The results of this capture; `None` if there is no machine.
fn captured(name: &str) -> Option<Captured> {
    let out = machine()?.join("out");
    let takes: Vec<_> = std::fs::read_dir(out.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(takes.len(), 1, "{name}: {takes:?}");
    let inspection = inspect(&takes[0]).unwrap();
    assert!(inspection.complete, "{name}: {inspection:?}");
    Some(Captured {
        report: json(&out.join(format!("{name}.json"))),
        log: std::fs::read_to_string(out.join(format!("{name}.log"))).unwrap(),
        take: TakeReader::open(&takes[0]).unwrap(),
    })
}

impl Captured {
    fn frames(&self, camera: usize) -> Vec<FrameInfo> {
        let camera = CameraId(camera as u16);
        (0..self.take.len(camera)).map(|index| *self.take.frame_info(camera, index).unwrap()).collect()
    }

    fn lost(&self, camera: usize, reason: &str) -> u64 {
        self.report["cameras"][camera]["lost"][reason].as_u64().unwrap_or(0)
    }

    fn events(&self) -> String {
        self.report["events"].to_string()
    }

    /// Every frame is counted once, including all those that the device counted.
    fn check_accounts(&self, camera: usize) {
        let report = &self.report["cameras"][camera];
        let count = |key: &str| report[key].as_u64().unwrap();
        let lost: u64 = report["lost"].as_object().unwrap().values().map(|frames| frames.as_u64().unwrap()).sum();
        assert_eq!(count("produced"), count("delivered") + lost, "{report}");
        assert_eq!(count("delivered"), self.frames(camera).len() as u64, "{report}");
        for pair in self.frames(camera).windows(2) {
            assert!(pair[0].exposure.ns < pair[1].exposure.ns, "{pair:?}");
            // A device that was reopened counts from zero.
            if let (Some(before), Some(after)) = (pair[0].device.counter, pair[1].device.counter)
                && before < after
            {
                assert_eq!(after - before, pair[1].sequence - pair[0].sequence, "{pair:?}");
            }
        }
    }

    /// Checks the rate from the first frame to the last, lost ones included.
    fn check_rate(&self, camera: usize, rate_hz: f64, least: usize) {
        let frames = self.frames(camera);
        let (first, last) = (frames.first().unwrap(), frames.last().unwrap());
        let seconds = (last.arrival_ns - first.arrival_ns) as f64 / 1e9;
        let rate = (last.sequence - first.sequence) as f64 / seconds;
        assert!((rate / rate_hz - 1.0).abs() < 0.1, "camera {camera}: {rate} Hz over {seconds} s");
        assert!(frames.len() >= least, "camera {camera}: {} frames", frames.len());
    }
}

/// Time from exposure to arrival: the median, and the extremes, in ms.
fn ages_ms(frames: &[FrameInfo]) -> (f64, f64, f64) {
    let mut ages: Vec<_> = frames.iter().map(|info| info.arrival_ns - info.exposure.ns).collect();
    ages.sort();
    let ms = |ns: i64| ns as f64 / 1e6;
    (ms(ages[0]), ms(ages[ages.len() / 2]), ms(ages[ages.len() - 1]))
}

/// The longest interval between two frames, in ms.
fn longest_silence_ms(frames: &[FrameInfo]) -> i64 {
    frames.windows(2).map(|pair| (pair[1].arrival_ns - pair[0].arrival_ns) / 1_000_000).max().unwrap()
}

#[test]
fn v4l2_cameras_deliver_with_the_kernels_times_and_counts() {
    let Some(captured) = captured("v4l2") else { return };
    let bytes: [usize; CAMERAS] = [320 * 180 * 2, 320 * 180 * 3 / 2, 320 * 180, 320 * 180];
    for (camera, bytes) in bytes.into_iter().enumerate() {
        captured.check_accounts(camera);
        captured.check_rate(camera, RATE_HZ, 60);
        let frames = captured.frames(camera);
        assert!(frames.iter().all(|info| info.device.counter.is_some() && info.exposure.uncertainty_ns == 1_000_000));
        let (youngest, median, oldest) = ages_ms(&frames);
        println!("camera {camera}: {} frames, {youngest} to {oldest} ms old, median {median} ms", frames.len());
        assert!(youngest > 0.0 && median < 15.0, "camera {camera}: {youngest} to {oldest} ms, median {median} ms");
        let (_, picture) = captured.take.read(CameraId(camera as u16), 0).unwrap();
        assert_eq!(picture.len(), bytes, "camera {camera}");
        // The test picture has bars, so it is not uniform.
        assert!(picture.iter().max().unwrap() - picture.iter().min().unwrap() > 100, "camera {camera}");
    }
    assert_eq!(captured.events(), "[]");
}

#[test]
fn stamps_that_lie_ahead_are_not_believed() {
    let Some(captured) = captured("early-stamps") else { return };
    for camera in 0..CAMERAS {
        captured.check_accounts(camera);
        let frames = captured.frames(camera);
        let arrivals = frames.iter().filter(|info| {
            let uncertainty_ns = i64::from(info.exposure.uncertainty_ns);
            let age_ns = info.arrival_ns - info.exposure.ns;
            uncertainty_ns == 2 * PERIOD_NS + 20_000_000 && (0..uncertainty_ns).contains(&age_ns)
        });
        let arrivals = arrivals.count();
        println!("camera {camera}: arrivals stand in for {arrivals} of {} stamps", frames.len());
        assert_eq!(arrivals, frames.len(), "camera {camera}");
        let told = captured.log.matches(&format!("/dev/video{camera}")).count();
        assert_eq!(told, 1, "camera {camera}: {}", captured.log);
    }
}

#[test]
fn what_a_device_cannot_do_is_refused_with_what_it_can() {
    let Some(captured) = captured("refused") else { return };
    let events = captured.events();
    for words in [
        "does not send mjpeg; set format to one of bayer-bg8, ",
        "yuyv",
        "/dev/video9 is not there; plug it in, or there are /dev/video0 (vivid-000-vid-cap), /dev/video1",
        "does not send 321×181 pixels in yuyv; set width-px and height-px to one of 320×180, 640×360",
        "the exposure of /dev/video3 cannot be set; leave exposure-us out",
        "/dev/video0 is in use by another program or another camera of the rig",
        "/dev/null is no V4L2 device; use another",
    ] {
        assert!(events.contains(words), "{words}: {events}");
    }
    // One of the two that share the same device gets it.
    assert!(captured.frames(0).len() + captured.frames(1).len() > 20, "{}", captured.report["cameras"]);
    let said = |name: &str| json(&machine().unwrap().join(format!("out/{name}.json")))["events"].to_string();
    let (rate, pulses, forbidden) = (said("rate"), said("pulses"), said("forbidden"));
    assert!(rate.contains("17 pictures a second of 320×180 pixels; set trigger.rate-hz to one of "), "{rate}");
    assert!(rate.contains("15, 25, 30"), "{rate}");
    assert!(
        pulses.contains("has no trigger input that V4L2 knows of; set trigger.mode to \\\"free-run\\\""),
        "{pulses}"
    );
    assert!(forbidden.contains("may not be used by this user; add the user to the group video"), "{forbidden}");
}

#[test]
fn faults_of_one_camera_are_counted_and_cost_the_others_nothing() {
    let Some(captured) = captured("faults") else { return };
    for camera in 0..CAMERAS {
        captured.check_accounts(camera);
        let frames = captured.frames(camera);
        let lost = &captured.report["cameras"][camera]["lost"];
        println!("camera {camera}: {} frames, lost {lost}, silent {} ms", frames.len(), longest_silence_ms(&frames));
    }
    // Half of two seconds, and some more for the emulated processor.
    let dropped = captured.lost(0, "missing-at-source");
    assert!(dropped >= 30, "{dropped} dropped");
    captured.check_rate(0, FAULTS_RATE_HZ, 300);
    captured.check_rate(1, FAULTS_RATE_HZ, 300);
    let counters: Vec<_> = captured.frames(1).iter().filter_map(|info| info.device.counter).collect();
    assert!(counters.first() < Some(&(1 << 32)) && counters.last() > Some(&(1 << 32)), "no wrap: {counters:?}");
    assert_eq!(captured.lost(2, "incomplete"), 2);
    // Two fail independently and recover; the other two continue.
    let events = captured.events();
    assert!(events.contains("/dev/video3 is gone: it was unplugged"), "{events}");
    assert!(events.contains("/dev/video2 stopped delivering"), "{events}");
    for (camera, lost) in [(0, false), (1, false), (2, true), (3, true)] {
        let frames = captured.frames(camera);
        let silence_ms = longest_silence_ms(&frames);
        assert_eq!(events.contains(&format!("c{camera}: ")), lost, "{events}");
        assert!(!lost || silence_ms >= 450, "camera {camera} is silent for {silence_ms} ms only");
        let (_, median, oldest) = ages_ms(&frames);
        assert!(median < 15.0, "camera {camera}: {median} ms, at most {oldest} ms");
        let end_ns = captured.frames(0).last().unwrap().arrival_ns;
        assert!(end_ns - frames.last().unwrap().arrival_ns < 1_000_000_000, "camera {camera} did not come back");
    }
}

#[test]
fn nokhwa_delivers_the_same_without_counts() {
    let Some(captured) = captured("nokhwa") else { return };
    for camera in 0..CAMERAS {
        captured.check_accounts(camera);
        let frames = captured.frames(camera);
        assert!(frames.iter().all(|info| info.device.counter.is_none()));
        // It does not state what its timestamps mark: the exposure began within one period before.
        assert!(frames.iter().all(|info| i64::from(info.exposure.uncertainty_ns) == PERIOD_NS / 2));
        let (youngest, median, oldest) = ages_ms(&frames);
        let silence_ms = longest_silence_ms(&frames);
        println!("camera {camera}: {} frames, {youngest} to {oldest} ms old, median {median} ms", frames.len());
        assert!(youngest > 20.0 && median < 35.0, "camera {camera}: {youngest} to {oldest} ms, median {median} ms");
        assert_eq!(captured.events().contains(&format!("c{camera}: ")), camera == 3, "{}", captured.events());
        match camera {
            3 => assert!(silence_ms >= 450, "it is silent for {silence_ms} ms only"),
            _ => captured.check_rate(camera, RATE_HZ, 120),
        }
    }
    let end_ns = captured.frames(0).last().unwrap().arrival_ns;
    assert!(end_ns - captured.frames(3).last().unwrap().arrival_ns < 1_000_000_000, "it did not come back");
    let refused = json(&machine().unwrap().join("out/nokhwa-refused.json"))["events"].to_string();
    assert!(refused.contains("does not send 320×180 pixels in MJPEG at 25 Hz; it offers "), "{refused}");
    assert!(refused.contains("320×180 YUYV 25 Hz"), "{refused}");
    assert!(refused.contains("`genlock cameras` lists the available ones"), "{refused}");
    assert!(refused.contains("nokhwa cannot set exposure or gain; leave exposure-us"), "{refused}");
}

#[test]
fn both_do_what_every_driver_must_on_a_device_that_loses_frames() {
    let Some(machine) = machine() else { return };
    let said = std::fs::read_to_string(machine.join("out/conformance.log")).unwrap();
    assert_eq!(said, "nokhwa conforms\nv4l2 conforms\n");
}

#[test]
fn all_are_listed_with_what_they_are() {
    let Some(machine) = machine() else { return };
    let listed = std::fs::read_to_string(machine.join("out/cameras.txt")).unwrap();
    for camera in 0..CAMERAS {
        let line = listed.lines().find(|line| line.starts_with(&format!("/dev/video{camera}\t")));
        assert!(line.is_some_and(|line| line.contains("\tvivid\t")), "camera {camera}: {listed}");
    }
}
