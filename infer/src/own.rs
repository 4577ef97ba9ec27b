//! The rig's own pose model as a finder of joints.

use joints::{FinderError, Joint, JointFinder, Person, View};
use pose::{JOINT_NAMES, JOINTS, Pose3d};
use subject::Preprocessing;

use crate::engine::{Crop, PersonPose};
use crate::{Engine, Mismatch};

/// How sure a model is to be taken that does not say it, and whose joints in the picture are derived.
const UNTOLD: f32 = 0.2;

/// By how much its views may miss bodies: the shipped model's do by up to a thirtieth of the frame on the one real take that was
/// measured, beside cameras that stand where they should.
const MOST_MISS: f64 = 1.0 / 16.0;

/// Finds the person in crops with a mask, as [`subject::SubjectCropper`] makes them; a view without a mask, or whose mask is
/// empty, has nobody. It remembers nothing.
///
/// Its joints are the 17 of [`JOINT_NAMES`]. Where a model does not say where they are in the picture, its 3D joints are laid
/// over the mask: as large as people are in such crops, with the joints' middle on the mask's. That knows nothing of how
/// far away the person's parts are, and of the place no more than the mask does.
pub struct OwnFinder {
    engine: Engine,
    preprocessing: Preprocessing,
}

impl OwnFinder {
    /// # Errors
    /// A model that was made for other crops than these.
    pub fn new(engine: Engine, preprocessing: Preprocessing) -> Result<Self, Mismatch> {
        engine.check_crops(preprocessing.crop_px.into(), preprocessing.hash())?;
        Ok(Self { engine, preprocessing })
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// How the crops are made that it takes.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    fn person(&self, view: &View<'_>, mask: &[u8], seen: &PersonPose) -> Person {
        let plane =
            seen.joints_2d.unwrap_or_else(|| laid_over(&seen.joints_mm, mask, 1.0 / self.preprocessing.crop_scale));
        let joint = |at: usize| Joint {
            px: view.in_frame(plane[at].map(|part| part * view.width as f32)),
            confidence: seen.confidence.map_or(UNTOLD, |sure| sure[at]),
            mm: seen.joints_mm[at],
        };
        Person { joints: (0..JOINTS).map(joint).collect() }
    }
}

impl JointFinder for OwnFinder {
    fn names(&self) -> &'static [&'static str] {
        &JOINT_NAMES
    }

    fn find(&mut self, views: &[Option<View<'_>>]) -> Result<Vec<Option<Person>>, FinderError> {
        let side = self.preprocessing.crop_px.into();
        let mut crops = Vec::new();
        for (at, view) in views.iter().enumerate() {
            let Some(view) = view else { continue };
            view.check()?;
            let Some(mask) = view.mask.filter(|mask| mask.contains(&255)) else { continue };
            let View { rgb, width, height, .. } = *view;
            if (width, height) != (side, side) {
                return Err(FinderError::Size { width, height, side });
            }
            crops.push((at, view, Crop { rgb, mask }));
        }
        let people = self.engine.people_in(crops.iter().map(|(.., crop)| *crop));
        let people = people.map_err(|error| FinderError::Engine(error.to_string()))?;
        let mut found = vec![None; views.len()];
        for ((at, view, crop), seen) in crops.iter().zip(&people) {
            found[*at] = Some(self.person(view, crop.mask, seen));
        }
        Ok(found)
    }

    fn forget(&mut self) {}

    fn most_miss(&self) -> f64 {
        MOST_MISS
    }
}

/// Joints in fractions of the crop's side: the longer side of the pose fills this part of it.
fn laid_over(pose: &Pose3d, mask: &[u8], part: f32) -> [[f32; 2]; JOINTS] {
    let side = mask.len().isqrt().max(1);
    let subject =
        || mask.iter().enumerate().filter(|(_, inside)| **inside == 255).map(move |(at, _)| [at % side, at / side]);
    let count = subject().count().max(1) as f32;
    let extent = |axis: usize| {
        let along = || pose.iter().map(move |joint| joint[axis]);
        along().fold(f32::MIN, f32::max) - along().fold(f32::MAX, f32::min)
    };
    let scale = part / extent(0).max(extent(1)).max(1.0);
    let middle = |axis: usize| {
        let of_pose = pose.iter().map(|joint| joint[axis]).sum::<f32>() / JOINTS as f32;
        let of_mask = subject().map(|at| at[axis] as f32 + 0.5).sum::<f32>() / count / side as f32;
        (of_pose, of_mask)
    };
    let middles = [middle(0), middle(1)];
    pose.map(|joint| std::array::from_fn(|axis| middles[axis].1 + scale * (joint[axis] - middles[axis].0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pose_is_laid_over_the_mask() {
        let mut mask = vec![0; 64 * 64];
        (8..56).for_each(|row| mask[64 * row + 20..64 * row + 30].fill(255));
        let mut pose = [[0.0; 3]; JOINTS];
        for (at, joint) in pose.iter_mut().enumerate() {
            *joint = [0.0, 100.0 * at as f32, 40.0 * at as f32];
        }
        let plane = laid_over(&pose, &mask, 0.8);
        let near = |[x, y]: [f32; 2], [a, b]: [f32; 2]| (x - a).hypot(y - b) < 1e-5;
        assert!(near(plane[8], [25.0 / 64.0, 0.5]), "{plane:?}");
        assert!(near(plane[0], [25.0 / 64.0, 0.1]) && near(plane[16], [25.0 / 64.0, 0.9]), "{plane:?}");
    }
}
