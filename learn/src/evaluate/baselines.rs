use std::collections::BTreeMap;

use pose::{MeanPose, Pose3d, Ridge};
use subject::Sample;

use crate::finetune::{FinetuneError, LabelledSample};

/// Side of the thumbnail that the ridge regression sees.
const SIDE: usize = 16;
/// Strength of the ridge, for features in 0..1.
const LAMBDA: f64 = 1.0;

/// Both baselines, fitted on training pictures.
pub(super) struct Baselines {
    /// By camera.
    means: BTreeMap<u16, Pose3d>,
    /// For a camera without a training picture.
    overall: Pose3d,
    ridge: Ridge,
}

impl Baselines {
    pub fn fit(trained: &[&LabelledSample]) -> Result<Self, FinetuneError> {
        let poses: Vec<Pose3d> = trained.iter().map(|labelled| labelled.pose).collect();
        let mut by_camera: BTreeMap<u16, Vec<Pose3d>> = BTreeMap::new();
        for labelled in trained {
            by_camera.entry(labelled.camera).or_default().push(labelled.pose);
        }
        let mut means = BTreeMap::new();
        for (camera, poses) in by_camera {
            means.insert(camera, MeanPose::fit(&poses)?.predict());
        }
        let features: Vec<Vec<f32>> = trained.iter().map(|labelled| thumbnail(&labelled.sample)).collect();
        Ok(Self { means, overall: MeanPose::fit(&poses)?.predict(), ridge: Ridge::fit(&features, &poses, LAMBDA)? })
    }

    pub fn mean_poses(&self, samples: &[&LabelledSample]) -> Vec<Pose3d> {
        samples.iter().map(|labelled| self.means.get(&labelled.camera).copied().unwrap_or(self.overall)).collect()
    }

    pub fn ridge(&self, samples: &[&LabelledSample]) -> Result<Vec<Pose3d>, FinetuneError> {
        samples.iter().map(|labelled| Ok(self.ridge.predict(&thumbnail(&labelled.sample))?)).collect()
    }
}

/// The crop without its background, averaged to 16×16 RGB pixels in 0..1.
pub fn thumbnail(sample: &Sample) -> Vec<f32> {
    let size = usize::from(sample.size_px);
    let (mut sums, mut counts) = (vec![0.0_f32; SIDE * SIDE * 3], vec![0.0_f32; SIDE * SIDE]);
    for (pixel, (rgb, mask)) in sample.rgb.chunks_exact(3).zip(sample.mask.iter()).enumerate() {
        let (row, column) = (pixel / size * SIDE / size, pixel % size * SIDE / size);
        let cell = row * SIDE + column;
        counts[cell] += 1.0;
        if *mask > 0 {
            for (channel, value) in rgb.iter().enumerate() {
                sums[3 * cell + channel] += f32::from(*value) / 255.0;
            }
        }
    }
    // A crop smaller than the thumbnail leaves cells empty.
    sums.iter().enumerate().map(|(at, sum)| sum / counts[at / 3].max(1.0)).collect()
}

#[cfg(test)]
mod tests {
    use subject::{BackgroundId, Region};

    use super::*;

    #[test]
    fn a_thumbnail_is_the_mean_of_its_cells_without_background() {
        // 32 px: cells of 2×2. Red grows along a row; the lower half is background.
        let rgb: Vec<u8> = (0..32 * 32).flat_map(|pixel| [(pixel % 32) as u8, 255, 0]).collect();
        let mask: Vec<u8> = (0..32 * 32).map(|pixel| if pixel < 16 * 32 { 255 } else { 0 }).collect();
        let sample = Sample {
            size_px: 32,
            rgb: rgb.into(),
            mask: mask.into(),
            region: Region { centre_px: [0.0; 2], side_px: 1.0 },
            background: BackgroundId(0),
        };
        let thumbnail = thumbnail(&sample);
        assert_eq!(thumbnail.len(), 16 * 16 * 3);
        let at = |row: usize, column: usize| &thumbnail[3 * (16 * row + column)..][..3];
        assert!((at(0, 5)[0] - 10.5 / 255.0).abs() < 1e-6);
        assert_eq!(&at(7, 0)[1..], [1.0, 0.0]);
        assert_eq!(at(8, 5), [0.0; 3]);
    }
}
