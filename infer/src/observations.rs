//! Converts pictures into a joint finder's views, and its people into geometry's observations.

use geometry::{Observation, POINT_COUNT, POINT_NAMES};
use joints::{Person, View};
use subject::FinderPicture;

/// The confidence of a derived point, relative to its joints'.
const DERIVED: f64 = 0.25;

/// How geometry's points are computed from a finder's joints, in the order of `geometry::POINT_NAMES`.
#[derive(Clone, Debug)]
pub(crate) struct PointSources([Source; POINT_COUNT]);

/// The joints and weights of a point's mean.
#[derive(Clone, Debug, PartialEq)]
struct Source {
    joints: Vec<(usize, f64)>,
    /// The point's confidence relative to its joints': 1 if it is one of them, 0 if it is unknown.
    trust: f64,
}

impl PointSources {
    /// For a finder with joints of these names. An ear that it does not find is derived from head and thorax, the
    /// inverse of how `body::joints` derives the head; any other missing point has no weight.
    pub fn of(names: &[&str]) -> Self {
        let joint = |name: &str| names.iter().position(|known| point_name(known) == name);
        let stand_in = |name: &str| {
            if name.ends_with("ear")
                && let Some((head, thorax)) = joint("head").zip(joint("thorax"))
            {
                return Source { joints: vec![(head, 2.0 / 3.0), (thorax, 1.0 / 3.0)], trust: DERIVED };
            }
            let ankle = name.replace("heel", "ankle").replace("toe", "ankle");
            Source { joints: vec![(joint(&ankle).unwrap_or(0), 1.0)], trust: 0.0 }
        };
        let found = |joint: usize| Source { joints: vec![(joint, 1.0)], trust: 1.0 };
        Self(POINT_NAMES.map(|name| joint(name).map_or_else(|| stand_in(name), found)))
    }

    /// The observation of a person in a view whose frame has this width and height. Points outside the frame are
    /// guesses and have no weight.
    pub fn observation(&self, person: &Person, [width, height]: [f64; 2]) -> Observation {
        let mean = |source: &Source, value: &dyn Fn(usize) -> f32| -> f64 {
            source.joints.iter().map(|&(joint, share)| share * f64::from(value(joint))).sum()
        };
        let px = self.0.each_ref().map(|source| [0, 1].map(|axis| mean(source, &|at| person.joints[at].px[axis])));
        let weight = |point: usize| {
            let ([x, y], source) = (px[point], &self.0[point]);
            let inside = (0.0..=width).contains(&x) && (0.0..=height).contains(&y);
            let sure = source.joints.iter().map(|&(joint, _)| person.joints[joint].confidence).fold(1.0, f32::min);
            if inside { source.trust * f64::from(sure) } else { 0.0 }
        };
        Observation {
            px,
            weight: std::array::from_fn(weight),
            root_relative_mm: self
                .0
                .each_ref()
                .map(|source| [0, 1, 2].map(|axis| mean(source, &|at| person.joints[at].mm[axis]))),
            velocity_px: None,
            others: person.others,
        }
    }
}

/// A joint's name in the style of points. Human3.6M's "foot" is the ankle, and its "neck" is near the nose.
fn point_name(name: &str) -> String {
    match name {
        "neck" => "nose".into(),
        "left foot" | "right foot" => name.replace("foot", "ankle"),
        _ => name.replace("foot_index", "toe").replace('_', " "),
    }
}

/// A picture as a joint finder takes it.
pub(crate) fn view(picture: &FinderPicture) -> View<'_> {
    let FinderPicture { ref rgb, width, height, origin_px, scale, ref mask, .. } = *picture;
    View { rgb, width, height, origin_px, scale, mask: mask.as_deref() }
}

#[cfg(test)]
mod tests {
    use body::joints;
    use joints::{Joint, LANDMARK_NAMES};
    use nalgebra::Vector3;
    use pose::{JOINT_NAMES, JOINTS};

    use super::*;

    #[test]
    fn a_good_finder_may_miss_what_a_geometry_may() {
        assert_eq!(joints::MAX_RESIDUAL, geometry::Options::default().max_residual);
    }

    #[test]
    fn landmarks_are_the_points_of_the_same_name() {
        const LANDMARKS: [usize; POINT_COUNT] =
            [0, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32];
        let PointSources(sources) = PointSources::of(&LANDMARK_NAMES);
        for (source, landmark) in sources.iter().zip(LANDMARKS) {
            assert_eq!(*source, Source { joints: vec![(landmark, 1.0)], trust: 1.0 });
        }
    }

    /// Joints that are found come back as they were, and so does the head, which is derived there and back.
    #[test]
    fn a_pose_keeps_its_joints_and_says_nothing_of_heels_and_toes() {
        let joint = |at: usize| Joint {
            px: [10.0 * at as f32, 5.0],
            confidence: 0.8,
            mm: [100.0 * at as f32, 7.0 * (at * at) as f32, -30.0],
        };
        let person = Person { joints: (0..JOINTS).map(joint).collect(), others: false };
        let seen = PointSources::of(&JOINT_NAMES).observation(&person, [200.0, 100.0]);
        let back = joints(&seen.root_relative_mm.map(Vector3::from));
        for at in [1, 2, 3, 4, 5, 6, 9, 11, 12, 13, 14, 15, 16] {
            assert!((back[at] - Vector3::from(person.joints[at].mm.map(f64::from))).norm() < 1e-3, "{at}");
        }
        let weights: Vec<(&str, f64)> = POINT_NAMES.into_iter().zip(seen.weight).collect();
        for (name, weight) in weights {
            let expected = match name {
                "left ear" | "right ear" => 0.2,
                "left heel" | "right heel" | "left toe" | "right toe" => 0.0,
                _ => 0.8,
            };
            assert!((weight - expected).abs() < 1e-6, "{name}: {weight}");
        }
        let narrow = PointSources::of(&JOINT_NAMES).observation(&person, [95.0, 100.0]);
        assert!(narrow.weight[3] == 0.0 && narrow.weight[9] > 0.0, "beyond the frame, and within");
    }
}
