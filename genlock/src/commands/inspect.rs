//! `genlock inspect`: what is in a take, and how the takes of two hosts fit together.

use std::path::Path;

use miette::IntoDiagnostic;
use take::TakeReader;

use crate::cli::InspectArgs;

pub fn run(args: &InspectArgs) -> miette::Result<()> {
    if let Some(other) = &args.with {
        return compare(&args.take, other, args.json);
    }
    let take = take::inspect(&args.take).into_diagnostic()?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&take).into_diagnostic()?);
        return Ok(());
    }
    let ending = if take.complete { "complete" } else { "not closed properly; everything up to its end is readable" };
    println!("{}: {:.2} s, {ending}", args.take.display(), take.duration_s);
    for camera in &take.cameras {
        println!("  {}: {} frames, {:.1} MB", camera.name, camera.frames, camera.bytes as f64 / 1e6);
        for gap in &camera.gaps {
            println!("    {} frames missing from sequence {}: {}", gap.frames, gap.first_sequence, gap.reason);
        }
    }
    if take.pose_messages > 0 {
        println!("  poses of {} instants, as they were streamed", take.pose_messages);
    }
    for note in &take.notes {
        println!("  note, {}: {}", note.kind, note.text);
    }
    Ok(())
}

/// How the takes of two hosts fit together.
fn compare(one: &Path, other: &Path, json: bool) -> miette::Result<()> {
    let takes = [one, other].map(TakeReader::open);
    let [one, other] = takes;
    let fit = take::compare_hosts(&one.into_diagnostic()?, &other.into_diagnostic()?).into_diagnostic()?;
    if json {
        println!("{}", serde_json::to_string_pretty(&fit).into_diagnostic()?);
        return Ok(());
    }
    let [a, b] = &fit.hosts;
    println!("session {}: {a} and {b}", fit.session);
    println!(
        "  times of {b} plus {:.6} s are times of {a}, ±{:.3} ms",
        fit.offset_ns as f64 / 1e9,
        f64::from(fit.uncertainty_ns) / 1e6
    );
    println!(
        "  {} triggers in common; between the first and the last of them {} only of {a}, {} only of {b}",
        fit.common_triggers, fit.only_in[0], fit.only_in[1]
    );
    println!("  pictures of one trigger are at most {:.3} ms apart", fit.farthest_ns as f64 / 1e6);
    Ok(())
}
