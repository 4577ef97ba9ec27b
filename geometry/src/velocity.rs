//! The velocities of points in a camera's pictures, from the frames before and after.

use nalgebra::Vector2;

use crate::median::median;
use crate::points::{EXCHANGED, POINT_COUNT};

type Pixels = [[f64; 2]; POINT_COUNT];

/// A frame counts as exchanged, left for right, if exchanging it leaves less than this part of its distance to the
/// frame beside.
const MUCH_NEARER: f64 = 0.5;

/// The width of the smoothing, in frames.
const SIGMA_FRAMES: f64 = 1.5;

/// How many frames before and after are used.
const REACH: usize = 4;

/// With fewer frames, a point that jumps in one of them is not outvoted by the others.
const OUTVOTED_FRAMES: usize = 5;

/// With so few frames, a point has jumped if its distance from its line is this many times the points' median.
const JUMPS: f64 = 4.0;

/// The fewest frames that velocities are computed from.
const MIN_FRAMES: usize = 3;

/// The velocities of one camera's points, in pixels a frame, from its consecutive frames: `track` holds the pixels of
/// all frames, `None` where the person was not found. Each velocity is the slope of a line through the frames around,
/// weighted by a Gaussian with a standard deviation of 1.5 frames; frames with left and right exchanged are corrected.
/// A frame has none if it is missing or belongs to a run of fewer than three frames. A point that is not finite, or
/// jumps in a run of fewer than five frames, has the velocity zero.
pub fn velocities(track: &[Option<Pixels>]) -> Vec<Option<Pixels>> {
    (0..track.len()).map(|frame| velocity(track, frame)).collect()
}

fn velocity(track: &[Option<Pixels>], frame: usize) -> Option<Pixels> {
    let here = track[frame].as_ref()?;
    let mut near = vec![(0.0, *here)];
    for direction in [-1isize, 1] {
        let mut beside = *here;
        for step in 1..=REACH {
            // A gap ends the run, as do the ends of the track.
            let Some(at) = frame.checked_add_signed(direction * step as isize) else { break };
            let Some(Some(pixels)) = track.get(at) else { break };
            beside = same_sides(pixels, &beside);
            near.push(((direction * step as isize) as f64, beside));
        }
    }
    if near.len() < MIN_FRAMES {
        return None;
    }
    let lines: [Line; POINT_COUNT] =
        std::array::from_fn(|point| Line::through(near.iter().map(|(time, px)| (*time, Vector2::from(px[point])))));
    let usual = median(&mut lines.iter().map(|line| line.misses).collect::<Vec<_>>()).unwrap_or(0.0);
    // A jump in one frame looks like motion, and would falsify offsets in time.
    let jumps = |line: &Line| near.len() < OUTVOTED_FRAMES && line.misses > JUMPS * usual;
    Some(lines.map(|line| if jumps(&line) { [0.0; 2] } else { line.slope.into() }))
}

/// A frame's pixels, with left and right exchanged if that brings them much nearer to the frame beside.
fn same_sides(pixels: &Pixels, beside: &Pixels) -> Pixels {
    let exchanged = EXCHANGED.map(|from| pixels[from]);
    let distance = |pixels: &Pixels| -> f64 {
        let apart = pixels.iter().zip(beside).map(|(a, b)| (Vector2::from(*a) - Vector2::from(*b)).norm());
        apart.filter(|distance| distance.is_finite()).sum()
    };
    if distance(&exchanged) < MUCH_NEARER * distance(pixels) { exchanged } else { *pixels }
}

/// A line through a point's positions over time, weighted towards time 0.
struct Line {
    /// In pixels a frame.
    slope: Vector2<f64>,
    /// The root mean square distance of the positions from it, in pixels.
    misses: f64,
}

impl Line {
    fn through(values: impl Iterator<Item = (f64, Vector2<f64>)> + Clone) -> Self {
        let finite = values.filter(|(_, value)| value.iter().all(|value| value.is_finite()));
        let weight = |time: f64| (-0.5 * (time / SIGMA_FRAMES).powi(2)).exp();
        let (mut sum, mut time_sum, mut square_sum) = (0.0, 0.0, 0.0);
        let (mut value_sum, mut product_sum) = (Vector2::zeros(), Vector2::zeros());
        for (time, value) in finite.clone() {
            let weight = weight(time);
            sum += weight;
            time_sum += weight * time;
            square_sum += weight * time * time;
            value_sum += weight * value;
            product_sum += weight * time * value;
        }
        let spread = square_sum * sum - time_sum * time_sum;
        if spread <= 1e-6 {
            return Self { slope: Vector2::zeros(), misses: 0.0 };
        }
        let slope = (product_sum * sum - value_sum * time_sum) / spread;
        let start = (value_sum - slope * time_sum) / sum;
        let squares: f64 =
            finite.map(|(time, value)| weight(time) * (value - start - slope * time).norm_squared()).sum();
        Self { slope, misses: (squares / sum).sqrt() }
    }
}
