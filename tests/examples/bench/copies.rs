//! Bytes copied per frame from driver to pool, counted by `bench-copies` in its own process, since counting slows down
//! all copies.

use std::process::Command;

use crate::{Outcome, Plan, table::Row};

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let counter = std::env::current_exe()?.with_file_name("bench-copies");
    let output = Command::new(&counter)
        .arg(plan.pick("300", "30"))
        .output()
        .map_err(|error| format!("{}: {error}; build the workspace's binaries first", counter.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into());
    }
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let number = |key: &str| report[key].as_f64().ok_or_else(|| format!("the counter says nothing of `{key}`"));
    let (units, unit_bytes) = (number("units")?, number("unit_bytes")?);
    let (camera, router) = (number("camera_bytes")?, number("router_bytes")?);
    Ok(vec![Row {
        what: "bytes copied per frame, driver to pool (GStreamer)".to_owned(),
        figure: format!(
            "{:.0} by the camera's thread, {:.0} by the router's, of units of {unit_bytes:.0}: {:.4} copies",
            camera / units,
            router / units,
            (camera + router) / units / unit_bytes
        ),
        aim: "1 copy",
        bounded_by: "GStreamer owns its buffers: one copy out (capture/src/drivers/gstreamer.rs)",
    }])
}
