//! Motions from markers.

mod common;

use common::data;
use common::trc_file::write;
use glam::Vec3;
use pose::mapping::Mapping;
use pose::{BONES, JOINTS, Pose3d, compute_metrics, trc};
use virtual_studio::actor::gltf::{LoadOptions, load};
use virtual_studio::actor::{Actor, Bone, SkeletonPose, procedural as people};
use virtual_studio::motion::{Markers, Motion, procedural};

fn joints(actor: &Actor, pose: &SkeletonPose) -> [Vec3; JOINTS] {
    actor.joints(pose).map(Vec3::from)
}

#[test]
fn a_known_motion_comes_back_from_its_joints() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.trc");
    let actor = people::actor(3);
    let (mut limbs, mut others, mut feet, mut places): (f32, f32, f32, f32) = (0.0, 0.0, 0.0, 0.0);
    for seed in 0..4 {
        let poses: Vec<SkeletonPose> = procedural::clip(seed, 8.0).poses().iter().step_by(5).copied().collect();
        let foot =
            |pose: &SkeletonPose| [Bone::LeftFoot, Bone::RightFoot].map(|foot| pose.rotation(foot) * Vec3::Z * 0.2);
        write(&path, &poses.iter().map(|pose| (joints(&actor, pose), foot(pose))).collect::<Vec<_>>());
        let clip = Markers::load(&path).unwrap().clip(&actor);
        assert_eq!((clip.frame_time_s(), clip.poses().len()), (0.02, poses.len()));
        for (pose, found) in poses.iter().zip(clip.poses()) {
            let (wanted, joints) = (joints(&actor, pose), joints(&actor, found));
            for (from, to) in BONES {
                let angle = (wanted[to] - wanted[from]).angle_between(joints[to] - joints[from]).to_degrees();
                let worst = if matches!(to, 1..=6 | 12 | 13 | 15 | 16) { &mut limbs } else { &mut others };
                *worst = worst.max(angle);
            }
            for (wanted, found) in foot(pose).into_iter().zip(foot(found)) {
                feet = feet.max(wanted.angle_between(found).to_degrees());
            }
            places = places.max((wanted.iter().sum::<Vec3>() - joints.iter().sum::<Vec3>()).length() / JOINTS as f32);
        }
    }
    eprintln!("limbs {limbs:.3}°, trunk, shoulders and head {others:.2}°, feet {feet:.3}°, place {places:.5} m");
    assert!(limbs < 0.5 && feet < 0.5, "limbs {limbs}°, feet {feet}°");
    assert!(others < 8.0, "{others}°");
    assert!(places < 1e-4, "{places} m");
}

/// The twist of a limb is that of its bend: an elbow that bends forward does so in the fitted pose.
#[test]
fn elbows_and_knees_bend_as_hinges_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.trc");
    let actor = people::actor(3);
    let mut pose = SkeletonPose::REST;
    let bend = |axis: Vec3| glam::Quat::from_axis_angle(axis, 1.2);
    let turned = glam::Quat::from_rotation_x(0.7);
    for (bone, rotation) in [
        (Bone::LeftArm, turned),
        (Bone::LeftForeArm, turned * bend(Vec3::NEG_Y)),
        (Bone::RightUpLeg, bend(Vec3::NEG_X)),
        (Bone::RightLeg, glam::Quat::IDENTITY),
    ] {
        pose.rotations[bone.index()] = rotation;
    }
    write(&path, &[(joints(&actor, &pose), [Vec3::Z; 2])]);
    let found = Markers::load(&path).unwrap().clip(&actor).at(0.0);
    for bone in [Bone::LeftArm, Bone::LeftForeArm, Bone::RightUpLeg, Bone::RightLeg, Bone::RightArm, Bone::LeftLeg] {
        let off = found.rotation(bone).angle_between(pose.rotation(bone)).to_degrees();
        assert!(off < 10.0, "{bone:?} is {off}° off");
    }
}

#[test]
fn what_is_no_whole_motion_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.trc");
    let frame = (joints(&people::actor(1), &SkeletonPose::REST), [Vec3::Z; 2]);
    write(&path, &[frame; 3]);
    let text = std::fs::read_to_string(&path).unwrap();
    let refused = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Markers::load(&path).unwrap_err().to_string()
    };
    assert!(refused("HIERARCHY").contains("this is no TRC file"));
    assert!(refused(&text.replace("RHip", "Hip")).contains("no marker of RHip"));
    let (before, after) = text.split_once("\n1\t0\t").unwrap();
    let (_, after) = after.split_once('\t').unwrap();
    assert!(refused(&format!("{before}\n1\t0\t\t{after}")).contains("frame 1 lacks a marker"));
    assert!(refused(&text.replace("\n2\t0", "\n7\t0")).contains("it skips frames"));
    let header: Vec<&str> = text.lines().take(5).collect();
    assert!(refused(&(header.join("\n") + "\n")).contains("it has no rows of markers"));
}

/// Remaining errors of avatars in the poses of a real person: joints of detectors and of skeletons differ.
#[test]
fn avatars_stand_as_a_real_person_did() {
    let Some(data) = data() else { return };
    let path = data.join("pose2sim_single/pose3d/S00_P00_T01_BalancingTrial_0-100_filt_butterworth.trc");
    let (markers, tracks) = (Markers::load(&path).unwrap(), trc::read(&path).unwrap());
    assert_eq!((markers.instants(), markers.rate_hz()), (100, 60.0));
    // The studio's frame is that of TRC files; the reader's differs.
    let mapping = Mapping::new(&tracks).unwrap();
    for (joints, frame) in markers.joints().zip(&tracks.frames) {
        let world = mapping.joints(&frame.markers_mm).unwrap();
        assert!((joints[9].y - world[9].z as f32 * 1e-3).abs() < 1e-5);
    }
    for name in ["Asian_F_1_Casual.glb", "White_M_2_Default.glb"] {
        let actor = load(&data.join("avatars_valid").join(name), LoadOptions::default()).unwrap();
        let clip = markers.clip(&actor);
        let relative = |joints: [Vec3; JOINTS]| -> Pose3d { joints.map(|joint| ((joint - joints[0]) * 1000.0).into()) };
        let posed: Vec<Pose3d> = clip.poses().iter().map(|pose| relative(joints(&actor, pose))).collect();
        let truth: Vec<Pose3d> = markers.joints().map(relative).collect();
        let errors = compute_metrics(&posed, &truth).unwrap();
        eprintln!("{name}: {errors:?}");
        assert!((10.0..40.0).contains(&errors.pmpjpe17), "{name}: {} mm", errors.pmpjpe17);
        // No limb turns by more than 50° within a frame, even of pitchers and kickers.
        for pair in clip.poses().windows(2) {
            let turned = |bone: Bone| pair[0].rotation(bone).angle_between(pair[1].rotation(bone)).to_degrees();
            assert!(Bone::ALL.into_iter().map(turned).fold(0.0, f32::max) < 50.0, "{name}");
        }
    }
}
