//! A network stream as a camera: H.264 over SRT, with a sender that is killed and restarted.

use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::Duration;

use frame::CameraId;
use genlock_tests::{Running, check_accounts, genlock, json, out_for, recorded, until_recorded};
use take::TakeReader;

const RATE_HZ: u32 = 25;

fn sender(port: u16) -> Running {
    let line = format!(
        "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate={RATE_HZ}/1 \
         ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=5 ! mpegtsmux \
         ! srtsink uri=srt://127.0.0.1:{port}?mode=listener wait-for-connection=false"
    );
    Running::start(Command::new("gst-launch-1.0").args(line.split_whitespace()).stdout(Stdio::null()))
}

#[test]
fn a_stream_whose_sender_dies_and_comes_back_is_a_camera_that_does() {
    let folder = tempfile::tempdir().unwrap();
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let rig = format!(
        "version = 1\nname = \"stream\"\n[trigger]\nmode = \"free-run\"\nrate-hz = {RATE_HZ}.0\n\
         [recording]\ndirectory = {:?}\n\
         [[camera]]\nname = \"here\"\ndriver = \"gstreamer\"\nsource = \"videotestsrc is-live=true \
         ! video/x-raw,format=NV12,width=320,height=240,framerate={RATE_HZ}/1 ! appsink name=sink\"\n\
         [[camera]]\nname = \"far\"\ndriver = \"gstreamer\"\nsource = \"srtsrc uri=srt://127.0.0.1:{port} auto-reconnect=false \
         ! tsdemux latency=1 ! h264parse ! avdec_h264 ! videoconvert ! video/x-raw,format=NV12 ! appsink name=sink\"\n",
        folder.path().join("takes")
    );
    let (path, report) = (folder.path().join("rig.toml"), folder.path().join("report.json"));
    std::fs::write(&path, rig).unwrap();
    let first = sender(port);
    let mut command = genlock(["run", "--headless", "--no-learner", "--seconds", "20", "--report"]);
    let session = Running::start(command.arg(&report).arg("--data").arg(folder.path().join("data")).arg(&path));
    until_recorded(&folder.path().join("takes"), 1..2, 100);
    drop(first);
    out_for(2.0);
    let _second = sender(port);
    assert!(session.finish(Duration::from_secs(60)).success());

    let report = json(&report);
    check_accounts(&report);
    let events = report["events"].to_string();
    assert!(events.contains("far: is back"), "{events}");
    assert!(!events.contains("here: "), "{events}");
    let take = TakeReader::open(recorded(&report)).unwrap();
    let frames: Vec<_> = (0..take.len(CameraId(1))).map(|at| *take.frame_info(CameraId(1), at).unwrap()).collect();
    println!("{} frames of {} s; {events}", frames.len(), 20);
    assert!(frames.len() > 200, "{}", frames.len());
    let gap = frames.windows(2).map(|pair| pair[1].exposure.ns - pair[0].exposure.ns).max().unwrap();
    assert!(gap > 1_500_000_000, "the sender was away");
    assert!(frames.windows(2).all(|pair| pair[1].exposure.ns > pair[0].exposure.ns), "time goes on");
    assert!(take.len(CameraId(0)) > 400, "{}", take.len(CameraId(0)));
}
