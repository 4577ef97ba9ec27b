//! Bodies as the motion of a skeleton: BVH files, one for each stretch of the session.

use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, WrapErr, miette};
use pose::WorldJoints;
use skeleton::{Landmarks, Posed, Proportions, bvh, solve};

use super::Streamed;

/// Bodies farther apart than this are not joined by interpolation: a new stretch begins.
const HOLE_NS: i64 = 500_000_000;

/// Shorter stretches are left out, unless there is no longer one.
const SHORT_NS: i64 = 1_000_000_000;

/// Writes a file for each stretch, the further ones with a number in their names. Bodies of one camera alone are left out.
/// Returns how many bodies were used.
pub fn write(out: &Path, bodies: &[Streamed], rate_hz: f64) -> miette::Result<usize> {
    let kept: Vec<&Streamed> = bodies.iter().filter(|streamed| streamed.body.cameras.len() > 1).collect();
    let shapes = kept.iter().map(|streamed| (&streamed.places.joints, &streamed.places.landmarks));
    let proportions = Proportions::of_bodies(shapes)
        .ok_or_else(|| miette!("no body is whole, so how long the person's bones are is not known"))?;
    let mut stretches: Vec<&[&Streamed]> = kept.chunk_by(|one, next| belong_together(one, next)).collect();
    let long = stretches.iter().filter(|stretch| length_ns(stretch) >= SHORT_NS).count();
    if long > 0 {
        stretches.retain(|stretch| length_ns(stretch) >= SHORT_NS);
    } else {
        let longest = stretches.into_iter().max_by_key(|stretch| length_ns(stretch));
        stretches = longest.into_iter().collect();
    }
    let used: usize = stretches.iter().map(|stretch| stretch.len()).sum();
    if used < kept.len() {
        let (left_out, all) = (kept.len() - used, kept.len());
        eprintln!("warning: {left_out} of {all} bodies are left out: in stretches of less than a second");
    }
    for (number, stretch) in stretches.iter().enumerate() {
        let frames = frames(stretch, rate_hz).ok_or_else(|| miette!("the hips of a body coincide"))?;
        let text = bvh::write(&proportions, &frames, 1.0 / rate_hz).into_diagnostic()?;
        let path = numbered(out, number + 1);
        std::fs::write(&path, text).into_diagnostic().wrap_err_with(|| format!("writing {}", path.display()))?;
        println!("{}: {} frames at {rate_hz} Hz", path.display(), frames.len());
    }
    Ok(used)
}

fn belong_together(one: &Streamed, next: &Streamed) -> bool {
    let apart_ns = next.message.exposure_ns - one.message.exposure_ns;
    let same = |of: fn(&Streamed) -> (u64, &str)| of(one) == of(next);
    apart_ns <= HOLE_NS && same(|streamed| (streamed.message.segment, &streamed.body.geometry_id))
}

fn length_ns(stretch: &[&Streamed]) -> i64 {
    let at = |streamed: Option<&&Streamed>| streamed.map_or(0, |streamed| streamed.message.exposure_ns);
    at(stretch.last()) - at(stretch.first())
}

/// The stretch at a constant rate, interpolated between bodies. `None` if a body's hips coincide.
fn frames(stretch: &[&Streamed], rate_hz: f64) -> Option<Vec<Posed>> {
    let count = (length_ns(stretch) as f64 * rate_hz / 1e9).floor() as usize + 1;
    let begun_ns = stretch.first()?.message.exposure_ns;
    let frame = |index: usize| {
        let (joints, landmarks) = at(stretch, begun_ns + (index as f64 * 1e9 / rate_hz).round() as i64);
        solve(&joints, &landmarks)
    };
    (0..count).map(frame).collect()
}

/// The places at a time within the stretch.
fn at(stretch: &[&Streamed], at_ns: i64) -> (WorldJoints, Landmarks) {
    let after = stretch.partition_point(|streamed| streamed.message.exposure_ns < at_ns).min(stretch.len() - 1);
    let (one, next) = (stretch[after.saturating_sub(1)], stretch[after]);
    let apart_ns = next.message.exposure_ns - one.message.exposure_ns;
    let part = (at_ns - one.message.exposure_ns) as f64 / apart_ns.max(1) as f64;
    let part = part.clamp(0.0, 1.0);
    (
        std::array::from_fn(|joint| one.places.joints[joint].lerp(&next.places.joints[joint], part)),
        std::array::from_fn(|mark| one.places.landmarks[mark].lerp(&next.places.landmarks[mark], part)),
    )
}

/// `a.bvh`, `a-2.bvh`, `a-3.bvh`.
fn numbered(out: &Path, number: usize) -> PathBuf {
    if number == 1 {
        return out.to_owned();
    }
    let stem = out.file_stem().unwrap_or_default().to_string_lossy();
    out.with_file_name(format!("{stem}-{number}.bvh"))
}
