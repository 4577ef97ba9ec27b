//! How long a person's bones are.

use nalgebra::Vector3;
use pose::WorldJoints;

use crate::landmarks::{LEFT_EAR, NOSE, RIGHT_EAR, middle_of_ears};
use crate::median::median;
use crate::{Bone, Landmarks, rest};

/// How many lengths a person has.
const LENGTHS: usize = 15;

/// Bones that are shorter than this, in millimetres, are no bones.
const SHORTEST_MM: f64 = 1.0;

/// The share of the lower arm that hands are long.
const HAND_OF_LOWER_ARM: f64 = 0.7;

/// The lengths of one person, in millimetres. Left and right are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proportions {
    /// Between the hips.
    pub hips_mm: f64,
    /// From the middle of the hips to the joint "spine".
    pub spine_mm: f64,
    /// From there to the joint "thorax".
    pub chest_mm: f64,
    /// From there to a shoulder.
    pub shoulder_mm: f64,
    /// From shoulder to elbow.
    pub upper_arm_mm: f64,
    /// From elbow to wrist.
    pub lower_arm_mm: f64,
    /// From hip to knee.
    pub upper_leg_mm: f64,
    /// From knee to ankle.
    pub lower_leg_mm: f64,
    /// From the joint "thorax" to the middle of the ears.
    pub neck_mm: f64,
    /// From there to the top of the head.
    pub crown_mm: f64,
    /// Between the ears.
    pub ears_mm: f64,
    /// From the middle of the ears to the nose.
    pub nose_mm: f64,
    /// From ankle to heel.
    pub heel_mm: f64,
    /// From ankle to toe.
    pub toe_mm: f64,
    /// From heel to toe.
    pub foot_mm: f64,
}

impl Proportions {
    /// The proportions of one body; `None` where a point is missing, or joints coincide.
    pub fn of_body(joints: &WorldJoints, landmarks: &Landmarks) -> Option<Self> {
        Self::of_bodies([(joints, landmarks)])
    }

    /// The median of each length over many bodies of one person, left and right together. Lengths with a point that is
    /// no number are passed over. `None` where nothing is left of a length.
    pub fn of_bodies<'a>(bodies: impl IntoIterator<Item = (&'a WorldJoints, &'a Landmarks)>) -> Option<Self> {
        let mut all: [Vec<f64>; LENGTHS] = Default::default();
        for (joints, landmarks) in bodies {
            for (all, of_body) in all.iter_mut().zip(lengths(joints, landmarks)) {
                all.extend(of_body);
            }
        }
        let mut medians = [0.0; LENGTHS];
        for (length, all) in medians.iter_mut().zip(all) {
            *length = median(all)?;
        }
        Self::of_lengths(medians).is_possible()
    }

    /// The proportions of a person of average build.
    pub fn of_height(height_mm: f64) -> Self {
        const OF_HEIGHT: [f64; LENGTHS] =
            [0.12, 0.15, 0.15, 0.1, 0.17, 0.145, 0.245, 0.245, 0.125, 0.0625, 0.055, 0.04, 0.05, 0.095, 0.105];
        Self::of_lengths(OF_HEIGHT.map(|share| share * height_mm))
    }

    fn of_lengths(lengths: [f64; LENGTHS]) -> Self {
        let [hips_mm, spine_mm, chest_mm, shoulder_mm, upper_arm_mm, lower_arm_mm, upper_leg_mm, ..] = lengths;
        let [.., lower_leg_mm, neck_mm, crown_mm, ears_mm, nose_mm, heel_mm, toe_mm, foot_mm] = lengths;
        Self {
            hips_mm,
            spine_mm,
            chest_mm,
            shoulder_mm,
            upper_arm_mm,
            lower_arm_mm,
            upper_leg_mm,
            lower_leg_mm,
            neck_mm,
            crown_mm,
            ears_mm,
            nose_mm,
            heel_mm,
            toe_mm,
            foot_mm,
        }
    }

    fn is_possible(self) -> Option<Self> {
        let torso = [self.hips_mm, self.spine_mm, self.chest_mm, self.shoulder_mm, self.neck_mm];
        let limbs = [self.upper_arm_mm, self.lower_arm_mm, self.upper_leg_mm, self.lower_leg_mm];
        torso.into_iter().chain(limbs).all(|length| length > SHORTEST_MM).then_some(self)
    }

    /// Where a bone begins at rest, seen from where its parent begins, in millimetres; zero of the hips.
    pub fn offset_mm(&self, bone: Bone) -> Vector3<f64> {
        let (left, up) = (Vector3::y(), Vector3::z());
        match bone {
            Bone::Hips | Bone::Spine => Vector3::zeros(),
            Bone::Chest => up * self.spine_mm,
            Bone::Neck | Bone::LeftShoulder | Bone::RightShoulder => up * self.chest_mm,
            Bone::Head => *rest::neck() * self.neck_mm,
            Bone::LeftUpperArm => left * self.shoulder_mm,
            Bone::LeftLowerArm => left * self.upper_arm_mm,
            Bone::LeftHand => left * self.lower_arm_mm,
            Bone::RightUpperArm => -left * self.shoulder_mm,
            Bone::RightLowerArm => -left * self.upper_arm_mm,
            Bone::RightHand => -left * self.lower_arm_mm,
            Bone::LeftUpperLeg => left * self.hips_mm / 2.0,
            Bone::RightUpperLeg => -left * self.hips_mm / 2.0,
            Bone::LeftLowerLeg | Bone::RightLowerLeg => -up * self.upper_leg_mm,
            Bone::LeftFoot | Bone::RightFoot => -up * self.lower_leg_mm,
        }
    }

    /// Where the last bones end at rest, seen from where they begin: the top of the head, the fingertips (which are not
    /// measured: hands are taken to be 0.7 of the lower arm), the toes. `None` of bones with children.
    pub fn end_mm(&self, bone: Bone) -> Option<Vector3<f64>> {
        let hand = Vector3::y() * self.lower_arm_mm * HAND_OF_LOWER_ARM;
        match bone {
            Bone::Head => Some(*rest::neck() * self.crown_mm),
            Bone::LeftHand => Some(hand),
            Bone::RightHand => Some(-hand),
            Bone::LeftFoot | Bone::RightFoot => Some(self.toe_offset_mm()),
            _ => None,
        }
    }

    /// The nose at rest, seen from the middle of the ears.
    pub(crate) fn nose_offset_mm(&self) -> Vector3<f64> {
        *rest::nose() * self.nose_mm
    }

    /// The heel at rest, seen from the ankle. Heel and toe are equally low.
    pub(crate) fn heel_offset_mm(&self) -> Vector3<f64> {
        let (behind, below) = self.ankle_over_sole();
        Vector3::new(-behind, 0.0, -below)
    }

    /// The toe at rest, seen from the ankle.
    pub(crate) fn toe_offset_mm(&self) -> Vector3<f64> {
        self.heel_offset_mm() + Vector3::x() * self.foot_mm
    }

    /// How far the heel is behind and below the ankle, from the triangle of ankle, heel and toe.
    fn ankle_over_sole(&self) -> (f64, f64) {
        if self.foot_mm <= SHORTEST_MM {
            return (0.0, self.heel_mm);
        }
        let square = |length: f64| length * length;
        let behind = (square(self.heel_mm) + square(self.foot_mm) - square(self.toe_mm)) / (2.0 * self.foot_mm);
        let behind = behind.clamp(-self.heel_mm, self.heel_mm);
        (behind, (square(self.heel_mm) - square(behind)).sqrt())
    }
}

/// The lengths of one body in the order of [`Proportions::of_lengths`], those that left and right share twice.
fn lengths(joints: &WorldJoints, landmarks: &Landmarks) -> [Vec<f64>; LENGTHS] {
    let joint = |from: usize, to: usize| (joints[from] - joints[to]).norm();
    let ears = middle_of_ears(landmarks);
    let ankles = [(6, 3, 5), (3, 4, 6)];
    [
        vec![joint(4, 1)],
        vec![joint(0, 7)],
        vec![joint(7, 8)],
        vec![joint(8, 11), joint(8, 14)],
        vec![joint(11, 12), joint(14, 15)],
        vec![joint(12, 13), joint(15, 16)],
        vec![joint(4, 5), joint(1, 2)],
        vec![joint(5, 6), joint(2, 3)],
        vec![(ears - joints[8]).norm()],
        vec![(joints[10] - ears).norm()],
        vec![(landmarks[LEFT_EAR] - landmarks[RIGHT_EAR]).norm()],
        vec![(landmarks[NOSE] - ears).norm()],
        ankles.map(|(ankle, heel, _)| (joints[ankle] - landmarks[heel]).norm()).to_vec(),
        ankles.map(|(ankle, _, toe)| (joints[ankle] - landmarks[toe]).norm()).to_vec(),
        ankles.map(|(_, heel, toe)| (landmarks[heel] - landmarks[toe]).norm()).to_vec(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Posed, Turn, forward};

    fn body(height_mm: f64) -> (WorldJoints, Landmarks) {
        let rest = Posed::from_local(Vector3::new(100.0, 200.0, 900.0), &[Turn::identity(); Bone::COUNT]);
        forward(&Proportions::of_height(height_mm), &rest)
    }

    fn lengths_of(proportions: &Proportions) -> [f64; 6] {
        let Proportions { hips_mm, neck_mm, upper_arm_mm, heel_mm, toe_mm, foot_mm, .. } = *proportions;
        [hips_mm, neck_mm, upper_arm_mm, heel_mm, toe_mm, foot_mm]
    }

    #[test]
    fn a_body_has_the_lengths_that_it_was_made_with() {
        let (joints, landmarks) = body(1800.0);
        let found = Proportions::of_body(&joints, &landmarks).unwrap();
        for (found, given) in lengths_of(&found).into_iter().zip(lengths_of(&Proportions::of_height(1800.0))) {
            assert!((found - given).abs() < 1e-9, "{found} {given}");
        }
    }

    #[test]
    fn the_median_passes_over_bodies_that_are_wrong() {
        let mut bodies = [body(1800.0), body(1801.0), body(1799.0), body(2500.0)];
        bodies[1].0[13].x = f64::NAN;
        let bodies = bodies.iter().map(|(joints, landmarks)| (joints, landmarks));
        let found = Proportions::of_bodies(bodies).unwrap();
        assert!((found.upper_leg_mm - 0.245 * 1800.5).abs() < 1e-6, "{found:?}");
        // Of the arm whose wrist is no number the other side counts.
        assert!((found.lower_arm_mm - 0.145 * 1800.0).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn what_is_missing_or_no_bone_is_refused() {
        let (joints, landmarks) = body(1800.0);
        assert_eq!(Proportions::of_bodies([]), None);
        let mut coinciding = joints;
        (coinciding[5], coinciding[2]) = (joints[4], joints[1]);
        assert_eq!(Proportions::of_body(&coinciding, &landmarks), None);
        let mut missing = landmarks;
        missing[NOSE].z = f64::NAN;
        assert_eq!(Proportions::of_body(&joints, &missing), None);
    }
}
