//! Whether labels move as what the pictures show does. Reprojection alone does not show cameras that were exchanged, axes
//! that were turned, labels of another take, or labels that are some frames late.
//!
//! Between two pictures a fraction of a second apart, brightness changes where a body left or came. The labels say where
//! that should be. How well the two maps correlate shows whether they belong together: on a real take by .52 to .58, by .2
//! to .35 with another camera, and by .2 to .3 with half a second too much.

mod changes;
mod silhouette;

use frame::CameraId;
use miette::bail;
use pose::{CameraLabels, Labels};
use take::TakeReader;

use changes::{Change, changes};
use silhouette::silhouette;

/// Pairs of pictures that a judgement needs.
const MIN_PAIRS: usize = 5;
/// The least part of its silhouette that a body must leave between two pictures, on average, for a judgement.
const MIN_MOVED: f64 = 0.15;
/// By how much a correlation must be higher to be better.
const CLEARLY: f64 = 0.06;
/// A correlation from which on labels and pictures certainly belong together.
const CERTAINLY: f64 = 0.4;
/// Shifts in time that are tried, in seconds.
const MAX_SHIFT_S: f64 = 1.0;
const SHIFTS: i64 = 20;
/// How many times as large bodies are tried, against focal lengths and sizes of pictures that are wrong.
const ZOOMS: [f32; 6] = [0.7, 0.77, 0.85, 1.18, 1.3, 1.43];
/// From this shift on, labels tell nothing of the instant.
const ELSEWHEN_S: f64 = 0.6;

/// Checks the labels of all views in which enough moves, and warns of the others.
///
/// # Errors
/// What does not fit and what would; or a picture cannot be read.
pub fn check(labels: &Labels, take: &TakeReader) -> miette::Result<()> {
    let mut views = Vec::new();
    for view in &labels.cameras {
        let camera = take.cameras().iter().position(|name| *name == view.name);
        let camera = CameraId(camera.expect("labels are of the take's cameras") as u16);
        let changes = changes(take, camera)?;
        match fit(view, &changes, 0) {
            Ok(own) => views.push(View { view, own, changes }),
            Err(why) => {
                eprintln!("warning: it cannot be seen whether the labels of {} fit: {}", view.name, why.words())
            }
        }
    }
    let exchanged: Vec<String> = views.iter().filter_map(|view| view.better_with(labels)).collect();
    if !exchanged.is_empty() {
        bail!("{}: cameras were exchanged, which --camera can mend", exchanged.join("; "));
    }
    let rate_hz = take.info().source_rate_hz.unwrap_or(take.info().trigger_rate_hz);
    let step = ((MAX_SHIFT_S * rate_hz / SHIFTS as f64).round() as i64).max(1);
    let shifts: Vec<i64> = (-SHIFTS..=SHIFTS).map(|number| number * step).collect();
    let shifted: Vec<Vec<Option<f64>>> = views
        .iter()
        .map(|view| shifts.iter().map(|shift| fit(view.view, &view.changes, *shift).ok()).collect())
        .collect();
    if let Some(frames) = better_at(&shifts, &shifted) {
        let direction = if frames > 0 { "earlier" } else { "later" };
        let by = frames.abs();
        bail!(
            "the labels fit the pictures clearly better when they are {by} frames {direction}: they do not begin where the \
             take does, which --first can mend, or are of another take"
        );
    }
    if let Some(zoom) = better_zoomed(&views) {
        bail!(
            "the labels fit the pictures clearly better when bodies are {zoom:.2} times as large: focal lengths of the \
             calibration are wrong, or it is of pictures of another size"
        );
    }
    let elsewhen = (ELSEWHEN_S * rate_hz) as i64;
    let mut elsewhere = Vec::new();
    for (view, fits) in views.iter().zip(&shifted) {
        let far = shifts.iter().zip(fits).filter(|(shift, _)| shift.abs() >= elsewhen);
        let mut far: Vec<f64> = far.filter_map(|(_, fit)| *fit).collect();
        far.sort_by(f64::total_cmp);
        let chance = far.get(far.len() / 2).copied();
        tracing::debug!("{}: labels fit by {:.2}, at other instants by {chance:.2?}", view.view.name, view.own);
        if chance.is_some_and(|chance| view.own < chance + CLEARLY) {
            elsewhere.push(format!("{} ({:.2} and {:.2})", view.view.name, view.own, chance.unwrap_or_default()));
        }
    }
    if !elsewhere.is_empty() {
        bail!(
            "the labels fit what moves in the pictures no better than at other instants in {}: another take, another \
             calibration, or turned axes (--up) do that",
            elsewhere.join(", ")
        );
    }
    Ok(())
}

/// Why pictures do not show whether labels fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unjudged {
    FewLabelled,
    LittleMoves,
}

impl Unjudged {
    fn words(self) -> &'static str {
        match self {
            Self::FewLabelled => "too few of its pictures are labelled",
            Self::LittleMoves => "the person hardly moves",
        }
    }
}

/// A view in which enough moves.
struct View<'a> {
    view: &'a CameraLabels,
    /// How well its own labels fit.
    own: f64,
    changes: Vec<Change>,
}

impl View<'_> {
    /// Which view's labels fit clearly better, in words.
    fn better_with(&self, labels: &Labels) -> Option<String> {
        let others = labels.cameras.iter().filter(|other| other.name != self.view.name);
        let fits = others.filter_map(|other| Some((&other.name, fit(other, &self.changes, 0).ok()?)));
        let (name, best) = fits.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let own = self.own;
        (best > CERTAINLY && best > own + CLEARLY).then(|| {
            format!("what moves in {} fits the labels of {name} better ({best:.2} to {own:.2})", self.view.name)
        })
    }
}

/// The shift at which labels fit clearly better in all views together.
fn better_at(shifts: &[i64], shifted: &[Vec<Option<f64>>]) -> Option<i64> {
    let fits = |at: usize| mean(shifted.iter().map(|fits| fits[at]));
    let now = fits(shifts.iter().position(|shift| *shift == 0)?)?;
    clearly_better(now, shifts.iter().enumerate().filter_map(|(at, shift)| Some((*shift, fits(at)?))))
}

/// How many times as large, about the middle of the picture, bodies fit clearly better in all views together.
fn better_zoomed(views: &[View<'_>]) -> Option<f32> {
    let now = mean(views.iter().map(|view| Some(view.own)))?;
    let fits = |zoom: f32| mean(views.iter().map(|view| fit(&zoomed(view.view, zoom), &view.changes, 0).ok()));
    clearly_better(now, ZOOMS.into_iter().filter_map(|zoom| Some((zoom, fits(zoom)?))))
}

/// The mean over all views; `None` if one is not known, or there is none.
fn mean(fits: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let fits: Vec<f64> = fits.collect::<Option<_>>()?;
    (!fits.is_empty()).then(|| fits.iter().sum::<f64>() / fits.len() as f64)
}

/// The change of labels that fits best, if it certainly fits and clearly better than they do now.
fn clearly_better<T: std::fmt::Debug>(now: f64, changed: impl Iterator<Item = (T, f64)>) -> Option<T> {
    let (change, best) = changed.max_by(|a, b| a.1.total_cmp(&b.1))?;
    tracing::debug!("labels fit by {now:.2}, changed by {change:?} by {best:.2}");
    (best > CERTAINLY && best > now + CLEARLY).then_some(change)
}

/// The labels of a view with bodies so many times as large and as far from the middle.
fn zoomed(view: &CameraLabels, zoom: f32) -> CameraLabels {
    let middle = view.size_px.map(|side| side as f32 / 2.0);
    let mut view = view.clone();
    for px in view.frames.iter_mut().flat_map(|frame| &mut frame.joints_px) {
        *px = std::array::from_fn(|axis| middle[axis] + zoom * (px[axis] - middle[axis]));
    }
    view
}

/// How well labels of the frames that are so many later tell where something changed: a correlation.
fn fit(view: &CameraLabels, changes: &[Change], shift: i64) -> Result<f64, Unjudged> {
    let (mut sums, mut count) = ([0.0; 5], 0.0);
    let (mut pairs, mut moved, mut body) = (0, 0.0, 0.0);
    for change in changes {
        let label = |source: u32| view.at(u32::try_from(i64::from(source) + shift).ok()?);
        let (Some(before), Some(after)) = (label(change.source[0]), label(change.source[1])) else { continue };
        let [before, after] = [before, after].map(|label| silhouette(label, change.size, change.reduced));
        pairs += 1;
        for ((before, after), difference) in before.iter().zip(&after).zip(&change.differences) {
            let (x, y) = (f64::from(u8::from(before != after)), f64::from(*difference));
            moved += x;
            body += f64::from(u8::from(*before)) + f64::from(u8::from(*after));
            for (sum, value) in sums.iter_mut().zip([x, y, x * x, y * y, x * y]) {
                *sum += value;
            }
            count += 1.0;
        }
    }
    if pairs < MIN_PAIRS {
        return Err(Unjudged::FewLabelled);
    }
    if moved < MIN_MOVED * body {
        return Err(Unjudged::LittleMoves);
    }
    let [x, y, xx, yy, xy] = sums.map(|sum| sum / count);
    let fit = (xy - x * y) / ((xx - x * x) * (yy - y * y)).sqrt();
    // Pictures that are all the same have no correlation with anything.
    if fit.is_finite() { Ok(fit) } else { Err(Unjudged::LittleMoves) }
}
