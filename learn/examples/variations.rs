//! A sheet of pictures as training sees them, their joints dotted in: `variations SESSION CROP_PX STORE_PX OUT.ppm`.
//! To be looked at before anything is trained.

use std::path::Path;

use learn::data::augment::{Augment, Augmented};
use learn::data::rendered::{Dataset, Split};
use recipe::{DataConfig, TrainRecipe};
use tch::Kind;

const COLUMNS: usize = 12;
const ROWS: usize = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = model::start();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [session, crop_px, store_px, out] = words.as_slice() else {
        return Err("usage: variations SESSION CROP_PX STORE_PX OUT.ppm".into());
    };
    let (crop_px, store_px): (u16, u16) = (crop_px.parse()?, store_px.parse()?);
    let config = DataConfig { store_px, memory_gb: 100.0, ..DataConfig::default() };
    let dataset = Dataset::load(Path::new(session), &[], &config, device, |_, _| {})?;
    let rows = dataset.rows(Split::Train);
    let augment = Augment::new(TrainRecipe::default().augment, &dataset, &rows, crop_px, 1)?;
    let count = COLUMNS * ROWS;
    let chosen: Vec<u32> = (0..count).map(|at| rows[at * rows.len() / count]).collect();
    let Augmented { input, joints_2d, .. } = augment.apply(&dataset.batch(&chosen)?, None, 3)?;
    let side = usize::from(crop_px);
    let bytes = ((input + 1.0) * 127.5).to_kind(Kind::Uint8).permute([0, 2, 3, 1]).contiguous().reshape([-1]);
    let bytes = Vec::<u8>::try_from(bytes)?;
    let joints = Vec::<f32>::try_from(joints_2d.contiguous().reshape([-1]))?;
    let mut sheet = vec![0; 3 * count * side * side];
    for picture in 0..count {
        let (left, top) = (picture % COLUMNS * side, picture / COLUMNS * side);
        let mut put = |x: usize, y: usize, rgb: &[u8]| {
            sheet[3 * ((top + y) * COLUMNS * side + left + x)..][..3].copy_from_slice(rgb);
        };
        for (pixel, rgb) in bytes[3 * picture * side * side..].chunks_exact(3).take(side * side).enumerate() {
            put(pixel % side, pixel / side, rgb);
        }
        for joint in joints[34 * picture..][..34].chunks_exact(2) {
            let at = [joint[0], joint[1]].map(|part| (part * side as f32) as usize);
            if at.iter().all(|&value| value < side) {
                put(at[0], at[1], &[255, 255, 0]);
            }
        }
    }
    let head = format!("P6 {} {} 255\n", COLUMNS * side, ROWS * side);
    std::fs::write(out, [head.as_bytes(), &sheet].concat())?;
    Ok(())
}
