//! A table as text: Markdown, aligned so that it can be read in a terminal.

use std::fmt::Write;

use recipe::{Needs, PaperErrors, PoseTarget};

use super::summary::{Figures, Row, Summary};
use crate::commands::spread::Spread;

const NONE: &str = "–";

/// The table with what its figures are.
pub fn markdown(summary: &Summary) -> String {
    let reference = &summary.reference;
    let part = format!("÷ {reference}");
    let mut lines = vec![
        ["", "", "MPJPE", "N-MPJPE", "P-MPJPE", &part, "sync", "flip", "seeds", "paper: MPJPE", "N", "P", &part]
            .map(str::to_owned)
            .to_vec(),
    ];
    lines.extend(summary.rows.iter().map(cells));
    if let Some(mean_pose) = &summary.mean_pose {
        let mut line = vec![String::new(), "the mean pose of the labels".to_owned()];
        line.extend(errors(Some(mean_pose)));
        line.resize(lines[0].len(), NONE.to_owned());
        line[8] = mean_pose.mpjpe.seeds.len().to_string();
        lines.push(line);
    }
    for row in &summary.published {
        let mut line = vec![String::new(), row.what.clone()];
        line.resize(9, NONE.to_owned());
        line.extend(paper(Some(row.paper)));
        line.push(NONE.to_owned());
        lines.push(line);
    }
    // Writing to a String never fails.
    let mut text = String::new();
    let _ = writeln!(text, "# {}\n", summary.title);
    let unit = match summary.target {
        PoseTarget::Room => "mm over the 16 joints other than the root",
        PoseTarget::Picture => "pixels of a frame 1000 px wide over the 17 joints in the picture",
    };
    let _ = writeln!(
        text,
        "Errors in {unit}, on {} pictures of people and clips that training never \
         saw: mean ± deviation over the seeds. ÷ {reference} is MPJPE as a part of row {reference}'s. sync and flip \
         are the balanced accuracies of pretraining on held-out takes (chance .500). The paper's figures are of \
         Human3.6M.\n",
        summary.pictures
    );
    text.push_str(&aligned(&lines));
    text
}

fn cells(row: &Row) -> Vec<String> {
    let needs = match (row.row.needs, &row.ours) {
        (Needs::ImageNet, None) => " (needs --imagenet)",
        _ => "",
    };
    let mut line = vec![row.row.name.clone(), format!("{}{needs}", row.row.what)];
    line.extend(errors(row.ours.as_ref()));
    line.push(ratio(row.ratio));
    line.extend([&row.sync_accuracy, &row.flip_accuracy].map(|accuracy| Spread::cell(accuracy.as_ref(), 3)));
    line.push(row.ours.as_ref().map_or(0, |ours| ours.mpjpe.seeds.len()).to_string());
    line.extend(paper(row.row.paper));
    line.push(ratio(row.paper_ratio));
    line
}

fn errors(figures: Option<&Figures>) -> [String; 3] {
    let of = |metric: fn(&Figures) -> Option<&Spread>| Spread::cell(figures.and_then(metric), 1);
    [of(|found| Some(&found.mpjpe)), of(|found| found.n_mpjpe.as_ref()), of(|found| found.p_mpjpe.as_ref())]
}

fn paper(errors: Option<PaperErrors>) -> [String; 3] {
    let of = |value: Option<f64>| value.map_or(NONE.to_owned(), |value| format!("{value:.1}"));
    let PaperErrors { mpjpe, n_mpjpe, p_mpjpe } =
        errors.unwrap_or(PaperErrors { mpjpe: None, n_mpjpe: None, p_mpjpe: None });
    [of(mpjpe), of(n_mpjpe), of(p_mpjpe)]
}

fn ratio(value: Option<f64>) -> String {
    value.map_or(NONE.to_owned(), |value| format!("{value:.2}"))
}

/// The first line is the head. Figures stand to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    let is_text = |column: usize| column < 2;
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (column, (cell, &width)) in line.iter().zip(&widths).enumerate() {
            let _ = if is_text(column) { write!(text, "| {cell:<width$} ") } else { write!(text, "| {cell:>width$} ") };
        }
        text.push_str("|\n");
        if index == 0 {
            for (column, &width) in widths.iter().enumerate() {
                let dashes = "-".repeat(width + 1);
                let _ = if is_text(column) { write!(text, "|{dashes}-") } else { write!(text, "|{dashes}:") };
            }
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let lines = [["", "what", "mm"], ["a", "±", "1234.5"]].map(|line| line.map(str::to_owned).to_vec());
        assert_eq!(aligned(&lines), "|   | what |     mm |\n|---|------|-------:|\n| a | ±    | 1234.5 |\n");
    }
}
