//! Smoothing over time: by a causal filter while live, over neighbours on both sides in recordings.

use geometry::{POINT_COUNT, Points};
use nalgebra::Vector3;

/// The cutoff for a joint at rest, in hertz.
const STILL_HZ: f64 = 2.0;

/// By how much the cutoff rises with a joint's speed, in hertz per millimetre a second.
const HZ_PER_SPEED: f64 = 0.008;

/// The cutoff for the speed itself, in hertz.
const SPEED_HZ: f64 = 2.0;

/// The filter starts anew after a longer gap, in seconds.
const LONGEST_GAP_S: f64 = 0.5;

/// The largest delay of the filter, in seconds: its time constant for a joint at rest. At 1 m/s a joint lags by a fifth
/// of it.
pub const MAX_DELAY_S: f64 = 1.0 / (2.0 * std::f64::consts::PI * STILL_HZ);

/// The 1€ filter (Casiez, Roussel and Vogel, CHI 2012) on every point: joints at rest are smoothed strongly, fast ones
/// hardly lag. It is causal.
#[derive(Clone, Debug, Default)]
pub struct CausalFilter {
    last: Option<Last>,
}

#[derive(Clone, Debug)]
struct Last {
    at_ns: i64,
    points: Points,
    velocity: Points,
}

impl CausalFilter {
    /// The smoothed points of the instant at `at_ns`, in nanoseconds. After a gap, or if time runs backwards, the
    /// filter starts anew.
    pub fn smooth(&mut self, at_ns: i64, points: &Points) -> Points {
        let passed = self.last.as_ref().map(|last| (last, (at_ns - last.at_ns) as f64 / 1e9));
        let next = match passed {
            Some((last, seconds)) if seconds > 0.0 && seconds <= LONGEST_GAP_S => step(last, at_ns, seconds, points),
            Some((last, 0.0)) => last.clone(),
            _ => Last { at_ns, points: *points, velocity: [Vector3::zeros(); POINT_COUNT] },
        };
        self.last.insert(next).points
    }

    /// Starts anew, as at a discontinuity of the stream.
    pub fn restart(&mut self) {
        self.last = None;
    }
}

fn step(last: &Last, at_ns: i64, seconds: f64, points: &Points) -> Last {
    let share = |cutoff_hz: f64| {
        let constant = 1.0 / (2.0 * std::f64::consts::PI * cutoff_hz);
        seconds / (seconds + constant)
    };
    let mut next = Last { at_ns, ..last.clone() };
    for (point, now) in points.iter().enumerate() {
        let velocity = (now - last.points[point]) / seconds;
        next.velocity[point] += share(SPEED_HZ) * (velocity - last.velocity[point]);
        let cutoff_hz = STILL_HZ + HZ_PER_SPEED * next.velocity[point].norm();
        next.points[point] += share(cutoff_hz) * (now - last.points[point]);
    }
    next
}

/// Standard deviation of the Gaussian of [`smooth_all`], in instants.
const WINDOW: f64 = 2.0;

/// Smooths a whole recording: each point becomes the mean of its neighbours in time, weighted by a Gaussian with a
/// standard deviation of two instants. `runs` are the stretches without a discontinuity or gap; each is smoothed by
/// itself. Instants without a body remain without.
pub fn smooth_all(bodies: &[Option<Points>], runs: &[std::ops::Range<usize>]) -> Vec<Option<Points>> {
    let reach = (3.0 * WINDOW) as usize;
    let mut smoothed = bodies.to_vec();
    for run in runs {
        for at in run.clone() {
            let Some(body) = &mut smoothed[at] else { continue };
            // As many on one side as on the other, so that ends of a run are not drawn inwards.
            let reach = reach.min(at - run.start).min(run.end - 1 - at);
            let (mut sum, mut total) = ([Vector3::zeros(); POINT_COUNT], 0.0);
            for offset in 0..=reach {
                let weight = (-0.5 * (offset as f64 / WINDOW).powi(2)).exp();
                let pair = if offset == 0 { vec![at] } else { vec![at - offset, at + offset] };
                let both: Option<Vec<&Points>> = pair.iter().map(|&near| bodies[near].as_ref()).collect();
                for points in both.iter().flatten() {
                    sum.iter_mut().zip(*points).for_each(|(sum, point)| *sum += weight * point);
                    total += weight;
                }
            }
            *body = sum.map(|sum| sum / total);
        }
    }
    smoothed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(x: f64) -> Points {
        [Vector3::new(x, 0.0, 0.0); POINT_COUNT]
    }

    #[test]
    fn noise_on_somebody_who_stands_still_shrinks() {
        let mut filter = CausalFilter::default();
        let noise = |i: i64| if i % 2 == 0 { 5.0 } else { -5.0 };
        let last: Vec<f64> = (0..60).map(|i| filter.smooth(i * 33_333_333, &all(noise(i)))[0].x).collect();
        assert!(last[30..].iter().all(|x| x.abs() < 2.5), "{last:?}");
    }

    #[test]
    fn a_fast_joint_lags_little_and_a_seam_starts_anew() {
        let mut filter = CausalFilter::default();
        let speed = 2000.0;
        let mut lag = 0.0;
        for i in 0..60 {
            let x = speed * i as f64 / 30.0;
            lag = (x - filter.smooth(i * 33_333_333, &all(x))[0].x) / speed;
        }
        assert!((0.0..0.02).contains(&lag), "{lag} s");
        filter.restart();
        assert_eq!(filter.smooth(61 * 33_333_333, &all(-7.0)), all(-7.0));
        assert_eq!(filter.smooth(100 * 33_333_333, &all(9.0)), all(9.0), "a gap starts anew, too");
    }

    proptest! {
        #[test]
        fn motion_at_one_speed_stays_what_it_is(speed in -50.0..50.0f64, seam in 1usize..30) {
            let bodies: Vec<_> = (0..30).map(|i| Some(all(speed * f64::from(i) + if i as usize >= seam { 1e4 } else { 0.0 }))).collect();
            let smoothed = smooth_all(&bodies, &[0..seam, seam..30]);
            for (a, b) in bodies.iter().zip(&smoothed) {
                prop_assert!((a.unwrap()[3] - b.unwrap()[3]).norm() < 1e-6);
            }
        }
    }
}
