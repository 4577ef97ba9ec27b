//! Scores of bodies against the ground truth of rendered takes, as text.

use body::metrics::mean;

use super::row::{CAMERAS, Row};
use super::score::{AloneScores, BodyTakeScores};

/// For each number of cameras the mean over takes, followed by the refusals.
pub fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:>7} {:>5} {:>8} {:>6} {:>9} {:>7} {:>6} {:>6} {:>7} {:>7} {:>12} {:>13} {:>9}\n",
        "cameras",
        "takes",
        "refused",
        "bodies",
        "withheld%",
        "limb mm",
        "P mm",
        "rot °",
        "scale %",
        "within%",
        "skate mm/s",
        "jitter m/s²",
        "lag ms"
    );
    for cameras in CAMERAS {
        let all: Vec<&Row> = rows.iter().filter(|row| row.cameras == cameras).collect();
        let scored: Vec<&BodyTakeScores> = all.iter().filter_map(|row| row.scores.as_ref()).collect();
        if all.is_empty() {
            continue;
        }
        let of =
            |value: &dyn Fn(&BodyTakeScores) -> Option<f64>| mean(scored.iter().filter_map(|scores| value(scores)));
        let number = |value: &dyn Fn(&BodyTakeScores) -> Option<f64>, digits: usize| said(of(value), digits);
        let both = |raw: &dyn Fn(&BodyTakeScores) -> Option<f64>,
                    filtered: &dyn Fn(&BodyTakeScores) -> Option<f64>,
                    digits| { format!("{} → {}", number(raw, digits), number(filtered, digits)) };
        let (seen, withheld) = scored.iter().fold((0, 0), |sums, take| (sums.0 + take.seen, sums.1 + take.withheld));
        text += &format!(
            "{cameras:>7} {:>5} {:>8} {:>6} {:>9.1} {:>7} {:>6} {:>6} {:>7} {:>7} {:>12} {:>13} {:>9}\n",
            all.len(),
            all.len() - scored.len(),
            scored.iter().map(|take| take.poses.bodies).sum::<usize>(),
            100.0 * withheld as f64 / seen.max(1) as f64,
            number(&|take| take.poses.rig_mm, 1),
            number(&|take| Some(take.poses.p_mm), 1),
            number(&|take| take.rotation_degrees, 2),
            number(&|take| take.scale_percent.map(f64::abs), 1),
            number(&|take| take.within_percent, 1),
            both(&|take| take.raw.skate_mm_s, &|take| take.filtered.skate_mm_s, 0),
            both(&|take| take.raw.jitter_m_s2, &|take| take.filtered.jitter_m_s2, 1),
            both(&|take| take.raw.lag_ms, &|take| take.filtered.lag_ms, 0),
        );
    }
    for cameras in CAMERAS {
        text += &alone(rows, cameras);
    }
    text += "limb mm: 12 limb joints after one similarity for the take; P: after each body's own; within: joints whose truth is\n\
             within what bodies say of their uncertainty, which is meant to be 90 %. From → to: without and \
             with the live smoothing.\n";
    for row in rows {
        if let Some(why) = &row.refused {
            text += &format!("{}, {} cameras: refused: {why}\n", row.take, row.cameras);
        }
        for (camera, why) in &row.left_out {
            text += &format!("{}, {} cameras: without {camera}: {why}\n", row.take, row.cameras);
        }
    }
    text
}

/// Scores of single cameras, in a geometry found from so many.
fn alone(rows: &[Row], cameras: usize) -> String {
    let takes: Vec<_> = rows.iter().filter(|row| row.cameras == cameras).filter_map(|row| row.alone.as_ref()).collect();
    let of = |value: &dyn Fn(&AloneScores) -> Option<f64>| said(mean(takes.iter().filter_map(|take| value(take))), 1);
    if takes.is_empty() {
        return String::new();
    }
    format!(
        "each of {cameras} cameras alone: {} bodies, limb {} mm, P {} mm, within {} %\n",
        takes.iter().map(|take| take.bodies).sum::<usize>(),
        of(&|take| Some(take.limb_mm)),
        of(&|take| Some(take.p_mm)),
        of(&|take| take.within_percent),
    )
}

fn said(value: Option<f64>, digits: usize) -> String {
    value.map_or("–".into(), |value| format!("{value:.digits$}"))
}
