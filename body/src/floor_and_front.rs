//! The world in which a body stands at the origin.

use geometry::{Points, Similarity};
use nalgebra::{Matrix3, Vector3};

/// Both shoulders and both hips, left before right.
const SIDES: [(usize, usize); 2] = [(3, 4), (9, 10)];
/// Heels and toes.
const SOLES: [usize; 4] = [15, 16, 17, 18];
const ANKLES: [usize; 2] = [13, 14];
const SHOULDERS: [usize; 2] = [3, 4];

/// The world in which this body stands at the origin, on the floor z = 0, and faces along x. With `up_is_known` z stays
/// up, otherwise up is the body's own. `None` if the body does not tell: it lies, or one of its sides is above the
/// other.
pub fn floor_and_front(points: &Points, up_is_known: bool) -> Option<Similarity> {
    let mean = |of: &[usize]| of.iter().map(|&point| points[point]).sum::<Vector3<f64>>() / of.len() as f64;
    let axis = mean(&SHOULDERS) - mean(&ANKLES);
    let up = if up_is_known { Vector3::z() } else { axis.try_normalize(1e-6)? };
    if axis.angle(&up).to_degrees() > 30.0 {
        return None;
    }
    let leftward: Vector3<f64> = SIDES.iter().map(|&(left, right)| points[left] - points[right]).sum();
    let front = leftward.cross(&up).try_normalize(1.0)?;
    let rotation = Matrix3::from_rows(&[front.transpose(), up.cross(&front).transpose(), up.transpose()]);
    let lowest = SOLES.iter().map(|&sole| points[sole].dot(&up)).fold(f64::INFINITY, f64::min);
    let stands = mean(&SOLES);
    let origin = stands + up * (lowest - stands.dot(&up));
    Some(Similarity { scale: 1.0, rotation, translation_mm: -(rotation * origin) })
}

#[cfg(test)]
mod tests {
    use geometry::POINT_COUNT;
    use nalgebra::Rotation3;

    use super::*;

    /// Somebody who stands at the origin and looks along x; left is y.
    fn standing() -> Points {
        let mut points = [Vector3::new(0.0, 0.0, 1600.0); POINT_COUNT];
        for (left, right, height, half) in [
            (3, 4, 1400.0, 200.0),
            (9, 10, 900.0, 100.0),
            (13, 14, 80.0, 100.0),
            (15, 16, 0.0, 100.0),
            (17, 18, 0.0, 100.0),
        ] {
            points[left] = Vector3::new(0.0, half, height);
            points[right] = Vector3::new(0.0, -half, height);
        }
        points
    }

    #[test]
    fn whoever_stands_is_at_the_origin_and_looks_along_x() {
        let turn = Rotation3::from_euler_angles(0.0, 0.0, 2.0);
        let moved = standing().map(|point| turn * point + Vector3::new(700.0, -300.0, 55.0));
        let world = floor_and_front(&moved, true).unwrap();
        for (point, expected) in moved.iter().zip(standing()) {
            assert!((world.point(point) - expected).norm() < 1e-6);
        }
        // Where up is not known the body says it.
        let tilted = standing().map(|point| Rotation3::from_euler_angles(0.5, 0.3, 1.0) * point);
        let world = floor_and_front(&tilted, false).unwrap();
        for (point, expected) in tilted.iter().zip(standing()) {
            assert!((world.point(point) - expected).norm() < 1e-6);
        }
        assert_eq!(floor_and_front(&tilted, true), None, "it leans too far");
    }
}
