//! Retargeted motions match the captured ones.

mod common;

use common::{LIMBS, captured, data, files, skeletons};
use glam::Vec3;
use virtual_studio::actor::gltf::{LoadOptions, load};
use virtual_studio::actor::{Actor, Bone};
use virtual_studio::motion::bvh::Bvh;
use virtual_studio::motion::{Clip, Grounded, Motion};
use virtual_studio::surface::Posed;

fn person(name: &str) -> Option<Actor> {
    Some(load(&data()?.join("avatars_valid").join(name), LoadOptions::default()).unwrap())
}

/// In every frame of every clip, thigh, shin, upper arm and forearm of the posed person point where the captured ones
/// do, which a wrong rest pose would turn by 20° (legs) or 90° (arms, facing).
#[test]
fn limbs_point_where_the_captured_ones_do() {
    let Some(actor) = person("Asian_F_1_Casual.glb") else { return };
    for (folder, names, turn) in skeletons() {
        let mut worst: f32 = 0.0;
        for path in files(&data().unwrap().join(folder)) {
            let (bvh, clip) = (Bvh::load(&path).unwrap(), Clip::load(&path).unwrap());
            for frame in (0..bvh.frames()).step_by(7) {
                let joints = actor.joints(&clip.poses()[frame]).map(Vec3::from);
                for (names, places) in names.iter().zip(LIMBS) {
                    for bone in [0, 1, 3, 4] {
                        let ours = joints[places[bone + 1]] - joints[places[bone]];
                        let theirs = captured(&bvh, frame, names[bone + 1]) - captured(&bvh, frame, names[bone]);
                        worst = worst.max(ours.angle_between(turn * theirs).to_degrees());
                    }
                }
            }
        }
        assert!(worst < 0.5, "{folder}: a limb is {worst}° off");
        eprintln!("{folder}: the worst limb is {worst:.3}° off");
    }
}

/// Straight walks: CMU's subject 7, its "walking" clips, DeepMimic's cycle.
const WALKS: [&str; 5] = ["07_03", "07_06", "train_walking_1.bvh", "train_walking_3", "walk.bvh"];

#[test]
fn walkers_look_where_they_go_and_keep_to_the_floor() {
    let Some(actor) = person("White_M_2_Default.glb") else { return };
    let mut posed = Posed::default();
    for (folder, names, _) in skeletons() {
        let mut walks = files(&data().unwrap().join(folder));
        walks.retain(|path| WALKS.iter().any(|walk| path.file_name().unwrap().to_str().unwrap().starts_with(walk)));
        assert!(!walks.is_empty());
        for path in walks {
            let (bvh, clip) = (Bvh::load(&path).unwrap(), Grounded::new(Clip::load(&path).unwrap(), &actor));
            let rest = bvh.rest();
            let leg = |side: usize| {
                let at = |joint: usize| rest[bvh.joint(names[side][joint]).unwrap()];
                at(0).distance(at(1)) + at(1).distance(at(2))
            };
            let scale = actor.leg_m() / (0.5 * (leg(0) + leg(1))) as f32;
            let way = (clip.at(clip.duration_s()).root - clip.at(0.0).root).with_y(0.0);
            let (mut facing, mut lowest, mut lifts) = (Vec3::ZERO, f32::INFINITY, Vec::new());
            for frame in 0..bvh.frames() {
                let pose = clip.at(frame as f64 * bvh.frame_time_s);
                facing += pose.rotation(Bone::Hips) * Vec3::Z;
                actor.pose(&pose, &mut posed);
                let points = posed.shapes.iter().flat_map(|shape| &shape.positions);
                lowest = points.map(|point| point[1]).fold(lowest, f32::min);
                let theirs = [0, 1].map(|side| scale * captured(&bvh, frame, names[side][2]).y);
                lifts.push(posed.joints[3][1].min(posed.joints[6][1]) - theirs[0].min(theirs[1]));
            }
            let angle = facing.with_y(0.0).angle_between(way).to_degrees();
            let (least, most) = lifts.iter().fold((f32::INFINITY, 0.0f32), |(a, b), &lift| (a.min(lift), b.max(lift)));
            let name = path.display();
            eprintln!(
                "{name}: {angle:.1}° from its way, lowest {lowest:.4} m, ankles {least:.3} to {most:.3} m higher"
            );
            assert!(way.length() > 0.5);
            assert!(angle < 10.0, "{name} looks {angle}° away from its way");
            assert!((-0.01..0.002).contains(&lowest), "{name}: {lowest} m");
            // The lower ankle moves like the captured one; the rest is due to different widths of the hips.
            assert!(most - least < 0.02, "{name}: the ankle floats by {} m", most - least);
        }
    }
}
