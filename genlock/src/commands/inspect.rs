use miette::IntoDiagnostic;

use crate::cli::InspectArgs;

pub fn run(args: &InspectArgs) -> miette::Result<()> {
    let take = take::inspect(&args.take).into_diagnostic()?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&take).into_diagnostic()?);
        return Ok(());
    }
    let ending = if take.complete { "complete" } else { "not closed in order; everything up to its end is readable" };
    println!("{}: {:.2} s, {ending}", args.take.display(), take.duration_s);
    for camera in &take.cameras {
        println!("  {}: {} frames, {:.1} MB", camera.name, camera.frames, camera.bytes as f64 / 1e6);
        for gap in &camera.gaps {
            println!("    {} frames missing from sequence {}: {}", gap.frames, gap.first_sequence, gap.reason);
        }
    }
    for note in &take.notes {
        println!("  note, {}: {}", note.kind, note.text);
    }
    Ok(())
}
