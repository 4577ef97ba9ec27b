//! Offsets in time between the recordings of several cameras whose positions are unknown.

use nalgebra::{Vector2, Vector3};

use crate::error::GeometryError;
use crate::frame_lag::{Lag, lag};
use crate::observation::Observation;
use crate::options::Options;
use crate::points::POINT_COUNT;
use crate::priors::TYPICAL_FOCAL;
use crate::select::{Selection, evenly_spread};
use crate::single_view::in_camera_axes;
use crate::solve::solve;
use crate::velocity::velocities;

/// How many instants the fine search uses.
const INSTANTS: usize = 60;

/// Rounds of the fine search, each of which shifts the recordings by what it finds.
const ROUNDS: usize = 15;

/// The fine search ends when no recording shifts by more than this, in frames.
const STILL_FRAMES: f64 = 0.05;

/// The fine search may deviate from the coarse one by this, in frames.
const MAX_FINE_FRAMES: f64 = 6.0;

/// How many sets of whole frames are tried.
const HYPOTHESES: usize = 6;

/// Offsets found directly and by way of other cameras agree within this many frames.
const AGREE_FRAMES: i64 = 2;

/// The offset of a camera's recording to the first one's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeOffset {
    /// This camera's frame n shows what the first one's frame n − `frames` does.
    pub frames: f64,
    /// One standard deviation, in frames, if known; 0 for the first camera.
    pub uncertainty_frames: Option<f64>,
    /// From 0 to 1: how much better the offset fits than any other more than a few frames away. Low for periodic motion
    /// such as walking; 1 for the first camera.
    pub confidence: f64,
}

/// The offset of each camera to the first. `tracks` holds, for each camera, what it saw in each of its frames; they may
/// differ in length, and all have the same rate. Offsets up to `max_frames` and a half are searched.
///
/// Whole frames are found from the motion of the bodies in each view. They are accepted only if a geometry of the rig
/// is found with them, which then gives the fractions.
///
/// # Errors
/// If there are fewer than two cameras, an offset is beyond `max_frames`, a camera never saw the person together with
/// another one, or no geometry is found with the best offsets.
pub fn time_offsets(
    sizes_px: &[[f64; 2]],
    tracks: &[Vec<Option<Observation>>],
    max_frames: usize,
) -> Result<Vec<TimeOffset>, GeometryError> {
    if tracks.len() < 2 || tracks.len() != sizes_px.len() {
        return Err(GeometryError::TooFewCameras { count: tracks.len().min(sizes_px.len()) });
    }
    let mut first_error = None;
    for coarse in hypotheses(&coarse(sizes_px, tracks, max_frames)?) {
        let start: Vec<f64> = coarse.iter().map(|lag| lag.frames as f64).collect();
        let found = fine(sizes_px, tracks, &start).and_then(|(frames, uncertainties)| {
            // Fractions may lead out of the searched range, to an offset that fits by chance.
            match (0..tracks.len()).find(|&camera| frames[camera].abs() > max_frames as f64 + 0.5) {
                Some(camera) => Err(GeometryError::OffsetTooLarge { camera, frames: frames[camera], most: max_frames }),
                None => Ok((frames, uncertainties)),
            }
        });
        match found {
            Ok((frames, uncertainties)) => {
                let offset = |(camera, lag): (usize, &Lag)| TimeOffset {
                    frames: frames[camera],
                    uncertainty_frames: uncertainties[camera],
                    confidence: lag.confidence,
                };
                return Ok(coarse.iter().enumerate().map(offset).collect());
            }
            Err(error) => _ = first_error.get_or_insert(error),
        }
    }
    Err(first_error.unwrap_or(GeometryError::NotConverged))
}

/// Whole frames for all cameras that may be right, the likeliest first: the best of each camera; all at once, as
/// recordings are that began together; and the best with the next one of one camera. In short recordings the motion alone
/// often speaks for a wrong one, which no geometry then confirms.
fn hypotheses(ways: &[Vec<Lag>]) -> Vec<Vec<Lag>> {
    let best: Vec<Lag> = ways.iter().map(|ways| ways[0]).collect();
    // Nothing in the motion speaks for it.
    let together: Vec<Lag> =
        best.iter().map(|lag| if lag.frames == 0 { *lag } else { Lag { frames: 0, confidence: 0.0 } }).collect();
    let mut all = vec![best.clone()];
    if together != best {
        all.push(together);
    }
    for (camera, next) in ways.iter().enumerate().filter_map(|(camera, ways)| Some((camera, *ways.get(1)?))) {
        let mut other = best.clone();
        other[camera] = next;
        all.push(other);
    }
    all.truncate(HYPOTHESES);
    all
}

/// Whole frames of each camera, the likeliest first, found directly and by way of each third camera. Offsets that agree
/// add up their confidence, since pairs with little overlap have wrong offsets that differ from each other.
fn coarse(
    sizes_px: &[[f64; 2]],
    tracks: &[Vec<Option<Observation>>],
    max_frames: usize,
) -> Result<Vec<Vec<Lag>>, GeometryError> {
    let bodies: Vec<Vec<Option<[Vector3<f64>; POINT_COUNT]>>> = sizes_px
        .iter()
        .zip(tracks)
        .map(|(size, track)| {
            let (focal, centre) = (TYPICAL_FOCAL * size[0].max(size[1]), 0.5 * Vector2::from(*size));
            let body = |view: &Option<Observation>| {
                let points = in_camera_axes(view.as_ref().filter(|view| view.usable())?, focal, &centre);
                let middle = points.iter().sum::<Vector3<f64>>() / POINT_COUNT as f64;
                Some(points.map(|point| point - middle))
            };
            track.iter().map(body).collect()
        })
        .collect();
    let count = tracks.len();
    // Two recordings on both sides of the first one may be twice as far apart.
    let most = |a: usize| if a == 0 { max_frames } else { 2 * max_frames };
    let between: Vec<Vec<Option<Lag>>> = (0..count)
        .map(|a| (0..count).map(|b| if a < b { lag(&bodies[a], &bodies[b], most(a)) } else { None }).collect())
        .collect();
    let known = |a: usize, b: usize| {
        if a < b { between[a][b] } else { between[b][a].map(|lag| Lag { frames: -lag.frames, ..lag }) }
    };
    let all = (1..count).map(|camera| {
        let direct = known(0, camera);
        let by_way = (1..count).filter(|&way| way != camera).filter_map(|way| {
            let (to, from) = (known(0, way)?, known(way, camera)?);
            Some(Lag { frames: to.frames + from.frames, confidence: to.confidence.min(from.confidence) })
        });
        let within = |lag: &Lag| lag.frames.unsigned_abs() as usize <= max_frames;
        let ways: Vec<Lag> = direct.into_iter().chain(by_way).filter(within).collect();
        let agree = |way: &Lag| -> f64 {
            let near = ways.iter().filter(|other| (other.frames - way.frames).abs() <= AGREE_FRAMES);
            near.map(|other| other.confidence).sum()
        };
        let mut sorted = ways.clone();
        sorted.sort_by(|a, b| agree(b).total_cmp(&agree(a)));
        // Of those that agree, the best.
        let mut apart: Vec<Lag> = Vec::new();
        for way in sorted {
            if apart.iter().all(|kept| (kept.frames - way.frames).abs() > AGREE_FRAMES) {
                apart.push(way);
            }
        }
        if apart.is_empty() { Err(GeometryError::CameraApart { camera, found: 0, needed: 1 }) } else { Ok(apart) }
    });
    std::iter::once(Ok(vec![Lag { frames: 0, confidence: 1.0 }])).chain(all).collect()
}

/// Fractions of a frame: repeatedly solves the rig's geometry with offsets, and shifts the recordings by these. Returns
/// offsets and their uncertainties.
fn fine(
    sizes_px: &[[f64; 2]],
    tracks: &[Vec<Option<Observation>>],
    start: &[f64],
) -> Result<(Vec<f64>, Vec<Option<f64>>), GeometryError> {
    let options = Options { time_offsets: true, ..Options::default() };
    let mut offsets = start.to_vec();
    let mut uncertainties = vec![Some(0.0); start.len()];
    let mut before = vec![0.0; start.len()];
    let mut chosen: Option<Vec<usize>> = None;
    for _ in 0..ROUNDS {
        let moved: Vec<_> =
            tracks.iter().zip(&offsets).map(|(track, &offset)| resampled(track, offset, tracks[0].len())).collect();
        let instant = |at: usize| -> Vec<Option<Observation>> { moved.iter().map(|track| track[at].clone()).collect() };
        let chosen = chosen.get_or_insert_with(|| choose(sizes_px, tracks[0].len(), instant));
        let instants: Vec<_> = chosen.iter().map(|&at| instant(at)).collect();
        let solution = solve(sizes_px, &instants, &options)?;
        let mut most = 0.0_f64;
        for (camera, solved) in solution.cameras.iter().enumerate().skip(1) {
            // Later pictures mean that this recording is shifted too far.
            let later = solved.camera.time_offset_frames.ok_or(GeometryError::NotConverged)?;
            let step = extrapolated(std::mem::replace(&mut before[camera], later), later);
            offsets[camera] -= step;
            most = most.max(step.abs());
            let known = solved.uncertainty.as_ref().and_then(|known| known.time_offset_frames);
            uncertainties[camera] = known;
            if (offsets[camera] - start[camera]).abs() > MAX_FINE_FRAMES {
                return Err(GeometryError::NotConverged);
            }
        }
        if most < STILL_FRAMES {
            return Ok((offsets, uncertainties));
        }
    }
    Err(GeometryError::NotConverged)
}

/// Where steps lead that shrink by a constant factor, by two of them (Aitken's method).
fn extrapolated(before: f64, now: f64) -> f64 {
    const MAX_RATIO: f64 = 0.6;
    let shrinks = if before == 0.0 { 0.0 } else { (now / before).clamp(-1.0, MAX_RATIO) };
    now / (1.0 - shrinks)
}

/// Varied instants, and others spread evenly.
fn choose(sizes_px: &[[f64; 2]], count: usize, instant: impl Fn(usize) -> Vec<Option<Observation>>) -> Vec<usize> {
    let mut selection = Selection::new(sizes_px, INSTANTS);
    let mut usable = Vec::new();
    for at in 0..count {
        let views = instant(at);
        if views.iter().flatten().count() >= 2 && !selection.offer(at as u64, &views) {
            usable.push(at);
        }
    }
    let mut chosen: Vec<usize> = selection.names().into_iter().map(|name| name as usize).collect();
    let wanted = INSTANTS.saturating_sub(chosen.len());
    chosen.extend(evenly_spread(usable.len(), wanted).map(|at| usable[at]));
    chosen
}

/// A recording resampled at the first camera's frames: `count` frames, of which n shows this one's n + `offset`,
/// interpolated between two frames.
fn resampled(track: &[Option<Observation>], offset: f64, count: usize) -> Vec<Option<Observation>> {
    let at = |frame: usize| {
        let place = frame as f64 + offset;
        let below = place.floor();
        let share = place - below;
        let view = |at: f64| track.get(usize::try_from(at as i64).ok()?)?.as_ref();
        match (view(below), view(below + 1.0)) {
            (Some(view), _) if share < 1e-6 => Some(view.clone()),
            (Some(a), Some(b)) => Some(between(a, b, share)),
            _ => None,
        }
    };
    let mut moved: Vec<Option<Observation>> = (0..count).map(at).collect();
    let pixels: Vec<_> = moved.iter().map(|view| view.as_ref().map(|view| view.px)).collect();
    for (view, velocity) in moved.iter_mut().zip(velocities(&pixels)) {
        if let Some(view) = view {
            view.velocity_px = velocity;
        }
    }
    moved
}

fn between(a: &Observation, b: &Observation, share: f64) -> Observation {
    let mix = |a: f64, b: f64| a + share * (b - a);
    Observation {
        px: std::array::from_fn(|point| std::array::from_fn(|axis| mix(a.px[point][axis], b.px[point][axis]))),
        weight: std::array::from_fn(|point| a.weight[point].min(b.weight[point])),
        root_relative_mm: std::array::from_fn(|point| {
            std::array::from_fn(|axis| mix(a.root_relative_mm[point][axis], b.root_relative_mm[point][axis]))
        }),
        velocity_px: None,
        others: a.others || b.others,
    }
}
