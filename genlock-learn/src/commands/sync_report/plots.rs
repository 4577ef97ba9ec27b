//! The plots of a report on pretraining.

use learn::data::rendered::Split;
use learn::eval::sync_report::{Retrieval, SyncReport};

use crate::svg::{Anchor, Axes, GREY, INK, Scale, Stroke, Svg, ticks};

const TRAINED: &str = "#3a6ea5";
const UNSEEN: &str = "#d1702a";
const FOUND: &str = "#2f7d6b";
const RANDOM: &str = "#9aa5b1";

/// Figure 4: accuracy by gap, thin for each person, thick for all of a split, with their intervals.
pub fn accuracy(report: &SyncReport) -> String {
    let points = || report.accuracy.iter().flat_map(|curve| &curve.points);
    let lowest = points().map(|point| point.interval.map_or(point.accuracy, |[low, _]| low)).fold(0.45, f64::min);
    let from = (lowest * 10.0).floor() / 10.0;
    let gaps = || points().map(|point| point.gap_ms);
    let (least, most) = (gaps().fold(f64::INFINITY, f64::min), gaps().fold(0.0, f64::max));
    let axes = Axes {
        left: 60.0,
        top: 60.0,
        width: 560.0,
        height: 300.0,
        x: Scale::Logarithmic { from: least / 1.15, to: most * 1.15 },
        y: Scale::Linear { from, to: 1.0 },
    };
    let mut svg = Svg::new([660.0, 440.0]);
    title(&mut svg, report, "Sync accuracy by time gap");
    let tenths = (from * 10.0).round() as u32..=10;
    axes.rows(&mut svg, tenths.map(|tenth| (f64::from(tenth) / 10.0, format!("{:.1}", f64::from(tenth) / 10.0))));
    let mut gaps: Vec<f64> = gaps().collect();
    gaps.sort_by(f64::total_cmp);
    gaps.dedup();
    axes.columns(&mut svg, gaps.into_iter().map(|gap| (gap, format!("{gap:.0}"))));
    svg.words([axes.left + axes.width / 2.0, 396.0], Anchor::Middle, GREY, "gap in ms");
    let chance = [axes.at(least / 1.15, 0.5), axes.at(most * 1.15, 0.5)];
    svg.line(&chance, Stroke { dashed: true, ..Stroke::new(INK, 1.0) }, "chance");
    svg.words([axes.left + axes.width - 4.0, chance[1][1] - 5.0], Anchor::End, GREY, "chance");
    for curve in &report.accuracy {
        let colour = if curve.split == Split::Train { TRAINED } else { UNSEEN };
        let along: Vec<[f64; 2]> = curve.points.iter().map(|point| axes.at(point.gap_ms, point.accuracy)).collect();
        let Some(person) = &curve.person else {
            for (point, &place) in curve.points.iter().zip(&along) {
                if let Some(interval) = point.interval {
                    let bar = interval.map(|end| axes.at(point.gap_ms, end));
                    let what = format!("95 %, {} pairs of {} takes", point.pairs, point.takes);
                    svg.line(&bar, Stroke::new(colour, 1.5), &what);
                }
                svg.dot(place, 3.5, colour);
            }
            svg.line(&along, Stroke::new(colour, 2.5), "all");
            continue;
        };
        svg.line(&along, Stroke { opacity: 0.35, ..Stroke::new(colour, 1.0) }, person);
    }
    for (at, (split, colour, who)) in
        [(Split::Train, TRAINED, "trained people"), (Split::HeldOut, UNSEEN, "unseen people")].into_iter().enumerate()
    {
        let people = report.accuracy.iter().filter(|curve| curve.split == split && curve.person.is_some()).count();
        key(&mut svg, [60.0 + 280.0 * at as f64, 424.0], colour, &format!("{people} {who}, and their mean"));
    }
    svg.finish()
}

/// Figure 5: how many of the retrieved frames are within a time of the true instant.
pub fn gaps_of_retrieved(report: &SyncReport) -> String {
    let columns = [0, 1].map(|column: usize| {
        let mut gaps: Vec<f64> = report.details.gaps_ms.iter().map(|gaps| gaps[column]).collect();
        gaps.sort_by(f64::total_cmp);
        gaps
    });
    let most = columns.iter().flatten().copied().fold(1.0, f64::max);
    let axes = Axes {
        left: 60.0,
        top: 60.0,
        width: 560.0,
        height: 300.0,
        x: Scale::Linear { from: 0.0, to: most },
        y: Scale::Linear { from: 0.0, to: 1.0 },
    };
    let mut svg = Svg::new([660.0, 440.0]);
    title(&mut svg, report, "Time from the true instant to the frame of another view taken for synchronous");
    axes.rows(&mut svg, (0..=5).map(|fifth| (f64::from(fifth) / 5.0, format!("{} %", 20 * fifth))));
    axes.columns(&mut svg, ticks(most).into_iter().filter(|&ms| ms <= most).map(|ms| (ms, format!("{ms:.0}"))));
    svg.words([axes.left + axes.width / 2.0, 396.0], Anchor::Middle, GREY, "at most so many ms off");
    for (gaps, (colour, name)) in columns.iter().zip([(FOUND, "retrieved"), (RANDOM, "a random frame")]) {
        // Steps: at each gap the share rises.
        let mut along = vec![axes.at(0.0, 0.0)];
        for ends in (0..gaps.len()).filter(|&at| gaps.get(at + 1) != Some(&gaps[at])) {
            let before = along[along.len() - 1][1];
            along.push([axes.at(gaps[ends], 0.0)[0], before]);
            along.push(axes.at(gaps[ends], (ends + 1) as f64 / gaps.len() as f64));
        }
        svg.line(&along, Stroke::new(colour, 2.5), name);
    }
    key(&mut svg, [60.0, 424.0], FOUND, "retrieved");
    key(&mut svg, [200.0, 424.0], RANDOM, "a random frame of the same view");
    svg.finish()
}

/// Pose errors of retrieved and of random pictures, a row for each person.
pub fn poses<'a>(report: &SyncReport, what: &str, rows: impl Iterator<Item = (Option<&'a str>, Retrieval)>) -> String {
    let rows: Vec<_> = rows.collect();
    let height = 20.0 * rows.len() as f64;
    let mut svg = Svg::new([760.0, height + 140.0]);
    title(&mut svg, report, what);
    type Of = fn(&Retrieval) -> [f64; 2];
    let panels: [(&str, Of); 2] = [
        ("N-MPJPE in mm", |poses| [poses.retrieved.n_mpjpe, poses.random.n_mpjpe]),
        ("P-MPJPE in mm", |poses| [poses.retrieved.p_mpjpe, poses.random.p_mpjpe]),
    ];
    for (panel, (name, of)) in panels.into_iter().enumerate() {
        let most = rows.iter().flat_map(|row| of(&row.1)).fold(1.0, f64::max);
        let marks = ticks(most);
        let axes = Axes {
            left: 160.0 + 300.0 * panel as f64,
            top: 60.0,
            width: 270.0,
            height,
            x: Scale::Linear { from: 0.0, to: marks[marks.len() - 1] },
            y: Scale::Linear { from: 0.0, to: rows.len() as f64 },
        };
        axes.columns(&mut svg, marks.into_iter().map(|mark| (mark, format!("{mark:.0}"))));
        svg.words([axes.left + axes.width / 2.0, axes.top + height + 38.0], Anchor::Middle, GREY, name);
        for (at, (person, poses)) in rows.iter().enumerate() {
            let values = of(poses);
            let places = values.map(|value| axes.at(value, rows.len() as f64 - at as f64 - 0.5));
            let person = person.unwrap_or("all");
            if panel == 0 {
                svg.words([axes.left - 10.0, places[0][1] + 4.0], Anchor::End, INK, person);
            }
            let [retrieved, random] = values;
            svg.line(&places, Stroke::new(RANDOM, 1.0), &format!("{person}: {retrieved:.1}, random {random:.1}"));
            svg.dot(places[1], 4.0, RANDOM);
            svg.dot(places[0], 4.0, FOUND);
        }
    }
    key(&mut svg, [160.0, height + 124.0], FOUND, "retrieved");
    key(&mut svg, [300.0, height + 124.0], RANDOM, "random, of the same candidates");
    svg.finish()
}

/// What is shown, and of which state of the network.
pub fn title(svg: &mut Svg, report: &SyncReport, words: &str) {
    svg.words([16.0, 24.0], Anchor::Start, INK, words);
    svg.words([16.0, 42.0], Anchor::Start, GREY, &format!("step {} of {}", report.step, report.steps));
}

fn key(svg: &mut Svg, [x, y]: [f64; 2], colour: &'static str, words: &str) {
    svg.line(&[[x, y - 4.0], [x + 20.0, y - 4.0]], Stroke::new(colour, 3.0), words);
    svg.words([x + 28.0, y], Anchor::Start, INK, words);
}
