//! What it takes to send bodies outside: the time from exposure to packet, and the processor's time for a body.

use std::net::UdpSocket;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
#[cfg(any(feature = "lsl", feature = "rerun"))]
use std::time::Instant;

use ::outputs::conformance::body;
use ::outputs::{RestPose, VmcSink};
use genlock_tests::{genlock, json, recorded};
use take::TakeReader;
use transport::{PoseMessage, PoseSink};

use crate::machine::process_cpu_s;
use crate::statistics::quantile;
use crate::{Outcome, Plan, table::Row};

/// What a session found on the footage, so that bodies begin at once.
const GEOMETRY: &str = include_str!("../../tests/pose_outputs/geometry.json");

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let bodies = plan.pick(20_000, 500);
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_nonblocking(true)?;
    let drained = || while socket.recv(&mut [0; 2_048]).is_ok() {};
    let mut received = VmcSink::new(socket.local_addr()?, RestPose::default())?;
    let mut rows = vec![cost("VMC, and to receive it", &mut received, bodies, drained)];
    let absent = UdpSocket::bind("127.0.0.1:0")?.local_addr()?;
    rows.push(cost("VMC, nobody receives", &mut VmcSink::new(absent, RestPose::default())?, bodies, || {}));
    #[cfg(feature = "lsl")]
    {
        let file = std::env::var_os("GENLOCK_LSL").map(PathBuf::from);
        let mut sink = ::outputs::LslSink::new("genlock-bench", file.as_deref())?;
        let format =
            if is_received(&mut sink) { "LSL, which another program receives" } else { "LSL, nobody receives" };
        // It is sent by threads of the library's own, which must keep up.
        rows.push(cost(format, &mut sink, bodies / 10, || std::thread::sleep(Duration::from_millis(2))));
    }
    #[cfg(feature = "rerun")]
    {
        let viewer = std::net::SocketAddr::from(([127, 0, 0, 1], 9876));
        let mut sink = ::outputs::RerunSink::new(viewer, Box::new(|| None), ::outputs::RerunPictures::default())?;
        let format = if is_received(&mut sink) { "Rerun, which a viewer receives" } else { "Rerun, no viewer" };
        rows.push(cost(format, &mut sink, bodies / 10, || std::thread::sleep(Duration::from_millis(2))));
    }
    rows.push(session(plan)?);
    Ok(rows)
}

/// Whether somebody receives in another program, who may need a moment to be found.
#[cfg(any(feature = "lsl", feature = "rerun"))]
fn is_received(sink: &mut dyn PoseSink) -> bool {
    let until = Instant::now() + Duration::from_secs(5);
    while sink.send(&body(0)).is_err() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    sink.send(&body(0)).is_ok()
}

/// The processor's time for a body, from its message to the packets.
fn cost(format: &str, sink: &mut dyn PoseSink, bodies: u64, after_each: impl Fn()) -> Row {
    let messages: Vec<PoseMessage> = (0..bodies.min(100)).map(body).collect();
    let used_s = process_cpu_s();
    for number in 0..bodies {
        // Absent receivers are errors, which is what is measured then.
        let _ = sink.send(&messages[number as usize % messages.len()]);
        after_each();
    }
    let cpu_us = (process_cpu_s() - used_s) * 1e6 / bodies as f64;
    Row {
        what: format!("one body by {format}"),
        figure: format!("{cpu_us:.0} µs of processor time, over {bodies} bodies"),
        aim: "",
        bounded_by: "the system's calls to send",
    }
}

/// When each body's packets arrive, until the session is over.
fn arrivals_ns(socket: &UdpSocket, over: &AtomicBool) -> Vec<i64> {
    let mut arrivals = vec![];
    let mut buffer = [0; 2_048];
    while !over.load(Ordering::Relaxed) {
        let Ok(bytes) = socket.recv(&mut buffer) else { continue };
        // The second of a body's two packets has the feet.
        if buffer[..bytes].windows(9).any(|word| word == b"RightFoot") {
            arrivals.push(frame::monotonic_now_ns());
        }
    }
    arrivals
}

fn session(plan: &Plan) -> Outcome<Row> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let seconds = plan.pick(40, 10);
    let what = format!("exposure to VMC packet, 4 views of the footage at 15 Hz, {seconds} s");
    let row = |figure: String| Row { what, figure, aim: "", bounded_by: "the finder of joints" };
    let (Some(finder), Some(footage)) = (set("GENLOCK_FINDER"), set("GENLOCK_FOOTAGE")) else {
        return Ok(row("not measured: GENLOCK_FINDER and GENLOCK_FOOTAGE name no folders".to_owned()));
    };
    let folder = tempfile::tempdir()?;
    let (data, report) = (folder.path().join("data"), folder.path().join("report.json"));
    std::fs::create_dir(&data)?;
    std::fs::write(data.join("geometry.json"), GEOMETRY)?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_millis(200)))?;
    let mut command = genlock(["demo", "--headless", "--rate", "15", "--no-learner", "--seconds"]);
    command.arg(seconds.to_string()).arg("--vmc").arg(socket.local_addr()?.to_string()).env("GENLOCK_FINDER", finder);
    command.arg("--footage").arg(footage).arg("--data").arg(&data).arg("--report").arg(&report);
    let over = AtomicBool::new(false);
    let (output, arrivals) = std::thread::scope(|scope| {
        let receiving = scope.spawn(|| arrivals_ns(&socket, &over));
        let output = command.output();
        over.store(true, Ordering::Relaxed);
        (output, receiving.join().unwrap_or_default())
    });
    let output = output?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let take = TakeReader::open(recorded(&json(&report)))?;
    let messages: Vec<PoseMessage> =
        take.poses().map(|json| Ok(PoseMessage::from_json(&json?)?)).collect::<Outcome<_>>()?;
    let bodies: Vec<&PoseMessage> = messages.iter().filter(|message| message.body.is_some()).collect();
    if arrivals.len() < bodies.len() {
        return Err(format!("{} of {} bodies arrived", arrivals.len(), bodies.len()).into());
    }
    let mut to_packet_ms: Vec<f64> =
        bodies.iter().zip(&arrivals).map(|(body, at_ns)| (at_ns - body.exposure_ns) as f64 / 1e6).collect();
    let mut after_ms: Vec<f64> =
        bodies.iter().zip(&to_packet_ms).map(|(body, packet_ms)| packet_ms - body.latency_ms).collect();
    let [p50, p99] = [0.5, 0.99].map(|share| quantile(&mut to_packet_ms, share));
    let [after_p50, after_p99] = [0.5, 0.99].map(|share| quantile(&mut after_ms, share));
    Ok(row(format!(
        "p50 {p50:.0} ms, p99 {p99:.0} ms, of these after inference p50 {after_p50:.1} ms, p99 {after_p99:.1} ms; {} bodies",
        bodies.len()
    )))
}
