//! The motion of bodies against the true motion.

use nalgebra::Vector3;
use pose::{LIMB_JOINTS, WorldJoints};
use serde::Serialize;

/// A foot stands still if its ankle truly moves slower than this, in mm/s.
const STANDS_MM_S: f64 = 100.0;

/// Delays to try, in frames, and their step.
const LAGS: std::ops::RangeInclusive<i32> = -60..=160;
const LAG_STEPS: f64 = 20.0;

/// One instant in the axes and scale of the ground truth.
#[derive(Clone, Debug)]
pub struct Step {
    /// The joints of the body.
    pub joints: WorldJoints,
    /// The true joints.
    pub truth: WorldJoints,
    /// Heels and toes of the left foot, then of the right one.
    pub soles: [[Vector3<f64>; 2]; 2],
}

/// Steadiness of the motion of bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Steadiness {
    /// Mean speed of heels and toes of feet that truly stand still, mm/s.
    pub skate_mm_s: Option<f64>,
    /// Mean distance between the limb joints' accelerations and the truth's, m/s².
    pub jitter_m_s2: Option<f64>,
    /// Delay of the motion behind the true one, ms.
    pub lag_ms: Option<f64>,
}

/// Scores stretches of consecutive instants at a rate.
pub fn steadiness(stretches: &[Vec<Step>], rate_hz: f64) -> Steadiness {
    Steadiness {
        skate_mm_s: mean(stretches.iter().flat_map(|steps| skate(steps, rate_hz))),
        jitter_m_s2: mean(stretches.iter().flat_map(|steps| jitter(steps, rate_hz))),
        lag_ms: lag_frames(stretches).map(|frames| 1000.0 * frames / rate_hz),
    }
}

fn skate(steps: &[Step], rate_hz: f64) -> Vec<f64> {
    const ANKLES: [usize; 2] = [6, 3];
    let mut speeds = Vec::new();
    for pair in steps.windows(2) {
        for (foot, ankle) in ANKLES.into_iter().enumerate() {
            if (pair[1].truth[ankle] - pair[0].truth[ankle]).norm() * rate_hz < STANDS_MM_S {
                let moved = |sole: usize| (pair[1].soles[foot][sole] - pair[0].soles[foot][sole]).norm() * rate_hz;
                speeds.extend([moved(0), moved(1)]);
            }
        }
    }
    speeds
}

fn jitter(steps: &[Step], rate_hz: f64) -> Vec<f64> {
    let error = |step: &Step, joint: usize| step.joints[joint] - step.truth[joint];
    let second = |three: &[Step], joint: usize| {
        let bend = error(&three[0], joint) - 2.0 * error(&three[1], joint) + error(&three[2], joint);
        bend.norm() * rate_hz * rate_hz / 1000.0
    };
    steps.windows(3).flat_map(|three| LIMB_JOINTS.map(|joint| second(three, joint))).collect()
}

/// The delay at which the true steps fit those of the bodies best. Different definitions of joints do not affect it.
fn lag_frames(stretches: &[Vec<Step>]) -> Option<f64> {
    let reach = (LAGS.end().max(&-LAGS.start()).unsigned_abs() as f64 / LAG_STEPS).ceil() as usize + 1;
    let misfit = |lag: f64| {
        let mut sum = 0.0;
        for steps in stretches {
            for at in reach..steps.len().saturating_sub(reach) {
                for joint in LIMB_JOINTS {
                    let moved = steps[at].joints[joint] - steps[at - 1].joints[joint];
                    let truth = truth_at(steps, at as f64 - lag, joint) - truth_at(steps, at as f64 - 1.0 - lag, joint);
                    sum += (moved - truth).norm_squared();
                }
            }
        }
        sum
    };
    if stretches.iter().all(|steps| steps.len() <= 2 * reach) {
        return None;
    }
    let tried = LAGS.map(|step| f64::from(step) / LAG_STEPS);
    tried.map(|lag| (lag, misfit(lag))).min_by(|a, b| a.1.total_cmp(&b.1)).map(|(lag, _)| lag)
}

/// Interpolates linearly between two instants.
fn truth_at(steps: &[Step], at: f64, joint: usize) -> Vector3<f64> {
    let before = at.floor();
    let [a, b] = [before as usize, before as usize + 1].map(|at| steps[at.min(steps.len() - 1)].truth[joint]);
    a.lerp(&b, at - before)
}

/// The mean; `None` of no values.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.into_iter().fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 25.0;

    /// Somebody whose right foot stands still while everything else swings.
    fn truth(at: f64) -> WorldJoints {
        let swing = 300.0 * (at / 6.0).sin();
        std::array::from_fn(|joint| {
            let place = Vector3::new(joint as f64 * 50.0, 40.0, 900.0);
            if joint == 3 { place } else { place + Vector3::x() * swing }
        })
    }

    fn stretch(found: impl Fn(f64) -> WorldJoints) -> Vec<Vec<Step>> {
        let step = |at: i32| {
            let joints = found(at.into());
            let soles = [[joints[6]; 2], [joints[3]; 2]];
            Step { joints, truth: truth(at.into()), soles }
        };
        vec![(0..100).map(step).collect()]
    }

    #[test]
    fn the_truth_itself_is_steady_and_in_time() {
        let Steadiness { skate_mm_s, jitter_m_s2, lag_ms } = steadiness(&stretch(truth), RATE_HZ);
        assert!(jitter_m_s2.unwrap() < 1e-9 && lag_ms == Some(0.0), "{jitter_m_s2:?} {lag_ms:?}");
        // The left foot stands still at the ends of its swing.
        assert!(skate_mm_s.unwrap() < STANDS_MM_S / 2.0);
    }

    #[test]
    fn delays_and_noise_are_told_apart() {
        let late = steadiness(&stretch(|at| truth(at - 1.5)), RATE_HZ);
        assert!((late.lag_ms.unwrap() - 60.0).abs() < 3.0, "{late:?}");
        // 2 mm to and fro in each frame: 8 mm of second difference, 4 mm between two frames.
        let noise = |at: f64| if at as i32 % 2 == 0 { 2.0 } else { -2.0 };
        let noisy = steadiness(&stretch(|at| truth(at).map(|joint| joint + Vector3::z() * noise(at))), RATE_HZ);
        assert!((noisy.jitter_m_s2.unwrap() - 8.0 * 0.625).abs() < 1e-6 && noisy.lag_ms == Some(0.0), "{noisy:?}");
        assert!(noisy.skate_mm_s.unwrap() >= 4.0 * RATE_HZ, "{noisy:?}");
    }

    #[test]
    fn joints_that_are_defined_elsewhere_have_no_lag() {
        let moved = steadiness(&stretch(|at| truth(at).map(|joint| joint + Vector3::new(50.0, 20.0, 0.0))), RATE_HZ);
        assert_eq!(moved.lag_ms, Some(0.0));
    }
}
