//! What a session says when it ends.

use std::collections::BTreeMap;
use std::path::Path;

use crate::report::Report;

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
    println!("sets: {} complete, {} incomplete", report.sets.complete, report.sets.incomplete);
    let accuracy = |value: Option<f64>| value.map_or("not measured".into(), |value| format!("{value:.3}"));
    println!(
        "learner: {} steps; accuracy on trained instants: sync {}, flip {}",
        report.pretrain.steps,
        accuracy(report.pretrain.sync_accuracy),
        accuracy(report.pretrain.flip_accuracy)
    );
    println!("poses: {} ({})", report.infer.poses, report.infer.state);
    if let Some(recording) = &report.recording {
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
