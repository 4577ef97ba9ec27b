//! By how much the recordings of several cameras are apart in time.

use nalgebra::{Vector2, Vector3};

use crate::coarse::{Lag, lag};
use crate::error::GeometryError;
use crate::observation::Observation;
use crate::own_body::turned;
use crate::points::POINT_COUNT;
use crate::select::Selection;
use crate::solve::{Options, solve};
use crate::velocity::velocities;

/// The focal length that the views' own 3D is turned with, in long sides of the picture; it hardly matters.
const FOCAL: f64 = 1.2;

/// How many instants the fine search looks at.
const INSTANTS: usize = 60;

/// Rounds of the fine search, which moves the recordings by what it finds and looks again.
const ROUNDS: usize = 15;

/// The fine search stands still when nothing moves by more than this, in frames.
const STILL_FRAMES: f64 = 0.05;

/// The fine search does not leave the coarse one by more than this, in frames.
const MOST_FINE_FRAMES: f64 = 6.0;

/// Ways from one camera to another agree that come within so many frames.
const AGREE_FRAMES: i64 = 2;

/// How a camera's recording lies to the first one's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeOffset {
    /// This camera's frame n shows what the first one's frame n − `frames` does.
    pub frames: f64,
    /// One standard deviation, in frames, where it is known; 0 for the first camera.
    pub uncertainty_frames: Option<f64>,
    /// From 0 to 1: how much better the offset fits than any that is farther away than a few frames. Low where motion
    /// repeats itself, as in walking; 1 for the first camera.
    pub confidence: f64,
}

/// The offset of each camera to the first. `tracks` holds, for each camera, what it saw in each of its frames; they may
/// differ in length, and all have one rate. No offset is larger than `most_frames`, but for half a frame.
///
/// Whole frames come from how the bodies of each view move, and are believed only where a geometry of the rig is found with
/// them, which then tells the fractions.
///
/// # Errors
/// Fewer than two cameras; an offset that comes out beyond `most_frames`; a camera that never saw the person together with another one; no geometry with the offsets that
/// fit best, so that these are not to be believed.
pub fn time_offsets(
    sizes_px: &[[f64; 2]],
    tracks: &[Vec<Option<Observation>>],
    most_frames: usize,
) -> Result<Vec<TimeOffset>, GeometryError> {
    if tracks.len() < 2 || tracks.len() != sizes_px.len() {
        return Err(GeometryError::TooFewCameras { count: tracks.len().min(sizes_px.len()) });
    }
    let coarse = coarse(sizes_px, tracks, most_frames)?;
    let start: Vec<f64> = coarse.iter().map(|lag| lag.frames as f64).collect();
    let (frames, uncertainties) = fine(sizes_px, tracks, &start)?;
    // Fractions may lead beyond what was looked for, to an offset that only seems to fit.
    if let Some(camera) = (0..tracks.len()).find(|&camera| frames[camera].abs() > most_frames as f64 + 0.5) {
        return Err(GeometryError::OffsetTooLarge { camera, frames: frames[camera], most: most_frames });
    }
    let offset = |(camera, lag): (usize, &Lag)| TimeOffset {
        frames: frames[camera],
        uncertainty_frames: uncertainties[camera],
        confidence: lag.confidence,
    };
    Ok(coarse.iter().enumerate().map(offset).collect())
}

/// Whole frames: directly, and by way of every third camera. Those that agree count together, by their confidence: two that
/// hardly share any time are put together wrongly, each in its own way.
fn coarse(
    sizes_px: &[[f64; 2]],
    tracks: &[Vec<Option<Observation>>],
    most_frames: usize,
) -> Result<Vec<Lag>, GeometryError> {
    let bodies: Vec<Vec<Option<[Vector3<f64>; POINT_COUNT]>>> = sizes_px
        .iter()
        .zip(tracks)
        .map(|(size, track)| {
            let (focal, centre) = (FOCAL * size[0].max(size[1]), 0.5 * Vector2::from(*size));
            let body = |view: &Option<Observation>| {
                let points = turned(view.as_ref().filter(|view| view.usable())?, focal, &centre);
                let middle = points.iter().sum::<Vector3<f64>>() / POINT_COUNT as f64;
                Some(points.map(|point| point - middle))
            };
            track.iter().map(body).collect()
        })
        .collect();
    let count = tracks.len();
    // Two that lie on both sides of the first one may be twice as far apart.
    let most = |a: usize| if a == 0 { most_frames } else { 2 * most_frames };
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
        let within = |lag: &Lag| lag.frames.unsigned_abs() as usize <= most_frames;
        let ways: Vec<Lag> = direct.into_iter().chain(by_way).filter(within).collect();
        let agree = |way: &Lag| -> f64 {
            let near = ways.iter().filter(|other| (other.frames - way.frames).abs() <= AGREE_FRAMES);
            near.map(|other| other.confidence).sum()
        };
        let best = ways.iter().max_by(|a, b| agree(a).total_cmp(&agree(b))).copied();
        best.ok_or(GeometryError::CameraApart { camera, found: 0, needed: 1 })
    });
    std::iter::once(Ok(Lag { frames: 0, confidence: 1.0 })).chain(all).collect()
}

/// Fractions of a frame, with the geometry of the rig: moves the recordings by what remains until nothing does. Offsets and
/// their uncertainties.
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
            // Pictures that show a later moment are those of a recording that lies less far behind.
            let later = solved.camera.time_offset_frames.ok_or(GeometryError::NotConverged)?;
            let step = extrapolated(std::mem::replace(&mut before[camera], later), later);
            offsets[camera] -= step;
            most = most.max(step.abs());
            let known = solved.uncertainty.as_ref().and_then(|known| known.time_offset_frames);
            uncertainties[camera] = known;
            if (offsets[camera] - start[camera]).abs() > MOST_FINE_FRAMES {
                return Err(GeometryError::NotConverged);
            }
        }
        if most < STILL_FRAMES {
            return Ok((offsets, uncertainties));
        }
    }
    Err(GeometryError::NotConverged)
}

/// Steps shrink by much the same part from round to round, so two of them say where they lead to (Aitken); those that go to
/// and fro lead to in between.
fn extrapolated(before: f64, now: f64) -> f64 {
    const MOST: f64 = 0.6;
    let shrinks = if before == 0.0 { 0.0 } else { (now / before).clamp(-1.0, MOST) };
    now / (1.0 - shrinks)
}

/// Instants that look different from one another, and others, evenly spread.
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
    chosen.extend(usable.iter().step_by(usable.len().div_ceil(wanted.max(1)).max(1)).take(wanted));
    chosen
}

/// A recording as the first camera's frames have it: `count` frames, of which n shows this one's n + `offset`, in between
/// two of its frames where it falls there.
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
    }
}
