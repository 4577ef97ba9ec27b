//! Between pictures, the finder of joints and geometry.

use geometry::{Observation, POINT_COUNT};
use joints::{Person, View};
use subject::FinderPicture;

/// The landmarks of BlazePose that geometry works with, in the order of `geometry::POINT_NAMES`.
const LANDMARKS: [usize; POINT_COUNT] = [0, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32];

/// A picture as the finder takes it.
pub(crate) fn view(picture: &FinderPicture) -> View<'_> {
    let FinderPicture { ref rgb, width, height, origin_px, scale, .. } = *picture;
    View { rgb, width, height, origin_px, scale }
}

/// What geometry takes of a person in a view whose frame has this width and height. A joint beyond the frame is a guess,
/// and weighs nothing.
pub(crate) fn observation(person: &Person, [width, height]: [f64; 2]) -> Observation {
    let joints = LANDMARKS.map(|landmark| &person.joints[landmark]);
    Observation {
        px: joints.map(|joint| joint.px.map(f64::from)),
        weight: joints.map(|joint| {
            let [x, y] = joint.px.map(f64::from);
            let inside = (0.0..=width).contains(&x) && (0.0..=height).contains(&y);
            if inside { f64::from(joint.confidence) } else { 0.0 }
        }),
        root_relative_mm: joints.map(|joint| joint.mm.map(f64::from)),
        velocity_px: None,
    }
}

#[cfg(test)]
mod tests {
    use geometry::POINT_NAMES;
    use joints::LANDMARK_NAMES;

    use super::*;

    #[test]
    fn landmarks_are_the_points_of_the_same_name() {
        for (landmark, point) in LANDMARKS.iter().zip(POINT_NAMES) {
            let name = LANDMARK_NAMES[*landmark].replace("foot_index", "toe").replace('_', " ");
            assert_eq!(name, point);
        }
    }
}
