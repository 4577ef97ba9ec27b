//! One trial of a pose model, as JSON and as text.

use std::fmt::Write;

use learn::eval::{Scores, TrialReport, TrialRow};
use pose::JOINT_NAMES;

use serde::Serialize;

use crate::commands::rendered_table::confidence;

/// A trial on a take, on its twin, or on the held-out pictures for peers.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NamedTrial {
    pub name: String,
    /// The quality of its ground truth.
    pub truth: String,
    /// How many evaluations used this take, including this one, since repeated evaluations amount to model selection.
    pub evaluations: Option<usize>,
    pub report: TrialReport,
}

// Writing to a String never fails.
pub fn render(trial: &NamedTrial) -> String {
    let report = &trial.report;
    let mut text = format!(
        "\n{}: {} pictures of {} instants. From its poses to the nearest ones of the training {:.0} mm (P-MPJPE), at \
         most {:.0}.\n",
        trial.name,
        report.pictures,
        report.instants,
        report.nearest_training_pose.mean_mm,
        report.nearest_training_pose.largest_mm
    );
    if trial.truth == "pseudo" {
        text.push_str(
            "Its labels are pseudo-truth, triangulated from detections, with 2 to 4 cm of error of their own.\n",
        );
    }
    if let Some(evaluations) = trial.evaluations {
        let _ = writeln!(text, "Evaluations on these labels so far, with this one: {evaluations}.");
    }
    overview(&mut text, report);
    by_joint(&mut text, report);
    let names = report.cameras.iter().map(String::as_str);
    parts(&mut text, "by view", names, report, |row| &row.views);
    let tenths: Vec<String> = (0..10).map(|tenth| format!("{}0 %", tenth + 1)).collect();
    parts(&mut text, "by tenth", tenths.iter().map(String::as_str), report, |row| &row.tenths);
    for (name, heads) in [("masked", &report.masked_heads), ("plain", &report.plain_heads)] {
        if let Some(heads) = heads {
            confidence(&mut text, name, heads);
        }
    }
    text
}

fn overview(text: &mut String, report: &TrialReport) {
    let _ = writeln!(
        text,
        "{:<34}{:>28}{:>28}{:>11}{:>28}{:>10}",
        "", "12 limb joints: MPJPE/N/P", "all 17: MPJPE16/N/P", "wrong way", "fused, 12 limbs: MPJPE/N/P", "pictures"
    );
    for TrialRow { who, pictures, all, fused, .. } in &report.rows {
        let limbs = |scores: &Scores| {
            format!("{:.1} / {:.1} / {:.1}", scores.limbs.mpjpe, scores.limbs.nmpjpe, scores.limbs.pmpjpe)
        };
        let metrics = all.metrics;
        let whole = format!("{:.1} / {:.1} / {:.1}", metrics.mpjpe16, metrics.nmpjpe16, metrics.pmpjpe17);
        let way = all.wrong_way.map_or("-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
        let fused = fused.as_ref().map_or("-".to_owned(), limbs);
        let _ = writeln!(text, "  {who:<32}{:>28}{whole:>28}{way:>11}{fused:>28}{pictures:>10}", limbs(all));
    }
}

fn by_joint(text: &mut String, report: &TrialReport) {
    let _ = writeln!(text, "P-MPJPE by joint");
    for row in &report.rows {
        let _ = write!(text, "  {:<32}", row.who);
        for (name, error) in JOINT_NAMES.iter().zip(row.all.joints.procrustes) {
            let _ = write!(text, " {} {error:.0}", name.replace(' ', "-"));
        }
        text.push('\n');
    }
}

fn parts<'a>(
    text: &mut String,
    what: &str,
    names: impl Iterator<Item = &'a str>,
    report: &TrialReport,
    of: impl Fn(&TrialRow) -> &Vec<Option<Scores>>,
) {
    let _ = write!(text, "{:<34}", format!("P-MPJPE of 12 limb joints {what}"));
    names.for_each(|name| {
        let _ = write!(text, "{name:>8}");
    });
    text.push('\n');
    for row in &report.rows {
        let _ = write!(text, "  {:<32}", row.who);
        for scores in of(row) {
            let error = scores.as_ref().map_or("-".to_owned(), |scores| format!("{:.0}", scores.limbs.pmpjpe));
            let _ = write!(text, "{error:>8}");
        }
        text.push('\n');
    }
}
