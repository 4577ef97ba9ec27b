//! Bodies as a table: one row per instant, in the rig's world (millimetres, z up).

use std::fmt::Write;
use std::path::Path;

use miette::{IntoDiagnostic, WrapErr};
use nalgebra::Vector3;
use pose::{JOINT_NAMES, LANDMARK_NAMES};

use super::Streamed;

/// Writes all bodies. Returns how many.
pub fn write(out: &Path, bodies: &[Streamed]) -> miette::Result<usize> {
    let mut text = header();
    let begun_ns = bodies.first().map_or(0, |first| first.message.exposure_ns);
    for streamed in bodies {
        row(&mut text, streamed, begun_ns);
    }
    std::fs::write(out, text).into_diagnostic().wrap_err_with(|| format!("writing {}", out.display()))?;
    Ok(bodies.len())
}

fn header() -> String {
    let mut columns: Vec<String> =
        ["time_s", "utc_ns", "set", "pulse", "segment", "geometry", "cameras"].map(str::to_owned).into();
    for name in JOINT_NAMES.iter().chain(&LANDMARK_NAMES).map(|name| name.replace(' ', "_")) {
        columns.extend(["x", "y", "z"].map(|axis| format!("{name}_{axis}_mm")));
    }
    columns.extend(JOINT_NAMES.map(|name| format!("{}_uncertainty_mm", name.replace(' ', "_"))));
    columns.join(",") + "\n"
}

// Writing to a String never fails.
fn row(text: &mut String, streamed: &Streamed, begun_ns: i64) {
    let (message, body) = (&streamed.message, &streamed.body);
    let optional = |value: Option<String>| value.unwrap_or_default();
    let _ = write!(
        text,
        "{:.6},{},{},{},{},{},{}",
        (message.exposure_ns - begun_ns) as f64 / 1e9,
        optional(message.exposure_utc_ns.map(|ns| ns.to_string())),
        message.set_index,
        optional(message.trigger_index.map(|pulse| pulse.to_string())),
        message.segment,
        body.geometry_id,
        body.cameras.iter().map(u16::to_string).collect::<Vec<_>>().join(" ")
    );
    let places: Vec<Vector3<f64>> = streamed.places.joints.iter().chain(&streamed.places.landmarks).copied().collect();
    for value in places.iter().flatten() {
        let _ = write!(text, ",{value:.2}");
    }
    for value in &body.uncertainty_mm {
        let _ = write!(text, ",{value:.1}");
    }
    text.push('\n');
}
