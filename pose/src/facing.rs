//! Which way a pose faces. P-MPJPE does not show it: a body seen back to front can have a small error.

use crate::{JOINTS, Pose3d};

const RIGHT_HIP: usize = 1;
const LEFT_HIP: usize = 4;
/// With hips closer than this, seen from above, the direction is undefined.
const MIN_HIPS_MM: f64 = 60.0;

/// Angle between the hip lines (right hip to left hip) of two poses on the ground plane, 0 to 180°: how much somebody
/// would have to turn on the spot. The ground is assumed to be the x-z plane of the look-at frame, which is exact for a
/// camera that is neither rolled nor pitched. `None` if the true hip line is nearly vertical, as of somebody lying on
/// the side; a predicted hip line without extent counts as 90°.
pub fn facing_error_deg(predicted: &Pose3d, truth: &Pose3d) -> Option<f64> {
    let line = |pose: &[[f32; 3]; JOINTS]| {
        let along = |axis: usize| f64::from(pose[LEFT_HIP][axis] - pose[RIGHT_HIP][axis]);
        [along(0), along(2)]
    };
    let ([px, pz], [tx, tz]) = (line(predicted), line(truth));
    if tx.hypot(tz) < MIN_HIPS_MM {
        return None;
    }
    if px == 0.0 && pz == 0.0 {
        return Some(90.0);
    }
    Some((px * tz - pz * tx).atan2(px * tx + pz * tz).abs().to_degrees())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(facing_deg: f32) -> Pose3d {
        let mut pose = [[0.0; 3]; JOINTS];
        let (sin, cos) = facing_deg.to_radians().sin_cos();
        pose[LEFT_HIP] = [130.0 * cos, 5.0, 130.0 * sin];
        pose[RIGHT_HIP] = pose[LEFT_HIP].map(|value| -value);
        pose
    }

    #[test]
    fn it_is_the_turn_on_the_spot() {
        for (a, b, turn) in [(0.0, 0.0, 0.0), (10.0, 100.0, 90.0), (0.0, 180.0, 180.0), (350.0, 20.0, 30.0)] {
            let found = facing_error_deg(&standing(a), &standing(b)).unwrap();
            assert!((found - turn).abs() < 1e-3, "{a} {b}: {found}");
        }
        assert_eq!(facing_error_deg(&[[0.0; 3]; JOINTS], &standing(3.0)), Some(90.0));
        assert_eq!(facing_error_deg(&standing(3.0), &[[0.0; 3]; JOINTS]), None);
    }
}
