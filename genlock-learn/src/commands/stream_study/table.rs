//! A study as text: tables in Markdown.

use std::fmt::Write;

use super::summary::Summary;
use crate::commands::spread::Spread;

const NONE: &str = "–";

/// The tables with what their figures are.
pub fn markdown(summary: &Summary) -> String {
    // Writing to a String never fails.
    let (mut text, compared) = (String::new(), summary.compared_ms);
    let _ = writeln!(text, "# {}\n", summary.title);
    let _ = writeln!(
        text,
        "Sync accuracy (chance .500) of the copy that others get, mean ± deviation over the seeds, at the end of the \
         stream.\n\nOn unseen people, by the gap of the pairs in ms:\n"
    );
    let gaps: Vec<f64> = summary
        .arms
        .iter()
        .filter_map(|arm| arm.end.as_ref())
        .flat_map(|end| &end.held_out)
        .map(|at| at.gap_ms)
        .collect();
    let mut head = vec!["arm".to_owned(), "what is kept".to_owned(), "seeds".to_owned()];
    let mut columns: Vec<f64> = gaps;
    columns.sort_by(f64::total_cmp);
    columns.dedup();
    head.extend(columns.iter().map(|gap| format!("{gap:.0}")));
    head.push(format!("as trained, {compared:.0}"));
    head.push(format!("at the start, {compared:.0}"));
    let mut lines = vec![head];
    for arm in &summary.arms {
        let mut line = vec![arm.name.clone(), arm.what.clone(), arm.done.to_string()];
        let end = arm.end.as_ref();
        let at = |gap: f64| end?.held_out.iter().find(|at| at.gap_ms == gap).map(|at| &at.accuracy);
        line.extend(columns.iter().map(|&gap| accuracy(at(gap))));
        line.push(accuracy(end.and_then(|end| end.trained.as_ref())));
        line.push(accuracy(end.and_then(|end| end.begun.as_ref())));
        lines.push(line);
    }
    text.push_str(&rows(&lines));
    let (first, last) = (&summary.sessions[0].name, &summary.sessions[summary.sessions.len() - 1].name);
    let _ = writeln!(
        text,
        "\nAt {compared:.0} ms on takes of the stream's own people that were held back, and what learning cost. Lost is \
         the fall from the end of session {first} to that of session {last}; below 0 it is a rise.\n"
    );
    let words = [
        "arm",
        &format!("{first}, at the start"),
        &format!("{first}, after {first}"),
        &format!("{first}, after {last}"),
        "lost",
        &format!("{last}, after {last}"),
        "updates",
        "pictures",
        "updates/s of one core",
        "buffer, MB",
    ];
    let mut lines = vec![words.map(str::to_owned).to_vec()];
    for arm in &summary.arms {
        let mut line = vec![arm.name.clone()];
        match &arm.end {
            None => line.resize(words.len(), NONE.to_owned()),
            Some(end) => {
                let all =
                    [&end.first_before, &end.first_after_first, &end.first_after_last, &end.lost, &end.last_after_last];
                line.extend(all.map(|spread| accuracy(spread.as_ref())));
                line.extend([
                    format!("{:.0}", end.steps),
                    format!("{:.0}", end.pictures),
                    format!("{:.2}", end.updates_per_s),
                    format!("{:.1}", end.buffer_bytes / 1e6),
                ]);
            }
        }
        lines.push(line);
    }
    text.push_str(&rows(&lines));
    text
}

fn accuracy(spread: Option<&Spread>) -> String {
    Spread::cell(spread, 3)
}

/// The first line is the head.
fn rows(lines: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let _ = writeln!(text, "| {} |", line.join(" | "));
        if index == 0 {
            let _ = writeln!(text, "|{}", "---|".repeat(line.len()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_followed_by_its_line() {
        let lines = [["a", "b"], ["1", "–"]].map(|line| line.map(str::to_owned).to_vec());
        assert_eq!(rows(&lines), "| a | b |\n|---|---|\n| 1 | – |\n");
        assert_eq!(accuracy(Spread::of([0.5, 0.7].into_iter()).as_ref()), "0.600 ± 0.141");
    }
}
