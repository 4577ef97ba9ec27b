//! The plot of a study: accuracy on unseen people over the stream.

use super::summary::{Arm, Summary};
use crate::svg::{Anchor, Axes, GREY, INK, PALE, Scale, Stroke, Svg};

const COLOURS: [&str; 6] = ["#9aa5b1", "#3a6ea5", "#d1702a", "#2f7d6b", "#8c5fa8", "#b0413e"];

/// A line for each arm with bars of one deviation over the seeds; sessions are told apart by lines.
pub fn over_time(summary: &Summary) -> String {
    let points = || summary.arms.iter().flat_map(|arm| &arm.over_time);
    let ends = |sign: f64| points().map(move |at| at.accuracy.mean + sign * at.accuracy.deviation.unwrap_or(0.0));
    let (from, to) = (ends(-1.0).fold(0.5, f64::min), ends(1.0).fold(0.6, f64::max));
    let (from, to) = ((from * 50.0).floor() / 50.0, (to * 50.0).ceil() / 50.0);
    let most = points().map(|at| at.moments).max().unwrap_or(1) as f64;
    let axes = Axes {
        left: 70.0,
        top: 60.0,
        width: 560.0,
        height: 300.0,
        x: Scale::Linear { from: 0.0, to: most },
        y: Scale::Linear { from, to },
    };
    let mut svg = Svg::new([660.0, 420.0 + 20.0 * summary.arms.len() as f64]);
    svg.words([16.0, 24.0], Anchor::Start, INK, &summary.title);
    let words =
        format!("sync accuracy on unseen people, gap {:.0} ms; bars: one deviation over seeds", summary.compared_ms);
    svg.words([16.0, 42.0], Anchor::Start, GREY, &words);
    let rows = ((from * 50.0).round() as u32..=(to * 50.0).round() as u32).map(|at| f64::from(at) / 50.0);
    axes.rows(&mut svg, rows.map(|value| (value, format!("{value:.2}"))));
    // Where a session ends.
    let longest = summary.arms.iter().map(|arm| &arm.over_time).max_by_key(|points| points.len());
    let ends =
        longest.into_iter().flatten().map(|at| (at.session, at.moments)).collect::<std::collections::BTreeMap<_, _>>();
    for (session, moments) in ends.into_iter().filter(|(_, moments)| *moments > 0) {
        let x = axes.at(moments as f64, from)[0];
        svg.line(&[[x, axes.top], [x, axes.top + axes.height]], Stroke::new(PALE, 2.0), "a session ends");
        let name = summary.sessions.get(session).map_or("", |session| &session.name);
        svg.words([x, axes.top + axes.height + 18.0], Anchor::End, GREY, &format!("end of {name}"));
    }
    svg.words(
        [axes.left + axes.width / 2.0, axes.top + axes.height + 38.0],
        Anchor::Middle,
        GREY,
        "moments of the stream",
    );
    for (index, (arm, colour)) in summary.arms.iter().zip(COLOURS.into_iter().cycle()).enumerate() {
        draw(&mut svg, &axes, arm, colour);
        let y = 420.0 + 20.0 * index as f64;
        svg.line(&[[70.0, y - 4.0], [90.0, y - 4.0]], Stroke::new(colour, 3.0), &arm.name);
        svg.words([98.0, y], Anchor::Start, INK, &format!("{}: {} ({} seeds)", arm.name, arm.what, arm.done));
    }
    svg.finish()
}

fn draw(svg: &mut Svg, axes: &Axes, arm: &Arm, colour: &'static str) {
    let mut along = Vec::new();
    for point in &arm.over_time {
        let (x, mean, off) = (point.moments as f64, point.accuracy.mean, point.accuracy.deviation.unwrap_or(0.0));
        let bar = [mean - off, mean + off].map(|value| axes.at(x, value));
        svg.line(&bar, Stroke::new(colour, 1.5), &format!("{}: {mean:.3} ± {off:.3}", arm.name));
        svg.dot(axes.at(x, mean), 3.5, colour);
        along.push(axes.at(x, mean));
    }
    svg.line(&along, Stroke::new(colour, 2.0), &arm.name);
}
