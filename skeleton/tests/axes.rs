//! Axes of the world and of BVH, by a person who does different things with left and right.

mod common;

use common::{about, elbow, knee};
use nalgebra::Vector3;
use skeleton::{Bone, Posed, Proportions, Turn, bvh, forward, solve};

/// The right arm is up, the left one hangs, bent at the elbow with the lower arm forward. The left foot is forward, its
/// knee bent; the right leg stands. The person faces +y of the world.
fn walker() -> Posed {
    let mut local = [Turn::identity(); Bone::COUNT];
    local[Bone::Hips.index()] = about(Vector3::z(), 90.0);
    local[Bone::RightUpperArm.index()] = about(Vector3::x(), -90.0);
    local[Bone::LeftUpperArm.index()] = about(Vector3::x(), -90.0);
    local[Bone::LeftLowerArm.index()] = elbow(Bone::LeftLowerArm, 90.0);
    local[Bone::LeftUpperLeg.index()] = about(Vector3::y(), -60.0);
    local[Bone::LeftLowerLeg.index()] = knee(50.0);
    Posed::from_local(Vector3::new(0.0, 0.0, 950.0), &local)
}

fn person() -> Proportions {
    Proportions::of_height(1800.0)
}

#[test]
fn joints_are_where_the_words_say() {
    let (joints, landmarks) = forward(&person(), &walker());
    assert!(joints[16].z > joints[15].z && joints[15].z > joints[14].z + 200.0, "the right arm is up");
    assert!(joints[12].z < joints[11].z - 200.0, "the left upper arm hangs");
    assert!(joints[13].y > joints[12].y + 200.0, "the left lower arm is forward, and forward is +y");
    assert!(joints[6].y > joints[3].y + 200.0, "the left foot is forward");
    assert!(joints[11].x < joints[14].x && joints[4].x < joints[1].x, "left is -x");
    assert!(landmarks[0].y > landmarks[1].y && landmarks[1].x < landmarks[2].x, "the face is forward");
    assert!(landmarks[6].y > landmarks[4].y, "the right foot points forward");
}

#[test]
fn rotations_are_found_in_the_world() {
    let given = walker();
    let (joints, landmarks) = forward(&person(), &given);
    let found = solve(&joints, &landmarks).unwrap();
    let seen = [
        Bone::Hips,
        Bone::Chest,
        Bone::Head,
        Bone::LeftUpperArm,
        Bone::LeftLowerArm,
        Bone::LeftUpperLeg,
        Bone::LeftLowerLeg,
        Bone::LeftFoot,
        Bone::RightUpperLeg,
        Bone::RightFoot,
    ];
    for bone in seen {
        let off = found.rotation(bone).angle_to(&given.rotation(bone)).to_degrees();
        assert!(off < 0.01, "{bone:?}: {off}");
    }
    // At rest the right arm points to -y.
    let up = found.rotation(Bone::RightUpperArm) * -Vector3::y();
    assert!((up - Vector3::z()).norm() < 1e-6, "{up}");
    // At rest palms are down; that of the hanging left arm looks to the right, towards the body.
    let palm = found.rotation(Bone::LeftLowerArm) * -Vector3::z();
    assert!((palm - Vector3::x()).norm() < 1e-6, "{palm}");
}

#[test]
fn a_bvh_file_has_y_up_and_left_at_x() {
    let (joints, landmarks) = forward(&person(), &walker());
    let found = solve(&joints, &landmarks).unwrap();
    let text = bvh::write(&person(), &[found], 0.01).unwrap();
    let values: Vec<f64> = text.lines().last().unwrap().split(' ').map(|word| word.parse().unwrap()).collect();
    // Faces the world's +y, which is BVH's +x: a turn of 90° about y from facing +z.
    assert_eq!(values[..6], [0.0, 95.0, 0.0, 0.0, 0.0, 90.0]);
    let names: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("JOINT ")).collect();
    let angles = |name: &str| {
        let at = names.iter().position(|joint| *joint == name).unwrap();
        <[f64; 3]>::try_from(&values[6 + 3 * at..9 + 3 * at]).unwrap()
    };
    // Z, X, Y: a left thigh that comes forward turns about -x, its knee bends about +x, a hanging left arm about -z.
    assert_eq!(angles("LeftUpperLeg"), [0.0, -60.0, 0.0]);
    assert_eq!(angles("LeftLowerLeg"), [0.0, 50.0, 0.0]);
    assert_eq!(angles("LeftUpperArm"), [-90.0, 0.0, 0.0]);
    assert_eq!(angles("RightUpperArm"), [-90.0, 0.0, 0.0]);
    assert_eq!(angles("LeftLowerArm"), [0.0, 0.0, -90.0]);
    assert_eq!(angles("RightUpperLeg"), [0.0; 3]);
}
