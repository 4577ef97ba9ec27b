//! The 17 joints of Human3.6M on an actor's body.
//!
//! | joint | where |
//! |---|---|
//! | hip (root) | midpoint of the two hip joints |
//! | hips, knees, feet | where thigh, shin and foot begin: hip joint, knee, ankle |
//! | spine | midpoint of root and thorax |
//! | thorax | where the neck begins |
//! | neck | the tip of the nose |
//! | head | the top of the head |
//! | shoulders, elbows, wrists | where upper arm, forearm and hand begin |
//!
//! These definitions are those of `pose`'s mapping from markers, so that errors on real people are comparable. Nose and
//! top of the head are vertices of the mesh and move with the head; the others are joints of the skeleton.

use glam::{Affine3A, Vec3};

use super::armature::Armature;
use super::mesh::{Mesh, SkinnedVertex};
use super::skeleton::{BONES, Bone};

/// Points on the resting head, which skeletons do not have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadPoints {
    pub nose: Vec3,
    pub crown: Vec3,
}

/// How far the top of the head extends below the highest vertex, and how far a nose may be from the middle.
const PATCH_M: f32 = 0.02;

impl HeadPoints {
    /// Finds them on the mesh of the resting body. `None` if no vertex moves with the head.
    pub fn find(body: &Mesh, armature: &Armature) -> Option<Self> {
        let head = armature.rest[Bone::Head.index()];
        let on_head = |vertex: &&SkinnedVertex| vertex.owner() == Bone::Head;
        let points: Vec<Vec3> = body.vertices.iter().filter(on_head).map(|vertex| vertex.position.into()).collect();
        let top = points.iter().map(|point| point.y).reduce(f32::max)?;
        let crown = mean(points.iter().filter(|point| point.y > top - PATCH_M).copied())?.with_y(top);
        // Half way between the joint, at the height of the mouth, and the eyes.
        let heights = head.y..0.5 * (head.y + top);
        let facial = |point: &&Vec3| heights.contains(&point.y) && (point.x - head.x).abs() < PATCH_M;
        let front = points.iter().filter(facial).max_by(|a, b| a.z.total_cmp(&b.z)).copied();
        Some(Self { nose: front.unwrap_or(head), crown })
    }
}

fn mean(points: impl Iterator<Item = Vec3>) -> Option<Vec3> {
    let (sum, count) = points.fold((Vec3::ZERO, 0.0), |(sum, count), point| (sum + point, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// The joints where the bones were placed, metres.
pub(crate) fn joints(
    placed: &[Affine3A; BONES],
    armature: &Armature,
    landmarks: &HeadPoints,
) -> [[f32; 3]; pose::JOINTS] {
    let at = |bone: Bone| placed[bone.index()].transform_point3(armature.rest[bone.index()]);
    let on_head = |point: Vec3| placed[Bone::Head.index()].transform_point3(point);
    let (left_hip, right_hip) = (at(Bone::LeftUpLeg), at(Bone::RightUpLeg));
    let (root, thorax) = (left_hip.midpoint(right_hip), at(Bone::Neck));
    [
        root,
        right_hip,
        at(Bone::RightLeg),
        at(Bone::RightFoot),
        left_hip,
        at(Bone::LeftLeg),
        at(Bone::LeftFoot),
        root.midpoint(thorax),
        thorax,
        on_head(landmarks.nose),
        on_head(landmarks.crown),
        at(Bone::LeftArm),
        at(Bone::LeftForeArm),
        at(Bone::LeftHand),
        at(Bone::RightArm),
        at(Bone::RightForeArm),
        at(Bone::RightHand),
    ]
    .map(Into::into)
}
