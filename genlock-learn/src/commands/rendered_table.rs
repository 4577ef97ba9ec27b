//! An evaluation on held-out takes as text.

use std::fmt::Write;

use learn::eval::{Comparison, HeadScores, RenderedEvaluation, Scores};

pub fn render(found: &RenderedEvaluation) -> String {
    let mut text = format!(
        "Held out: {} people in {} clips that training never saw. Errors in mm; 16 joints for MPJPE and N-MPJPE, 17 \
         for P-MPJPE.\n",
        found.people, found.clips
    );
    for comparison in &found.comparisons {
        side(&mut text, comparison);
    }
    for (name, heads) in [("masked", &found.masked_heads), ("plain", &found.plain_heads)] {
        if let Some(heads) = heads {
            confidence(&mut text, name, heads);
        }
    }
    text
}

// Writing to a String never fails.
fn side(text: &mut String, comparison: &Comparison) {
    let name = match comparison.actions {
        "all" => "All actions",
        "seen" => "Actions trained on",
        _ => "New actions",
    };
    let name = format!("{name} ({} pictures)", comparison.pictures);
    let _ = writeln!(text, "\n{name:<34}{:>9}{:>9}{:>9}{:>12}", "MPJPE", "N-MPJPE", "P-MPJPE", "wrong way");
    let mut row = |name: &str, scores: &Scores| {
        let metrics = scores.metrics;
        let way = scores.wrong_way.map_or("-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
        let _ = writeln!(
            text,
            "  {name:<32}{:>9.1}{:>9.1}{:>9.1}{way:>12}",
            metrics.mpjpe16, metrics.nmpjpe16, metrics.pmpjpe17
        );
    };
    row("pose model, masks", &comparison.model.masked);
    row("pose model, no masks", &comparison.model.plain);
    if let Some(ridge) = &comparison.ridge {
        row("ridge on 16×16 pixels, masks", &ridge.masked);
        row("ridge on 16×16 pixels, no masks", &ridge.plain);
    }
    row("mean pose", &comparison.mean_pose);
    row("Procrustes mean pose", &comparison.procrustes_mean);
}

pub fn confidence(text: &mut String, name: &str, heads: &HeadScores) {
    if let Some(plane) = heads.plane {
        let _ = writeln!(text, "\n{name}: joints in the plane are off by {:.1} % of the crop's side.", 100.0 * plane);
    }
    let _ = writeln!(text, "\n{name}: confidence is off by {:.3} on average:", heads.calibration_error);
    let _ = writeln!(text, "  {:<12}{:>10}{:>12}{:>14}", "confidence", "joints", "said", "below 100 mm");
    for bin in heads.confidence.iter().filter(|bin| bin.joints > 0) {
        let _ = writeln!(text, "  {:<12}{:>10}{:>12.2}{:>14.2}", "", bin.joints, bin.mean_confidence, bin.right);
    }
}
