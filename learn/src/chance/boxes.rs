//! Pictures that show nothing but the boxes of crops: as they are, or what resampling leaves of them.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use subject::{Region, RgbImage, Sample, Scale, SquareCutter};
use transport::{Moment, View};

/// Pictures of the camera's frame, white where the crop is. All of each picture counts as subject.
pub(super) fn drawn(moments: &[Moment]) -> Vec<Moment> {
    changed(moments, |view, sample| {
        let size = usize::from(sample.size_px);
        let longer = view.frame_px.0.max(view.frame_px.1) as f32;
        let [x, y] = sample.region.centre_px;
        let half = sample.region.side_px / 2.0;
        let px = longer / size as f32;
        // The covered part of a pixel along one axis.
        let covered = |at: usize, centre: f32| {
            let (from, to) = (at as f32 * px, (at + 1) as f32 * px);
            ((to.min(centre + half) - from.max(centre - half)) / px).clamp(0.0, 1.0)
        };
        let value = |at: usize| (255.0 * covered(at % size, x) * covered(at / size, y)) as u8;
        (0..size * size).flat_map(|at| [value(at); 3]).collect()
    })
}

/// Grey with noise of up to so many levels in each pixel of the frame and around it, cut as the crops were.
pub(super) fn resampled_noise(moments: &[Moment], levels: u8, seed: u64) -> Vec<Moment> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut cutter = SquareCutter::default();
    changed(moments, |_, sample| {
        // Noise just around the crop, since what is outside of a picture is black: removed as the background is.
        let first_px = sample.region.centre_px.map(|centre| (centre - 0.5 * sample.region.side_px).floor() - 2.0);
        let side = sample.region.side_px.ceil() as u32 + 6;
        let mut rgb = vec![0; 3 * side as usize * side as usize];
        rng.fill_bytes(&mut rgb);
        let scaled = |value: u8| (127 + (i32::from(value) - 127) * i32::from(levels.min(127)) / 128) as u8;
        rgb.iter_mut().for_each(|value| *value = scaled(*value));
        let noise = RgbImage { width: side, height: side, rgb, scale: Scale::Full };
        let centre_px = std::array::from_fn(|axis| sample.region.centre_px[axis] - first_px[axis]);
        let mut cut = Vec::new();
        match cutter.cut(&noise, &Region { centre_px, ..sample.region }, sample.size_px, &mut cut) {
            Ok(()) => cut,
            // A crop without pixels has nothing to show.
            Err(_) => vec![0; 3 * usize::from(sample.size_px).pow(2)],
        }
    })
}

fn changed(moments: &[Moment], mut picture: impl FnMut(&View, &Sample) -> Vec<u8>) -> Vec<Moment> {
    let mut moments = moments.to_vec();
    for view in moments.iter_mut().flat_map(|moment| &mut moment.views) {
        let samples: Vec<Sample> = view
            .samples
            .iter()
            .map(|sample| {
                let rgb = picture(view, sample);
                let mask = vec![255; rgb.len() / 3];
                Sample { rgb: rgb.into(), mask: mask.into(), ..sample.clone() }
            })
            .collect();
        view.samples = samples;
    }
    moments
}
