//! The driver of machine-vision cameras with Aravis's simulated GigE Vision cameras, over the real protocol, in a
//! network namespace of the tests.

mod fakes;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use calibration_free_config::{CameraFormat, CameraSettings, Exposes};
use capture::conformance::{Expected, conforms};
use capture::drivers::aravis::AravisCamera;
use fakes::{CAMERAS, address, own_network, plain, quick, rig};
use frame::{CameraId, FrameInfo, LossReason};
use genlock_tests::{genlock, json, recorded, succeed, until_recorded};
use serde_json::Value;
use take::TakeReader;

const FREE: &str = "mode = \"free-run\"\nrate-hz = 25.0";

/// Records the rig, and checks that each picture is counted once; returns the report and each camera's frames.
fn capture_of(folder: &Path, rig: &Path, seconds: u32) -> (Value, Vec<Vec<FrameInfo>>) {
    let report = folder.join("report.json");
    let seconds = seconds.to_string();
    let mut command = genlock(["capture", rig.to_str().unwrap(), "--seconds", &seconds]);
    succeed(command.arg("--record").arg(folder.join("takes")).arg("--report").arg(&report));
    let report = json(&report);
    let take = TakeReader::open(recorded(&report)).unwrap();
    let frames: Vec<Vec<FrameInfo>> = (0..CAMERAS)
        .map(|camera| {
            let id = CameraId(camera as u16);
            (0..take.len(id)).map(|at| *take.frame_info(id, at).unwrap()).collect()
        })
        .collect();
    for (camera, frames) in frames.iter().enumerate() {
        let said = &report["cameras"][camera];
        assert_eq!(
            count(&report, camera, "produced"),
            count(&report, camera, "delivered") + lost(&report, camera),
            "{said}"
        );
        assert_eq!(count(&report, camera, "delivered"), frames.len() as u64, "{said}");
        assert!(said["not_recorded"].as_object().unwrap().is_empty(), "{said}");
    }
    (report, frames)
}

fn count(report: &Value, camera: usize, key: &str) -> u64 {
    report["cameras"][camera][key].as_u64().unwrap()
}

fn lost(report: &Value, camera: usize) -> u64 {
    report["cameras"][camera]["lost"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum()
}

fn lost_to(report: &Value, camera: usize, reason: LossReason) -> u64 {
    report["cameras"][camera]["lost"][reason.name()].as_u64().unwrap_or_default()
}

#[test]
fn four_cameras_stream_and_their_ids_wrap_without_a_loss() {
    if !own_network() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let _cameras: Vec<_> = (0..CAMERAS).map(plain).collect();
    let listed = succeed(&mut genlock(["cameras"]));
    assert!((0..CAMERAS).all(|camera| listed.contains(&address(camera))), "{listed}");
    let (report, frames) = capture_of(folder.path(), &rig(folder.path(), FREE, ""), 9);
    for (camera, frames) in frames.iter().enumerate() {
        println!("camera {camera}: {} frames, {} lost", frames.len(), lost(&report, camera));
        assert!(frames.len() > 150 && lost(&report, camera) == 0, "{}", report["cameras"][camera]);
        let follows = |pair: &[FrameInfo]| pair[1].device.counter == pair[0].device.counter.map(|counter| counter + 1);
        assert!(frames.windows(2).all(follows), "a count that does not follow");
        // An unknown clock is uncertain by a quarter of a second; a known one, on a busy machine, by some milliseconds.
        assert!(frames[50..].iter().all(|info| info.exposure.uncertainty_ns < 50_000_000), "{:?}", frames.last());
    }
    assert_eq!(report["events"], Value::Array(vec![]));
}

#[test]
fn software_triggers_lose_no_pulse_and_number_all_cameras_alike() {
    if !own_network() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let _cameras = quick(0.0);
    let software = "mode = \"software\"\nrate-hz = 20.0";
    let (report, frames) = capture_of(folder.path(), &rig(folder.path(), software, ""), 10);
    account_for_requests(&report);
    number_alike(&report, &frames);
}

/// Late requests for pictures are skipped, and requests may be ignored; each is counted, and the latter reported.
fn account_for_requests(report: &Value) {
    let events = report["events"].to_string();
    for camera in 0..CAMERAS {
        let unasked = lost_to(report, camera, LossReason::NotAsked);
        let missed = lost_to(report, camera, LossReason::MissedPulse);
        println!("camera {camera}: {unasked} not asked for, {missed} passed over");
        assert_eq!(lost(report, camera), unasked + missed, "{}", report["cameras"][camera]);
        let slipped = events.contains(&format!("c{camera}: counter and time disagree"));
        assert!(missed == 0 || slipped, "{missed} missed, but {events}");
    }
}

/// Cameras number pictures alike and without gaps that are not in their sequence.
///
/// Now and then these cameras sleep for 100 ms where microseconds would do, or the machine stops. Requests are then
/// answered late or not at all. That is reported, and numbers begin anew, with one that may be wrong if that picture is
/// late, too.
fn number_alike(report: &Value, frames: &[Vec<FrameInfo>]) {
    let events = report["events"].to_string();
    let mut pulses: HashMap<u64, Vec<i64>> = HashMap::new();
    for (camera, frames) in frames.iter().enumerate() {
        let slips = events.matches(&format!("c{camera}: counter and time disagree")).count();
        let numbered: Vec<_> = frames.iter().filter_map(|info| Some((info.trigger.pulse()?, info))).collect();
        // Lost pictures are in the sequence, so pulses and sequence stay equally far apart.
        let ahead = |(pulse, info): &(u64, &FrameInfo)| *pulse as i64 - info.sequence as i64;
        let mut all_ahead: Vec<_> = numbered.iter().map(ahead).collect();
        all_ahead.sort_unstable();
        let usual = all_ahead[all_ahead.len() / 2];
        let wrong = all_ahead.iter().filter(|&&ahead| ahead != usual).count();
        println!("camera {camera}: {} frames, {} numbered, {slips} slips", frames.len(), numbered.len());
        assert!(numbered.len() > 80, "{} of {}", numbered.len(), frames.len());
        assert!(wrong <= slips, "{wrong} wrong numbers after {slips} slips: {all_ahead:?}");
        for (pulse, info) in numbered.iter().filter(|frame| ahead(frame) == usual) {
            pulses.entry(*pulse).or_default().push(info.exposure.ns);
        }
    }
    // Each picture must be nearer to its own pulse than to another one, so pictures of one pulse are less than a period
    // apart. Wrong numbers would show in all pulses.
    let apart_ns = |exposures: &Vec<i64>| exposures.iter().max().unwrap() - exposures.iter().min().unwrap();
    let mut apart_ns: Vec<i64> = pulses.values().map(apart_ns).collect();
    apart_ns.sort_unstable();
    let (median_ns, most_ns) = (apart_ns[apart_ns.len() / 2], apart_ns[apart_ns.len() - 1]);
    println!("pictures of one pulse are {:.1} ms apart, at most {:.1}", median_ns as f64 / 1e6, most_ns as f64 / 1e6);
    assert!(median_ns < 10_000_000 && most_ns < 50_000_000, "{median_ns} ns apart, at most {most_ns}");
}

#[test]
fn lost_packets_are_lost_pictures_and_never_shown() {
    if !own_network() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let _cameras = quick(0.002);
    let (report, frames) = capture_of(folder.path(), &rig(folder.path(), FREE, "packet-bytes = 1400\n"), 5);
    let incomplete: u64 = (0..CAMERAS).map(|camera| lost_to(&report, camera, LossReason::Incomplete)).sum();
    let missing: u64 = (0..CAMERAS).map(|camera| lost_to(&report, camera, LossReason::MissingAtSource)).sum();
    let delivered: usize = frames.iter().map(Vec::len).sum();
    println!("{delivered} delivered, {incomplete} incomplete, {missing} missing");
    // About a third gets through: a picture has 226 packets.
    assert!(incomplete > 20 && delivered > 100, "{}", report["cameras"]);
    for (camera, frames) in frames.iter().enumerate() {
        let produced = count(&report, camera, "produced");
        assert!((80..200).contains(&produced), "camera {camera} made {produced} pictures in 5 s at 25 Hz");
        // The device's count between two pictures agrees with the losses in the account.
        let step = |pair: &[FrameInfo]| {
            let counted = pair[1].device.counter.unwrap() - pair[0].device.counter.unwrap();
            counted == pair[1].sequence - pair[0].sequence
        };
        assert!(frames.windows(2).all(step), "count and account differ");
    }
}

#[test]
fn a_camera_that_is_killed_joins_again_and_the_others_lose_nothing() {
    if !own_network() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut cameras: Vec<_> = (0..CAMERAS).map(|camera| Some(plain(camera))).collect();
    let rig = rig(folder.path(), FREE, "");
    let (report, frames) = std::thread::scope(|scope| {
        // Threads that this thread starts are in its network.
        let recording = scope.spawn(|| capture_of(folder.path(), &rig, 20));
        until_recorded(&folder.path().join("takes"), 0..CAMERAS, 50);
        cameras[2] = None;
        // It stays away this long.
        std::thread::sleep(Duration::from_secs(1));
        cameras[2] = Some(plain(2));
        recording.join().unwrap()
    });
    let events = report["events"].to_string();
    assert!(events.contains("c2: ") && events.contains("c2: is back"), "{events}");
    for camera in [0, 1, 3] {
        assert_eq!(lost(&report, camera), 0, "{}", report["cameras"][camera]);
        assert!(!events.contains(&format!("c{camera}: ")), "{events}");
    }
    let silence = frames[2].windows(2).map(|pair| pair[1].arrival_ns - pair[0].arrival_ns).max().unwrap();
    println!("silent for {} ms, then {} frames in all; {events}", silence / 1_000_000, frames[2].len());
    assert!(silence < 12_000_000_000, "{silence} ns");
}

#[test]
fn a_trigger_cable_that_is_out_is_told_as_such() {
    if !own_network() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let _cameras: Vec<_> = (0..CAMERAS).map(plain).collect();
    let hardware = "mode = \"hardware\"\nrate-hz = 25.0";
    let rig = rig(folder.path(), hardware, "trigger-line = \"Line0\"\n");
    let (report, frames) = capture_of(folder.path(), &rig, 5);
    assert!(frames.iter().all(Vec::is_empty), "pictures without pulses");
    let events = report["events"].to_string();
    assert!(events.contains("no pulses arrive"), "{events}");
    assert!(!events.contains("c0: "), "it is no camera's fault: {events}");
}

#[test]
fn what_a_camera_cannot_do_is_said_with_what_it_can() {
    if !own_network() {
        return;
    }
    let _camera = plain(0);
    let open = |settings: CameraSettings, exposes| {
        let source = address(0);
        AravisCamera { source, settings, exposes, rate_hz: 25.0 }.open().map(|_| ()).unwrap_err().to_string()
    };
    let error = open(CameraSettings { format: Some(CameraFormat::Nv12), ..Default::default() }, Exposes::Freely);
    assert!(error.contains("Nv12") && error.contains("Mono8"), "{error}");
    let error = open(CameraSettings { size_px: Some((9000, 20)), ..Default::default() }, Exposes::Freely);
    assert!(error.contains("9000×20"), "{error}");
    let settings = CameraSettings { trigger_line: Some("Line9".into()), ..Default::default() };
    let error = open(settings, Exposes::OnPulse);
    assert!(error.contains("Line9") && error.contains("Line0"), "{error}");
    let error = open(CameraSettings { chunk_timestamps: true, ..Default::default() }, Exposes::Freely);
    assert!(error.contains("chunk"), "{error}");
    let error = open(CameraSettings::default(), Exposes::OnSchedule);
    assert!(error.contains("PTP"), "{error}");
}

#[test]
fn the_driver_conforms() {
    if !own_network() {
        return;
    }
    let _camera = plain(0);
    let camera = AravisCamera {
        source: address(0),
        settings: CameraSettings { size_px: Some((320, 240)), ..Default::default() },
        exposes: Exposes::Freely,
        rate_hz: 25.0,
    };
    let wrong = conforms(|| Ok(Box::new(camera.open()?)), Expected::endless(40, Duration::from_secs(3)));
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_camera_that_is_not_there_is_named_with_those_that_are() {
    if !own_network() {
        return;
    }
    let _camera = plain(1);
    let open = AravisCamera {
        source: "127.0.0.9".into(),
        settings: CameraSettings::default(),
        exposes: Exposes::Freely,
        rate_hz: 25.0,
    };
    let error = open.open().map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("127.0.0.9") && error.contains(&address(1)), "{error}");
}
