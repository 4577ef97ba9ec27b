//! Augmentation: labels are transformed with the pictures, and the result depends only on the seed.

use learn::data::augment::{Augment, Augmented};
use learn::data::rendered::{Batch, Dataset};
use model::{Background, PictureBatch};
use pose::JOINTS;
use pose::joints::LEFT_RIGHT;
use recipe::AugmentConfig;
use tch::{Device, Kind, Tensor};

use crate::data::load;
use crate::studio::session;

const CROP_PX: u16 = 64;
const STORE_PX: i64 = 56;

fn dataset() -> (tempfile::TempDir, Dataset) {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path());
    let dataset = load(folder.path());
    (folder, dataset)
}

fn augment(dataset: &Dataset, config: AugmentConfig) -> Augment {
    Augment::new(config, dataset, &(0..dataset.len() as u32).collect::<Vec<_>>(), CROP_PX, 5).unwrap()
}

/// One picture for each joint, with nothing but a soft dot where that joint is.
fn dots() -> Batch {
    let side = STORE_PX as usize;
    let place = |joint: usize| [0.5 * (joint as f32 * 1.9).sin(), 0.5 * (joint as f32 * 1.3).cos()];
    let mut pixels = vec![0u8; JOINTS * 4 * side * side];
    for joint in 0..JOINTS {
        let at = place(joint).map(|value| (value + 1.0) * side as f32 / 2.0);
        for y in 0..side {
            for x in 0..side {
                let distance = (x as f32 + 0.5 - at[0]).hypot(y as f32 + 0.5 - at[1]);
                let value = (255.0 * (-distance * distance / 8.0).exp()) as u8;
                for channel in 0..4 {
                    pixels[((joint * 4 + channel) * side + y) * side + x] = value;
                }
            }
        }
    }
    let all: Vec<f32> = (0..JOINTS).flat_map(place).collect();
    let root = place(0);
    let joints: Vec<f32> = (0..JOINTS)
        .flat_map(|j| [1000.0 * (place(j)[0] - root[0]), 1000.0 * (place(j)[1] - root[1]), j as f32])
        .collect();
    let n = JOINTS as i64;
    let every = |values: &[f32], axes: i64| Tensor::from_slice(values).reshape([1, n, axes]).repeat([n, 1, 1]);
    Batch {
        pixels: Tensor::from_slice(&pixels).reshape([n, 4, STORE_PX, STORE_PX]),
        joints_mm: every(&joints, 3),
        joints_2d: every(&all, 2),
    }
}

/// Centre of brightness of a picture, in fractions of its side.
fn light(input: &Tensor, picture: i64) -> [f64; 2] {
    let shine = (input.get(picture).mean_dim([0].as_slice(), false, Kind::Float) + 1.0).square();
    let side = shine.size()[0];
    let at = (Tensor::arange(side, (Kind::Float, Device::Cpu)) + 0.5) / side as f64;
    let of = |along: Tensor| (along * &at).sum(Kind::Double).double_value(&[]);
    let all = shine.sum(Kind::Double).double_value(&[]);
    [
        of(shine.sum_dim_intlist([0].as_slice(), false, Kind::Float)) / all,
        of(shine.sum_dim_intlist([1].as_slice(), false, Kind::Float)) / all,
    ]
}

fn partner(joint: usize) -> usize {
    let swap = LEFT_RIGHT.iter().find_map(|&(left, right)| match joint {
        joint if joint == left => Some(right),
        joint if joint == right => Some(left),
        _ => None,
    });
    swap.unwrap_or(joint)
}

#[test]
fn labels_follow_the_picture() {
    let (_folder, dataset) = dataset();
    let still = AugmentConfig { own_background: 1.0, removed: 0.0, ..AugmentConfig::none(false) };
    let moved = AugmentConfig { roll_deg: 45.0, scale: [0.9, 1.25], shift: 0.08, ..still };
    let augment = augment(&dataset, moved);
    let batch = dots();
    for seed in 0..12 {
        let mirrored: Vec<bool> = (0..JOINTS).map(|picture| (picture + seed as usize).is_multiple_of(3)).collect();
        let Augmented { input, joints_mm, joints_2d, .. } = augment.apply(&batch, Some(&mirrored), seed).unwrap();
        let mut found = 0;
        for (joint, &mirrored) in mirrored.iter().enumerate() {
            let label = if mirrored { partner(joint) } else { joint };
            let wanted = [0, 1].map(|axis| joints_2d.double_value(&[joint as i64, label as i64, axis]));
            // A dot that touches the edge has lost a part of its light.
            if wanted.iter().any(|value| !(0.1..0.9).contains(value)) {
                continue;
            }
            found += 1;
            let seen = light(&input, joint as i64);
            let off = (seen[0] - wanted[0]).hypot(seen[1] - wanted[1]) * f64::from(CROP_PX);
            assert!(off < 0.6, "joint {joint} of seed {seed}: {seen:?} where {wanted:?} was said, {off:.2} px");
        }
        assert!(found > JOINTS / 2, "too few dots inside to tell");
        // 3D turns with the picture: seen along z it is the 2D pose in another unit, and depth stays.
        let flat = &joints_2d - joints_2d.narrow(1, 0, 1);
        let xy = joints_mm.narrow(2, 0, 2);
        let unit = (&flat * &xy).sum_dim_intlist([1, 2].as_slice(), true, Kind::Float)
            / xy.square().sum_dim_intlist([1, 2].as_slice(), true, Kind::Float);
        let off = (flat - xy * unit).abs().max().double_value(&[]);
        assert!(off < 1e-4, "3D and 2D part ways by {off}");
        for (picture, &mirrored) in mirrored.iter().enumerate() {
            for joint in 0..JOINTS {
                let label = if mirrored { partner(joint) } else { joint };
                assert_eq!(joints_mm.double_value(&[picture as i64, label as i64, 2]), joint as f64);
            }
        }
    }
}

#[test]
fn a_seed_decides_all_of_it() {
    let (_folder, dataset) = dataset();
    let mut augment = augment(&dataset, AugmentConfig::default());
    // Backgrounds from elsewhere have a size of their own.
    augment.add_backgrounds(&Tensor::zeros([100, 3, 20, 30], (Kind::Uint8, Device::Cpu))).unwrap();
    let batch = dataset.batch(&(0..40).collect::<Vec<_>>()).unwrap();
    let [a, b, c] = [7, 7, 8].map(|seed| augment.apply(&batch, None, seed).unwrap());
    assert_eq!((&a.input, &a.joints_mm, &a.joints_2d), (&b.input, &b.joints_mm, &b.joints_2d));
    assert_ne!(a.input, c.input);
    assert_ne!(a.joints_mm, c.joints_mm);
    assert!(a.input.isfinite().all().int64_value(&[]) == 1);
    assert!(a.input.abs().max().double_value(&[]) <= 1.0 + 1e-6);
    assert_eq!(a.input.size(), [40, 3, 64, 64]);
    // About half have their background removed, and are thus mostly black.
    let black = a.input.le(-1.0 + 1e-6).to_kind(Kind::Float).mean_dim([1, 2, 3].as_slice(), false, Kind::Float);
    let removed = black.gt(0.25).sum(Kind::Int64).int64_value(&[]);
    assert!((8..=32).contains(&removed), "{removed} of 40");
}

/// Without augmentation the input equals that of live use for the same crop.
#[test]
fn nothing_varied_is_the_live_input() {
    let (_folder, dataset) = dataset();
    // A region of the crop's own size: nothing is resampled.
    let rows: Vec<u32> = (0..6).collect();
    let batch = dataset.batch(&rows).unwrap();
    for (removed, background) in [(true, Background::Removed), (false, Background::Kept)] {
        let augment = augment(&dataset, AugmentConfig::none(removed));
        let varied = augment.apply(&batch, None, 1).unwrap();
        // The same crop by hand: bytes of the placed picture through the live path.
        let kept = self::augment(&dataset, AugmentConfig::none(false)).apply(&batch, None, 1).unwrap().input;
        let masked = self::augment(&dataset, AugmentConfig::none(true)).apply(&batch, None, 1).unwrap().input;
        let mut live = PictureBatch::new(CROP_PX.into());
        for picture in 0..rows.len() as i64 {
            let bytes =
                ((kept.get(picture) + 1.0) * 127.5).round().to_kind(Kind::Uint8).permute([1, 2, 0]).contiguous();
            let mask = masked.get(picture).amax([0].as_slice(), false).gt(-1.0 + 1e-6).to_kind(Kind::Uint8) * 255;
            let bytes = Vec::<u8>::try_from(bytes.reshape([-1])).unwrap();
            let mask = Vec::<u8>::try_from(mask.to_kind(Kind::Uint8).contiguous().reshape([-1])).unwrap();
            live.push(&bytes, &mask, false).unwrap();
        }
        let live = live.to_input(Device::Cpu, Kind::Float, background).unwrap();
        let off = (&live - &varied.input).abs().max().double_value(&[]);
        assert!(off <= 0.5 / 127.5 + 1e-5, "{background:?}: {off}");
        assert_eq!(live.stride(), varied.input.stride());
    }
}
