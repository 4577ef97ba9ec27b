//! Motions: interpolated, widened, and grounded.

mod common;

use std::sync::Arc;

use common::{data, files};
use glam::Vec3;
use virtual_studio::actor::{Bone, SkeletonPose, procedural as people};
use virtual_studio::motion::widen::{Widened, Widening, there_and_back};
use virtual_studio::motion::{Clip, Grounded, Motion, procedural};

/// Degrees between two poses, at the bone that differs most.
fn apart(a: &SkeletonPose, b: &SkeletonPose) -> f32 {
    let angle = |bone: Bone| a.rotation(bone).angle_between(b.rotation(bone)).to_degrees();
    Bone::ALL.into_iter().map(angle).fold(0.0, f32::max)
}

/// Speed of the fastest bone in degrees per second, sampled sixty times a second.
fn fastest(motion: &impl Motion) -> f32 {
    let frames = (60.0 * motion.duration_s()) as usize;
    let step = |frame: usize| apart(&motion.at(frame as f64 / 60.0), &motion.at((frame + 1) as f64 / 60.0));
    60.0 * (0..frames).map(step).fold(0.0, f32::max)
}

#[test]
fn clips_are_sampled_between_frames_and_held_at_their_ends() {
    let clip = procedural::clip(4, 3.0);
    let frame_s = clip.frame_time_s();
    for frame in [0, 17, 90] {
        assert!(apart(&clip.at(frame as f64 * frame_s), &clip.poses()[frame]) < 0.1);
    }
    let between = clip.at(17.5 * frame_s);
    let whole = apart(&clip.poses()[17], &clip.poses()[18]);
    assert!((apart(&clip.poses()[17], &between) - 0.5 * whole).abs() < 0.1, "{whole}");
    assert!(apart(&clip.at(-1.0), &clip.poses()[0]) < 0.1);
    assert!(apart(&clip.at(99.0), clip.poses().last().unwrap()) < 0.1);
    assert_eq!([0.0, 1.0, 2.5, 4.0, 5.0].map(|time_s| there_and_back(time_s, 2.0)), [0.0, 1.0, 1.5, 0.0, 1.0]);
    assert_eq!(there_and_back(3.0, 0.0), 0.0);
}

#[test]
fn built_in_motions_differ_by_seed_and_move_like_people() {
    for seed in 0..12 {
        let clip = procedural::clip(seed, 20.0);
        assert_eq!(clip.poses(), procedural::clip(seed, 20.0).poses());
        assert!(
            (0..40)
                .any(|i| apart(&clip.at(f64::from(i) * 0.5), &procedural::clip(seed + 1, 20.0).at(f64::from(i) * 0.5))
                    > 10.0)
        );
        assert!(fastest(&clip) < 900.0, "seed {seed}: {}", fastest(&clip));
        let roots = clip.poses().iter().map(|pose| pose.root);
        let (low, high) = roots.fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(l, h), at| (l.min(at), h.max(at)));
        assert!((high - low).with_y(0.0).length() > 1.0, "seed {seed} walks about");
        assert!((high - low).with_y(0.0).length() < 6.0, "seed {seed} stays in the studio");
    }
}

#[test]
fn widened_motions_repeat_and_never_leap() {
    let files = data().map(|data| files(&data.join("motion_cmu_subjects/bvh60")));
    let clip = |index: usize| -> Arc<dyn Motion> {
        match &files {
            Some(files) => Arc::new(Clip::load(&files[index * 7 % files.len()]).unwrap()),
            None => Arc::new(procedural::clip(index as u64, 8.0)),
        }
    };
    for seed in 0..24 {
        let (lower, upper) = (clip(seed), clip(seed + 5));
        let fast = fastest(&lower).max(fastest(&upper));
        let upper = (seed % 2 == 0).then_some(upper);
        let widened = Widened::new(lower.clone(), upper.clone(), Widening::sample(seed as u64));
        let again = Widened::new(lower.clone(), upper, Widening::sample(seed as u64));
        let other = Widened::new(lower.clone(), None, Widening::sample(seed as u64 + 100));
        let times = (0..20).map(|i| widened.duration_s() * f64::from(i) / 20.0);
        assert!(times.clone().all(|time_s| widened.at(time_s) == again.at(time_s)));
        assert!(times.clone().any(|time_s| apart(&widened.at(time_s), &other.at(time_s)) > 20.0));
        // Two motions add up, moved limbs have further to go, and speed is changed.
        let most = 2.6 * fast + 400.0;
        assert!(fastest(&widened) < most, "seed {seed}: {} after {fast}", fastest(&widened));
        for time_s in times {
            let pose = widened.at(time_s);
            assert!(pose.root.is_finite());
            assert!(pose.rotations.iter().all(|rotation| (rotation.length() - 1.0).abs() < 1e-3));
        }
    }
}

#[test]
fn a_grounded_motion_touches_the_floor_and_nothing_else_changes() {
    let actor = people::actor(1);
    for seed in 0..6 {
        let clip: Arc<dyn Motion> = Arc::new(procedural::clip(seed, 6.0));
        let widened = Widened::new(clip, None, Widening::sample(seed));
        let grounded = Grounded::new(widened.clone(), &actor);
        let mut lowest = f32::INFINITY;
        let lift = grounded.at(0.0).root - widened.at(0.0).root;
        for frame in 0..=(30.0 * grounded.duration_s()) as usize {
            let time_s = frame as f64 / 30.0;
            lowest = lowest.min(actor.lowest_m(&grounded.at(time_s)));
            assert!((grounded.at(time_s).root - widened.at(time_s).root - lift).length() < 1e-5, "one height for all");
        }
        assert!(lowest.abs() < 0.005, "seed {seed}: {lowest}");
        assert_eq!((lift.x, lift.z), (0.0, 0.0));
    }
}

/// The built-in walk, unlike captured ones, has its feet on the floor by construction.
#[test]
fn built_in_people_walk_on_their_feet() {
    let actor = people::actor(1);
    let clip = Grounded::new(procedural::clip(1, 12.0), &actor);
    let lows: Vec<f32> = (0..240).map(|i| actor.lowest_m(&clip.at(f64::from(i) * 0.05))).collect();
    let most = lows.iter().copied().fold(0.0, f32::max);
    assert!(most < 0.06, "the lowest foot is {most} m high");
}
