//! One axis of time for the pictures of all cameras.

use frame::Problem;

use crate::timeline::Pace;
use crate::video::Video;

/// Rates are equal if over the common length they drift apart by less than this many pictures.
const MAX_DRIFT: f64 = 0.25;

/// What to do with rates that vary or are unequal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rates {
    /// Resample all videos.
    Resample,
    /// Refuse them.
    MustBeEqual,
}

/// What to do with videos of unequal length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lengths {
    /// Cut all to the shortest.
    Common,
    /// Leave them, as of videos that begin at different instants.
    Own,
}

/// Which picture of each camera stands at which instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Instants per second.
    pub rate_hz: f64,
    /// Number of instants.
    pub instants: u32,
    /// For each camera, instants and the numbers of their pictures; both grow.
    pub chosen: Vec<Vec<(u32, u32)>>,
    /// What was changed, in words.
    pub remarks: Vec<String>,
}

impl Axis {
    /// Its rate for people: `29.97 Hz`.
    pub fn rate(&self) -> String {
        hz(self.rate_hz)
    }
}

/// Puts the pictures of all videos on one axis. Each begins at its first picture.
///
/// # Errors
/// The rates are not to be resampled, and are unequal or vary; or nothing is left.
pub fn plan(videos: &[Video], rates: Rates, lengths: Lengths) -> Result<Axis, Problem> {
    let views: Vec<View> = videos
        .iter()
        .map(|video| View { name: &video.camera.name, times_s: &video.times_s, pace: &video.pace })
        .collect();
    plan_views(&views, rates, lengths)
}

/// What of a video the axis depends on.
struct View<'a> {
    name: &'a str,
    times_s: &'a [f64],
    pace: &'a Pace,
}

impl View<'_> {
    fn end_s(&self) -> f64 {
        self.times_s.last().copied().unwrap_or_default() + 1.0 / self.pace.rate_hz()
    }

    fn rate(&self) -> String {
        match self.pace {
            Pace::Constant { rate_hz, .. } => format!("{} has {}", self.name, hz(*rate_hz)),
            Pace::Variable { median_hz } => {
                let gap_ms = self.times_s.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max) * 1e3;
                format!("{} varies around {}, with a largest gap of {gap_ms:.0} ms", self.name, hz(*median_hz))
            }
        }
    }
}

fn plan_views(views: &[View], rates: Rates, lengths: Lengths) -> Result<Axis, Problem> {
    let none = || Problem::with_remedy("there are no videos", "give at least one");
    let common_s = views.iter().map(View::end_s).min_by(f64::total_cmp).ok_or_else(none)?;
    let constant: Option<Vec<(f64, &Vec<u32>)>> = views
        .iter()
        .map(|view| match view.pace {
            Pace::Constant { rate_hz, places } => Some((*rate_hz, places)),
            Pace::Variable { .. } => None,
        })
        .collect();
    let unequal = |all: &Vec<(f64, &Vec<u32>)>| {
        let hz = all.iter().map(|(rate_hz, _)| *rate_hz);
        (hz.clone().fold(f64::MIN, f64::max) - hz.fold(f64::MAX, f64::min)) * common_s >= MAX_DRIFT
    };
    let axis = match constant.filter(|all| !unequal(all)) {
        Some(all) => {
            let mut hz: Vec<_> = all.iter().map(|(rate_hz, _)| *rate_hz).collect();
            hz.sort_by(f64::total_cmp);
            let chosen = all.iter().map(|(_, places)| places.iter().copied().zip(0..).collect()).collect();
            Axis { rate_hz: hz[hz.len() / 2], instants: 0, chosen, remarks: Vec::new() }
        }
        None if rates == Rates::MustBeEqual => {
            let rates: Vec<_> = views.iter().map(View::rate).collect();
            let remedy = "leave out --no-resample, or film at one constant rate";
            return Err(Problem::with_remedy(format!("the rates are unequal or vary: {}", rates.join("; ")), remedy));
        }
        None => resampled(views),
    };
    Ok(bounded(axis, views, lengths))
}

/// Each instant takes the picture that is nearest in time, within half a period; no picture stands twice.
fn resampled(views: &[View]) -> Axis {
    let rate_hz = views.iter().map(|view| view.pace.rate_hz()).fold(f64::MAX, f64::min);
    let rates: Vec<_> = views.iter().map(View::rate).collect();
    let remarks = vec![format!("resampled at {}: {}", hz(rate_hz), rates.join("; "))];
    let chosen = views.iter().map(|view| nearest(view.times_s, rate_hz)).collect();
    Axis { rate_hz, instants: 0, chosen, remarks }
}

fn nearest(times_s: &[f64], rate_hz: f64) -> Vec<(u32, u32)> {
    let mut chosen: Vec<(u32, u32)> = Vec::new();
    let beside = |instant: u32, picture: u32| (times_s[picture as usize] * rate_hz - f64::from(instant)).abs();
    for (picture, time_s) in (0..).zip(times_s) {
        let instant = (time_s * rate_hz).round() as u32;
        match chosen.last_mut() {
            Some(last) if last.0 == instant => {
                if beside(instant, picture) < beside(instant, last.1) {
                    last.1 = picture;
                }
            }
            _ => chosen.push((instant, picture)),
        }
    }
    chosen
}

/// Cuts all cameras to the shortest where that is asked for, and tells which instants lack a picture.
fn bounded(mut axis: Axis, views: &[View], lengths: Lengths) -> Axis {
    let length = |chosen: &Vec<(u32, u32)>| chosen.last().map_or(0, |(instant, _)| instant + 1);
    let own: Vec<_> = axis.chosen.iter().map(length).collect();
    let (shortest, longest) = (own.iter().copied().min(), own.iter().copied().max());
    axis.instants = if lengths == Lengths::Common { shortest } else { longest }.unwrap_or_default();
    if lengths == Lengths::Common {
        axis.remarks.extend(cut(&mut axis.chosen, &own, axis.instants, axis.rate_hz, views));
    }
    for (chosen, view) in axis.chosen.iter().zip(views) {
        let ends = length(chosen) as usize;
        let lacking = ends - chosen.len();
        if lacking > 0 {
            let times = chosen.iter().map(|(_, picture)| view.times_s[*picture as usize]);
            let gap_s = times.clone().zip(times.skip(1)).map(|(one, next)| next - one).fold(0.0, f64::max);
            let gap_ms = gap_s * 1e3;
            axis.remarks.push(format!(
                "{}: {lacking} of {ends} instants lack a picture; the largest gap is {gap_ms:.0} ms",
                view.name
            ));
        }
    }
    axis
}

/// Cuts all cameras to so many instants, and tells which were longer.
fn cut(chosen: &mut [Vec<(u32, u32)>], own: &[u32], instants: u32, rate_hz: f64, views: &[View]) -> Option<String> {
    chosen.iter_mut().for_each(|chosen| chosen.retain(|(instant, _)| *instant < instants));
    let longer = own.iter().zip(views).filter(|(length, _)| **length > instants);
    let longer: Vec<_> = longer
        .map(|(length, view)| {
            let over = length - instants;
            format!("{} by {over} ({:.2} s)", view.name, f64::from(over) / rate_hz)
        })
        .collect();
    let shortest = views[own.iter().position(|length| *length == instants)?].name;
    let words = format!("cut to the {instants} pictures of {shortest}, the shortest: {}", longer.join(", "));
    (!longer.is_empty()).then_some(words)
}

/// A rate for people.
fn hz(rate_hz: f64) -> String {
    let rounded = format!("{rate_hz:.3}");
    format!("{} Hz", rounded.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
#[path = "axis_tests.rs"]
mod tests;
