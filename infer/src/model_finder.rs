//! The pose model as a joint finder.

use joints::{FinderError, Joint, JointFinder, Person, View};
use pose::{JOINT_NAMES, JOINTS, Pose3d};
use subject::Preprocessing;

use crate::engine::{MaskedCrop, PersonPose};
use crate::{Engine, Mismatch};

/// The confidence of joints of a model without a confidence output, whose joints in the picture are only derived.
const DEFAULT_CONFIDENCE: f32 = 0.2;

/// On the only real take that was measured, the shipped model had residuals of up to a thirtieth of the frame, with
/// correct cameras.
const MAX_RESIDUAL: f64 = 1.0 / 16.0;

/// Finds the person in crops with a mask, as [`subject::SubjectCropper`] makes them; a view without a mask, or with an
/// empty one, has nobody. It has no memory.
///
/// Its joints are the 17 of [`JOINT_NAMES`]. For a model without joints in the picture, its 3D joints are projected in
/// parallel onto the mask: scaled to the usual size of people in such crops, and centred on the mask.
pub struct ModelFinder {
    engine: Engine,
    preprocessing: Preprocessing,
}

impl ModelFinder {
    /// # Errors
    /// If the model was made for other crops.
    pub fn new(engine: Engine, preprocessing: Preprocessing) -> Result<Self, Mismatch> {
        engine.check_crops(preprocessing.crop_px.into(), preprocessing.hash())?;
        Ok(Self { engine, preprocessing })
    }

    /// The engine that it uses.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// How its crops must be made.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    fn person(&self, view: &View<'_>, mask: &[u8], seen: &PersonPose) -> Person {
        let plane = seen
            .joints_2d
            .unwrap_or_else(|| projected_onto(&seen.joints_mm, mask, 1.0 / self.preprocessing.crop_scale));
        let joint = |at: usize| Joint {
            px: view.in_frame(plane[at].map(|part| part * view.width as f32)),
            confidence: seen.confidence.map_or(DEFAULT_CONFIDENCE, |sure| sure[at]),
            mm: seen.joints_mm[at],
        };
        Person { joints: (0..JOINTS).map(joint).collect(), others: false }
    }
}

impl JointFinder for ModelFinder {
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
            crops.push((at, view, MaskedCrop { rgb, mask }));
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

    fn max_residual(&self) -> f64 {
        MAX_RESIDUAL
    }
}

/// Joints projected onto the mask, in fractions of the crop's side: the longer side of the pose fills `part` of it.
fn projected_onto(pose: &Pose3d, mask: &[u8], part: f32) -> [[f32; 2]; JOINTS] {
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
        let plane = projected_onto(&pose, &mask, 0.8);
        let near = |[x, y]: [f32; 2], [a, b]: [f32; 2]| (x - a).hypot(y - b) < 1e-5;
        assert!(near(plane[8], [25.0 / 64.0, 0.5]), "{plane:?}");
        assert!(near(plane[0], [25.0 / 64.0, 0.1]) && near(plane[16], [25.0 / 64.0, 0.9]), "{plane:?}");
    }
}
