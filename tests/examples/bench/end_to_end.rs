//! The latency from exposure to body, by the number of views, in a whole session on the footage.

use std::path::{Path, PathBuf};

use frame::{CameraId, FrameInfo};
use genlock_tests::{genlock, json};
use serde_json::Value;
use take::{TakeInfo, TakeReader, TakeWriter};

use crate::{Outcome, Plan, finder_and_footage, table::Row};

/// The footage's lowest rate, in Hz. Inference requests only the instants for which it has time.
const RATE_HZ: &str = "15";

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let Some([finder, footage]) = finder_and_footage() else {
        return Ok(vec![Row::without_finder_or_footage("exposure to body")]);
    };
    let mut rows = Vec::new();
    for views in [1, 2, 4, 8, 16] {
        let folder = tempfile::tempdir()?;
        let take = repeated(&footage, folder.path(), views)?;
        rows.push(session(&take, folder.path(), &finder, views, plan.pick(60, 15))?);
    }
    Ok(rows)
}

/// A take with this many cameras: those of the footage, repeated.
fn repeated(footage: &Path, folder: &Path, views: usize) -> Outcome<PathBuf> {
    let take = TakeReader::open(footage)?;
    let cameras: Vec<_> = (0..views).map(|number| format!("view{number:02}")).collect();
    let mut writer = TakeWriter::create_named(folder, "views", &TakeInfo { cameras, ..take.info().clone() })?;
    for camera in 0..views {
        let source = CameraId((camera % take.cameras().len()) as u16);
        for index in 0..take.len(source) {
            let (info, bytes) = take.read(source, index)?;
            writer.write_frame(&FrameInfo { camera: CameraId(camera as u16), ..info }, &bytes)?;
        }
    }
    Ok(writer.finish()?.directory)
}

fn session(take: &Path, folder: &Path, finder: &Path, views: usize, seconds: u32) -> Outcome<Row> {
    let report = folder.join("report.json");
    let mut command = genlock(["demo", "--rate", RATE_HZ, "--headless", "--no-learner", "--no-record", "--seconds"]);
    command.arg(seconds.to_string()).arg("--footage").arg(take).arg("--data").arg(folder.join("data"));
    let output = command.arg("--report").arg(&report).env("GENLOCK_FINDER", finder).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let report = json(&report);
    let said =
        |value: &Value, digits: usize| value.as_f64().map_or("none".into(), |number| format!("{number:.digits$}"));
    let infer = &report["infer"];
    let lost: u64 = report["cameras"].as_array().into_iter().flatten().map(|camera| lost(&camera["lost"])).sum();
    Ok(Row {
        what: format!("exposure to body, {views} views of the footage at {RATE_HZ} Hz, {seconds} s"),
        figure: format!(
            "p50 {} ms, p99 {} ms; {} instants a second, {} bodies, seconds to the first geometry: {}, {lost} frames lost",
            said(&infer["latency_ms"]["p50"], 0),
            said(&infer["latency_ms"]["p99"], 0),
            said(&infer["fps"], 1),
            report["rig"]["bodies"],
            said(&report["rig"]["found_after_s"], 1),
        ),
        aim: "",
        bounded_by: "BlazePose, one view after the other, and decoding, on the same cores",
    })
}

fn lost(reasons: &Value) -> u64 {
    reasons.as_object().into_iter().flat_map(|reasons| reasons.values().filter_map(Value::as_u64)).sum()
}
