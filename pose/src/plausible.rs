//! Whether poses in the world can be a person's, by size and by what is up.

use nalgebra::Vector3;

use crate::WorldJoints;
use crate::markers::Up;

/// Lower leg, thigh and trunk of a person in a row, in millimetres: a small child's, and more than a tall man's.
const LENGTHS_MM: [f64; 2] = [450.0, 2000.0];

/// Units that files are often wrong about, with their millimetres.
const UNITS: [(&str, f64); 4] = [("mm", 1.0), ("cm", 10.0), ("inches", 25.4), ("m", 1000.0)];

/// How far the direction from ankles to neck may be from an axis that it is said to be along, as a cosine.
const ALONG: f64 = 0.7;

/// Joints by their number in the set of 17.
const LEGS: [[usize; 3]; 2] = [[1, 2, 3], [4, 5, 6]];
const ROOT: usize = 0;
const THORAX: usize = 8;

/// Checks that the poses have the size of a person and, on the whole, its head above its feet. `unit_mm` is how many
/// millimetres the file's unit was taken for, and `up` the axis that the user said is up, if any.
///
/// # Errors
/// What cannot be right, by how much, and what would be.
pub fn check(poses: &[WorldJoints], unit_mm: f64, up: Option<Up>) -> Result<(), String> {
    let mut lengths: Vec<f64> = poses.iter().map(length_mm).filter(|length| length.is_finite()).collect();
    if lengths.is_empty() {
        return Ok(());
    }
    lengths.sort_by(f64::total_cmp);
    let length_mm = lengths[lengths.len() / 2];
    let fits = |length_mm: f64| (LENGTHS_MM[0]..=LENGTHS_MM[1]).contains(&length_mm);
    if !fits(length_mm) {
        let would = UNITS.iter().find(|(_, mm)| fits(length_mm / unit_mm * mm));
        let would = would.map_or_else(String::new, |(unit, _)| format!("; in {unit} they would have a person's size"));
        return Err(format!(
            "lower leg, thigh and trunk are together {length_mm:.1} mm long, which no person's are{would}"
        ));
    }
    let upright =
        poses.iter().filter_map(|pose| (pose[THORAX] - ankles(pose)).try_normalize(1e-9)).sum::<Vector3<f64>>()
            / poses.len() as f64;
    if up.is_none() && upright.z < ALONG {
        // The format's y is the world's z, and its z the world's x.
        if upright.x > ALONG {
            return Err(
                "people lie on their side, as if the file had z up: give --up z, or --up y if they do lie".into()
            );
        }
        if upright.z < -ALONG {
            return Err("people stand on their heads, as if y pointed down; give --up y if they do".into());
        }
    }
    Ok(())
}

fn ankles(pose: &WorldJoints) -> Vector3<f64> {
    0.5 * (pose[LEGS[0][2]] + pose[LEGS[1][2]])
}

fn length_mm(pose: &WorldJoints) -> f64 {
    let leg = |[hip, knee, ankle]: [usize; 3]| (pose[hip] - pose[knee]).norm() + (pose[knee] - pose[ankle]).norm();
    0.5 * (leg(LEGS[0]) + leg(LEGS[1])) + (pose[ROOT] - pose[THORAX]).norm()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JOINTS;

    /// Somebody upright, in millimetres.
    fn person() -> WorldJoints {
        let heights = [900.0, 900.0, 480.0, 80.0, 900.0, 480.0, 80.0, 1150.0, 1400.0, 1500.0, 1600.0];
        std::array::from_fn(|joint| {
            Vector3::new(0.0, 10.0 * joint as f64, heights.get(joint).copied().unwrap_or(1200.0))
        })
    }

    fn turned(to: impl Fn(&Vector3<f64>) -> Vector3<f64>) -> WorldJoints {
        let person = person();
        std::array::from_fn::<_, JOINTS, _>(|joint| to(&person[joint]))
    }

    #[test]
    fn people_pass_and_giants_are_told_their_unit() {
        assert_eq!(check(&[person()], 1000.0, None), Ok(()));
        let tiny = turned(|at| at / 1000.0);
        let error = check(&[tiny], 1.0, None).unwrap_err();
        assert!(error.contains("1.3 mm long") && error.contains("in m they"), "{error}");
        let giant = turned(|at| at * 1000.0);
        assert!(check(&[giant], 1000.0, None).unwrap_err().contains("in mm they"));
        let odd = turned(|at| at * 3.0);
        assert!(check(&[odd], 1000.0, None).unwrap_err().contains("which no person's are"));
    }

    #[test]
    fn axes_that_are_turned_are_told_unless_they_were_stated() {
        let z_up = turned(|at| Vector3::new(at.z, at.x, at.y));
        let error = check(&[z_up], 1000.0, None).unwrap_err();
        assert!(error.contains("--up z"), "{error}");
        assert_eq!(check(&[z_up], 1000.0, Some(Up::Y)), Ok(()), "they do lie");
        let down = turned(|at| -at);
        assert!(check(&[down], 1000.0, None).unwrap_err().contains("heads"));
        assert_eq!(
            check(&[turned(|at| Vector3::new(at.x, at.z, at.y))], 1000.0, None),
            Ok(()),
            "along no axis it knows"
        );
    }
}
