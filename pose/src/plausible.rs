//! Whether poses in the world can be a person's, by sizes and by what is up.

use nalgebra::Vector3;

use crate::joints::{BONES, JOINT_NAMES};
use crate::markers::Up;
use crate::{LEFT_RIGHT, WorldJoints, sides};

/// Lower leg, thigh and trunk of a person in a row, in millimetres: a small child's, and more than a tall man's.
const LENGTHS_MM: [f64; 2] = [450.0, 2000.0];
/// Those of most grown people.
const USUAL_MM: [f64; 2] = [950.0, 1700.0];

/// Units that files are often wrong about, with their millimetres.
const UNITS: [(&str, f64); 5] = [("mm", 1.0), ("cm", 10.0), ("inches", 25.4), ("feet", 304.8), ("m", 1000.0)];

/// The longest that a bone may be, in parts of lower leg, thigh and trunk.
const MAX_BONE: f64 = 0.6;
/// The shortest that a bone of an arm or a leg may be, in the same parts.
const MIN_LIMB: f64 = 0.08;
/// How many times as long a bone may be as that of the other side.
const MAX_UNEQUAL: f64 = 1.6;
/// How far from its median length a bone may be at an instant, in parts of lower leg, thigh and trunk.
const MAX_STRAY: f64 = 0.25;

/// How far the direction from ankles to neck may be from up, as a cosine.
const ALONG: f64 = 0.7;

/// Joints by their number in the set of 17.
const LEGS: [[usize; 3]; 2] = [[1, 2, 3], [4, 5, 6]];
const ARMS: [[usize; 3]; 2] = [[11, 12, 13], [14, 15, 16]];
const ROOT: usize = 0;
const THORAX: usize = 8;

/// How a file was read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Millimetres of the unit that the numbers were taken to be in.
    pub unit_mm: f64,
    /// The axis that was taken to point up.
    pub up: Up,
    /// Whether the user said so.
    pub up_stated: bool,
}

/// Checks that the poses have the size of a person, bones that it may have, and on the whole its head above its feet.
/// Returns what a user should know, one sentence each.
///
/// # Errors
/// What cannot be right, by how much, and what would be.
pub fn check(poses: &[WorldJoints], reading: Reading) -> Result<Vec<String>, String> {
    let Some(length_mm) = median(poses.iter().map(length_mm)) else { return Ok(vec![]) };
    let fits = |length_mm: f64| (LENGTHS_MM[0]..=LENGTHS_MM[1]).contains(&length_mm);
    if !fits(length_mm) {
        let would = UNITS.iter().find(|(_, mm)| fits(length_mm / reading.unit_mm * mm));
        let would = would.map_or_else(String::new, |(unit, _)| format!("; in {unit} they would have a person's size"));
        return Err(format!(
            "lower leg, thigh and trunk are together {length_mm:.1} mm long, which no person's are{would}"
        ));
    }
    bones(poses, length_mm)?;
    upright(poses, reading)?;
    sides::check(poses)?;
    let mut remarks = Vec::new();
    if !(USUAL_MM[0]..=USUAL_MM[1]).contains(&length_mm) {
        remarks.push(format!(
            "lower leg, thigh and trunk are together {length_mm:.0} mm long, where those of most grown people are {:.0} to \
             {:.0}: is the unit right?",
            USUAL_MM[0], USUAL_MM[1]
        ));
    }
    Ok(remarks)
}

/// Whether a bone of a pose is far from its usual length, as where a marker was taken for another one. `usual_mm` are the
/// bones' median lengths, and `length_mm` that of lower leg, thigh and trunk.
fn strays(pose: &WorldJoints, usual_mm: &[f64], length_mm: f64) -> bool {
    let far = |((from, to), usual): (&(usize, usize), &f64)| {
        ((pose[*from] - pose[*to]).norm() - usual).abs() > MAX_STRAY * length_mm
    };
    BONES.iter().zip(usual_mm).any(far)
}

/// Which poses have a bone that is far from its usual length.
pub fn astray(poses: &[WorldJoints]) -> Vec<bool> {
    let (Some(length_mm), Some(usual_mm)) = (median(poses.iter().map(length_mm)), medians(poses)) else {
        return vec![false; poses.len()];
    };
    poses.iter().map(|pose| strays(pose, &usual_mm, length_mm)).collect()
}

/// The bones' median lengths.
fn medians(poses: &[WorldJoints]) -> Option<Vec<f64>> {
    let bone = |&(from, to): &(usize, usize)| median(poses.iter().map(|pose| (pose[from] - pose[to]).norm()));
    BONES.iter().map(bone).collect()
}

fn bones(poses: &[WorldJoints], length_mm: f64) -> Result<(), String> {
    let Some(usual_mm) = medians(poses) else { return Ok(()) };
    for ((from, to), usual) in BONES.iter().zip(&usual_mm) {
        let limb = LEGS.iter().chain(&ARMS).any(|limb| limb.contains(from) && limb.contains(to));
        if *usual > MAX_BONE * length_mm || (limb && *usual < MIN_LIMB * length_mm) {
            return Err(format!(
                "it is {usual:.0} mm from {} to {}, by the median, where lower leg, thigh and trunk are together \
                 {length_mm:.0} mm: a marker is not where its name says",
                JOINT_NAMES[*from], JOINT_NAMES[*to]
            ));
        }
    }
    let of = |from: usize, to: usize| {
        BONES.iter().zip(&usual_mm).find(|(bone, _)| **bone == (from, to)).map(|(_, usual)| *usual)
    };
    let other = |joint: usize| {
        LEFT_RIGHT.iter().find_map(|&(left, right)| match joint {
            _ if joint == left => Some(right),
            _ if joint == right => Some(left),
            _ => None,
        })
    };
    for &(from, to) in &BONES {
        let Some((mirrored_from, mirrored_to)) = other(from).zip(other(to)) else { continue };
        let (Some(one), Some(two)) = (of(from, to), of(mirrored_from, mirrored_to)) else { continue };
        if one > MAX_UNEQUAL * two {
            return Err(format!(
                "it is {one:.0} mm from {} to {}, and {two:.0} mm on the other side: a marker is not where its name says",
                JOINT_NAMES[from], JOINT_NAMES[to]
            ));
        }
    }
    Ok(())
}

fn upright(poses: &[WorldJoints], reading: Reading) -> Result<(), String> {
    if reading.up_stated {
        return Ok(());
    }
    let sum: Vector3<f64> = poses.iter().filter_map(|pose| (pose[THORAX] - ankles(pose)).try_normalize(1e-9)).sum();
    let upright = sum / poses.len() as f64;
    if upright.z >= ALONG {
        return Ok(());
    }
    let stated = match reading.up {
        Up::Y => "y",
        Up::Z => "z",
    };
    let in_file = reading.up.to_file(upright);
    let (axis, along) = (0..3)
        .map(|axis| (axis, in_file[axis]))
        .fold((0, 0.0f64), |most, one| if one.1.abs() > most.1.abs() { one } else { most });
    let name = ["x", "y", "z"][axis];
    if along.abs() < ALONG {
        return Err(format!(
            "people do not stand along any axis of the file, on the whole: give --up {stated} if they lie or lean like that"
        ));
    }
    let remedy = match (name, along > 0.0) {
        ("y" | "z", true) => format!("give --up {name}, or --up {stated} if they do lie"),
        _ => format!("turn the file so that y or z points up, or give --up {stated} if they do"),
    };
    let sign = if along > 0.0 { "" } else { "−" };
    Err(format!("people stand along {sign}{name}, and {stated} was taken to point up: {remedy}"))
}

fn ankles(pose: &WorldJoints) -> Vector3<f64> {
    0.5 * (pose[LEGS[0][2]] + pose[LEGS[1][2]])
}

fn length_mm(pose: &WorldJoints) -> f64 {
    let leg = |[hip, knee, ankle]: [usize; 3]| (pose[hip] - pose[knee]).norm() + (pose[knee] - pose[ankle]).norm();
    0.5 * (leg(LEGS[0]) + leg(LEGS[1])) + (pose[ROOT] - pose[THORAX]).norm()
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::JOINTS;

    /// Somebody upright, in millimetres: x forward, y left, z up.
    pub(crate) fn person() -> WorldJoints {
        let at = |x: f64, y: f64, z: f64| Vector3::new(x, y, z);
        [
            at(0.0, 0.0, 900.0),
            at(0.0, -90.0, 900.0),
            at(20.0, -90.0, 480.0),
            at(0.0, -90.0, 80.0),
            at(0.0, 90.0, 900.0),
            at(20.0, 90.0, 480.0),
            at(0.0, 90.0, 80.0),
            at(0.0, 0.0, 1150.0),
            at(0.0, 0.0, 1400.0),
            at(60.0, 0.0, 1500.0),
            at(0.0, 0.0, 1650.0),
            at(0.0, 170.0, 1390.0),
            at(0.0, 190.0, 1100.0),
            at(40.0, 190.0, 850.0),
            at(0.0, -170.0, 1390.0),
            at(0.0, -190.0, 1100.0),
            at(40.0, -190.0, 850.0),
        ]
    }

    fn turned(to: impl Fn(&Vector3<f64>) -> Vector3<f64>) -> WorldJoints {
        let person = person();
        std::array::from_fn::<_, JOINTS, _>(|joint| to(&person[joint]))
    }

    fn reading(unit_mm: f64, up: Up) -> Reading {
        Reading { unit_mm, up, up_stated: false }
    }

    #[test]
    fn people_pass_and_giants_are_told_their_unit() {
        let metres = reading(1000.0, Up::Y);
        assert_eq!(check(&[person()], metres), Ok(vec![]));
        let error = check(&[turned(|at| at / 1000.0)], reading(1.0, Up::Y)).unwrap_err();
        assert!(error.contains("1.3 mm long") && error.contains("in m they"), "{error}");
        assert!(check(&[turned(|at| at * 1000.0)], metres).unwrap_err().contains("in mm they"));
        assert!(check(&[turned(|at| at * 3.0)], metres).unwrap_err().contains("which no person's are"));
        let child = check(&[turned(|at| at * 0.5)], metres).unwrap();
        assert!(child[0].contains("is the unit right"), "{child:?}");
    }

    #[test]
    fn axes_that_are_turned_are_told_unless_they_were_stated() {
        // What the file's axis is that people stand along, in a world that took y or z to be up.
        let world = |file: fn(&Vector3<f64>) -> [f64; 3], up: Up| turned(|at| up.to_world(file(at)));
        for (file, up, said) in [
            (
                (|at| [at.x, at.y, at.z]) as fn(&Vector3<f64>) -> [f64; 3],
                Up::Y,
                "along z, and y was taken to point up: give --up z",
            ),
            (|at| [at.y, at.z, at.x], Up::Z, "along y, and z was taken to point up: give --up y"),
            (|at| [at.z, at.x, at.y], Up::Y, "along x, and y was taken to point up: turn the file"),
            (|at| [at.x, at.y, -at.z], Up::Z, "along −z, and z was taken to point up: turn the file"),
        ] {
            let poses = [world(file, up)];
            let error = check(&poses, reading(1.0, up)).unwrap_err();
            assert!(error.contains(said), "{error}");
            assert_eq!(check(&poses, Reading { up_stated: true, ..reading(1.0, up) }), Ok(vec![]), "they do lie");
        }
        let slanted = turned(|at| Vector3::new(at.z - at.x, at.y, at.z + at.x) / 2f64.sqrt());
        let half = turned(|at| Vector3::new(at.x, at.z, -at.y));
        let error = check(&[slanted, half], reading(1.0, Up::Z)).unwrap_err();
        assert!(error.contains("along any axis"), "{error}");
    }

    #[test]
    fn markers_that_are_elsewhere_are_named() {
        let moved = |joint: usize, by: f64| {
            let mut pose = person();
            pose[joint].x += by;
            pose
        };
        let error = check(&[moved(16, 5000.0)], reading(1.0, Up::Z)).unwrap_err();
        assert!(error.contains(JOINT_NAMES[16]) && error.contains("5000 mm") || error.contains("5046 mm"), "{error}");
        let error = check(&[moved(13, 400.0)], reading(1.0, Up::Z)).unwrap_err();
        assert!(error.contains("on the other side"), "{error}");
        // At one instant of many.
        let mut poses = vec![person(); 9];
        poses[4] = moved(16, 800.0);
        assert_eq!(check(&poses, reading(1.0, Up::Z)), Ok(vec![]));
        let astray: Vec<usize> = astray(&poses).iter().enumerate().filter(|(_, far)| **far).map(|(at, _)| at).collect();
        assert_eq!(astray, [4]);
    }
}
