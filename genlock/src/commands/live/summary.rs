//! The summary that a session prints at its end.

use std::collections::BTreeMap;
use std::path::Path;

use crate::report::Report;

/// Number of events shown; the report has all.
const SHOWN: usize = 12;

pub fn print(report: &Report, path: Option<&Path>) {
    let delivered: u64 = report.cameras.iter().map(|camera| camera.delivered).sum();
    let lost: u64 = report.cameras.iter().flat_map(|camera| camera.lost.values()).sum();
    println!("{:.1} s at {:.0} Hz: {delivered} frames delivered, {lost} lost", report.wall_s, report.rate_hz);
    let mut not_recorded = BTreeMap::<&str, u64>::new();
    for (reason, frames) in report.cameras.iter().flat_map(|camera| &camera.not_recorded) {
        *not_recorded.entry(reason).or_default() += frames;
    }
    for (reason, frames) in not_recorded {
        println!("{frames} frames not recorded: {reason}");
    }
    for camera in report.cameras.iter().filter(|camera| camera.delivered == 0) {
        println!("{} delivered nothing", camera.name);
    }
    for event in report.events.iter().take(SHOWN) {
        println!("event: {event}");
    }
    if report.events.len() > SHOWN {
        println!("and {} more events, all in the report", report.events.len() - SHOWN);
    }
    println!("sets: {} complete, {} incomplete", report.sets.complete, report.sets.incomplete);
    let accuracy = |value: Option<f64>| value.map_or("not measured".into(), |value| format!("{value:.3}"));
    println!(
        "learner: {} steps; accuracy on trained instants: sync {}, flip {}",
        report.pretrain.steps,
        accuracy(report.pretrain.sync_accuracy),
        accuracy(report.pretrain.flip_accuracy)
    );
    if report.pretrain.restarts > 0 {
        let from = report.pretrain.resumed_from_step.map_or("the beginning".into(), |step| format!("step {step}"));
        println!("learner: started again {} times, the last time from {from}", report.pretrain.restarts);
    }
    println!("poses: {} ({})", report.infer.poses, report.infer.state);
    if let Some(rig) = &report.rig {
        let found = rig.found_after_s.map(|after_s| format!(", found after {after_s:.1} s")).unwrap_or_default();
        let geometry = rig.geometry_id.as_deref().unwrap_or("none");
        println!("bodies: {}, {} withheld; geometry {geometry}{found}: {}", rig.bodies, rig.withheld, rig.state);
    }
    for output in &report.pose_outputs {
        println!("{}: {} bodies sent, {} lost", output.name, output.counts.sent, output.counts.lost());
    }
    for recording in &report.takes {
        println!(
            "recorded {} frames, {:.1} MB ({}): {}",
            recording.frames,
            recording.bytes as f64 / 1e6,
            recording.state,
            recording.path.display()
        );
    }
    if let Some(path) = path {
        println!("report: {}", path.display());
    }
}
