//! Errors of a pose model against the labels of a take, as JSON and as text.

use std::fmt::Write;

use learn::eval::{TakeComparison, TakeEvaluation, TakeScores};
use model::Background;
use pose::{JOINT_NAMES, Metrics};
use serde::Serialize;

use super::precision_effect::PrecisionEffect;

#[derive(Serialize)]
pub struct TakeReport {
    pub model: String,
    pub encoder: String,
    pub precision: &'static str,
    pub crop_px: u32,
    /// Whether the network saw the pictures' background.
    pub background: Background,
    /// The quality of the labels.
    pub truth: String,
    /// What held out means here.
    pub held_out_is: &'static str,
    /// The model was trained on rendered people, so the whole take is held out for it.
    pub rendered: bool,
    pub pictures_without_subject: usize,
    pub errors: TakeEvaluation,
    pub bf16_against_f32: PrecisionEffect,
}

const MODEL: &str = "pose model";
const RIDGE: &str = "ridge on 16×16 pixels";
const MEAN: &str = "mean pose of the view";

pub fn render(report: &TakeReport) -> String {
    let mut text = format!(
        "Pose model {} on encoder {}, crops of {} px, background {}, {}. Errors in mm.\n\n",
        report.model,
        report.encoder,
        report.crop_px,
        if report.background == Background::Kept { "kept" } else { "removed" },
        report.precision
    );
    if report.rendered {
        text.push_str(
            "The model was trained on rendered people: to it all of these pictures are new. Only the baselines know \
             the instants trained on.\n\n",
        );
    }
    side(&mut text, "Held out", report.errors.held_out.as_ref());
    side(&mut text, "Trained on", Some(&report.errors.trained));
    let (name, shown) = match &report.errors.held_out {
        Some(held_out) => ("held out", held_out),
        None => ("trained on", &report.errors.trained),
    };
    by_joint(&mut text, name, shown);
    by_view(&mut text, name, shown);
    let effect = report.bf16_against_f32;
    // Writing to a String never fails.
    let _ = write!(
        text,
        "bf16 against f32 on the same samples: joints differ by {:.2} mm on average, by {:.2} mm at most.\n\n\
         Held out means {}: instants between those trained on, of the same person in the same motion. It says nothing \
         about other people, motions or rooms.\n",
        effect.mean_mm, effect.max_mm, report.held_out_is
    );
    if report.truth == "pseudo" {
        text.push_str(
            "The labels are pseudo-truth, triangulated from detections, with errors of 2 to 4 cm of their own: smaller \
             differences between models mean little.\n",
        );
    }
    text.push_str(
        "16 and 17 are the joints averaged over: the 16 without the root, as SYNC counts, or all 17 with the root's \
         zero.\n",
    );
    if report.pictures_without_subject > 0 {
        let _ =
            writeln!(text, "{} labelled pictures show no subject and are left out.", report.pictures_without_subject);
    }
    text
}

fn side(text: &mut String, name: &str, comparison: Option<&TakeComparison>) {
    let Some(comparison) = comparison else {
        let _ = writeln!(text, "{name}: no labelled instant.\n");
        return;
    };
    let _ = writeln!(
        text,
        "{:<24}{:>9}{:>9}{:>10}{:>10}{:>10}  | 12 limb joints: MPJPE, N, P",
        format!("{name} ({} pictures)", comparison.model.pictures),
        "MPJPE17",
        "MPJPE16",
        "NMPJPE17",
        "NMPJPE16",
        "PMPJPE17"
    );
    for (name, scores) in rows(comparison) {
        let Metrics { mpjpe17, mpjpe16, nmpjpe17, nmpjpe16, pmpjpe17 } = scores.metrics;
        let limbs = scores.limbs;
        let _ = writeln!(
            text,
            "  {name:<22}{mpjpe17:>9.1}{mpjpe16:>9.1}{nmpjpe17:>10.1}{nmpjpe16:>10.1}{pmpjpe17:>10.1}  | {:>22.1}{:>7.1}{:>7.1}",
            limbs.mpjpe, limbs.nmpjpe, limbs.pmpjpe
        );
    }
    text.push('\n');
}

fn by_joint(text: &mut String, side: &str, comparison: &TakeComparison) {
    let _ = writeln!(text, "{:<24}{MODEL:>14}{:>14}{:>14}", format!("MPJPE by joint, {side}"), "ridge", "mean pose");
    for (joint, name) in JOINT_NAMES.iter().enumerate() {
        let [model, ridge, mean] = rows(comparison).map(|(_, scores)| scores.joints.plain[joint]);
        let _ = writeln!(text, "  {name:<22}{model:>14.1}{ridge:>14.1}{mean:>14.1}");
    }
    text.push('\n');
}

fn by_view(text: &mut String, side: &str, comparison: &TakeComparison) {
    let _ = writeln!(text, "{:<24}{MODEL:>14}{:>14}{:>14}", format!("MPJPE16 / P, {side}"), "ridge", "mean pose");
    for (index, view) in comparison.model.views.iter().enumerate() {
        let [model, ridge, mean] = rows(comparison).map(|(_, scores)| {
            let metrics = scores.views[index].metrics;
            format!("{:.1} / {:.1}", metrics.mpjpe16, metrics.pmpjpe17)
        });
        let _ = writeln!(text, "  {:<22}{model:>14}{ridge:>14}{mean:>14}", view.camera);
    }
    text.push('\n');
}

fn rows(comparison: &TakeComparison) -> [(&'static str, &TakeScores); 3] {
    [(MODEL, &comparison.model), (RIDGE, &comparison.ridge), (MEAN, &comparison.mean_pose)]
}
