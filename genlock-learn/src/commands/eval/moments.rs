//! The poses of stored moments, computed by the same engine and in the same batches as live.

use std::path::Path;

use infer::{Engine, precision_name};
use miette::{IntoDiagnostic, WrapErr};
use serde::Serialize;
use subject::Sample;
use transport::MomentFileReader;

use super::precision_effect::precision_effect;

#[derive(Serialize)]
struct Recomputed {
    model: String,
    precision: &'static str,
    poses: Vec<Pose>,
}

#[derive(Serialize)]
struct Pose {
    set_index: u64,
    camera: u16,
    joints_mm: Vec<[f32; 3]>,
}

pub fn run(engine: &Engine, other: &Engine, moments: &Path, out: &Path) -> miette::Result<()> {
    let (mut poses, mut count) = (Vec::new(), 0);
    let mut batches = Vec::new();
    let mut reader = MomentFileReader::open(moments).into_diagnostic()?;
    for received in reader.by_ref() {
        let moment = received.into_diagnostic().wrap_err_with(|| format!("reading {}", moments.display()))?.value;
        let message = engine.poses(&moment).into_diagnostic()?;
        poses.extend(message.poses.into_iter().map(|pose| Pose {
            set_index: message.set_index,
            camera: pose.camera,
            joints_mm: pose.joints_mm,
        }));
        batches
            .push(moment.views.into_iter().filter_map(|view| view.samples.into_iter().next()).collect::<Vec<Sample>>());
        count += 1;
    }
    if reader.is_torn() {
        eprintln!("warning: {}: the last moment was cut short and is left out", moments.display());
    }
    let effect = precision_effect(engine, other, batches.iter().map(|samples| samples.iter().collect::<Vec<_>>()))?;
    let recomputed =
        Recomputed { model: engine.version().to_owned(), precision: precision_name(engine.precision()), poses };
    let text = serde_json::to_string(&recomputed).into_diagnostic()?;
    std::fs::write(out, text).into_diagnostic().wrap_err_with(|| format!("writing {}", out.display()))?;
    println!(
        "{}: {} poses of {count} moments by model {} in {}",
        out.display(),
        recomputed.poses.len(),
        recomputed.model,
        recomputed.precision
    );
    println!(
        "bf16 against f32 on these samples: joints differ by {:.2} mm on average, by {:.2} mm at most.",
        effect.mean_mm, effect.max_mm
    );
    Ok(())
}
