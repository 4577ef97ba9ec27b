//! What a step of training on a rendered session costs, and how much of it varying the pictures does:
//! `step_cost CROP_PX STORE_PX BATCH [SESSION]`. Without a session it makes one of stick figures. On a CPU it counts
//! the processor time of all threads, which other work on the same cores hardly changes.

#[path = "../tests/rendered/studio.rs"]
#[allow(dead_code)]
mod studio;

use std::path::PathBuf;
use std::time::Instant;

use learn::data::augment::Augment;
use learn::data::rendered::{Dataset, Split};
use learn::runs::PoseTraining;
use recipe::{PrecisionChoice, TrainRecipe};

const ROUNDS: u32 = 6;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = model::start();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [crop_px, store_px, batch, session @ ..] = words.as_slice() else {
        return Err("usage: step_cost CROP_PX STORE_PX BATCH [SESSION]".into());
    };
    let folder = tempfile::tempdir()?;
    let session = session.first().map_or_else(
        || {
            studio::session(folder.path());
            folder.path().to_owned()
        },
        PathBuf::from,
    );
    let changes = [
        format!("crop-px={crop_px}"),
        format!("data.store-px={store_px}"),
        format!("transfer.batch={batch}"),
        "transfer.from=random".to_owned(),
    ];
    let recipe = TrainRecipe::parse("", &folder.path().join("recipe"), &changes)?;
    let dataset = Dataset::load(&session, &[], &recipe.data, device, |_, _| {})?;
    let rows = dataset.rows(Split::Train);
    let started = Instant::now();
    let augment = Augment::new(recipe.augment, &dataset, &rows, recipe.crop_px, 1)?;
    println!("backgrounds and noise: {:.2} s", started.elapsed().as_secs_f64());
    let chosen: Vec<u32> = rows.iter().copied().cycle().take(recipe.transfer.batch).collect();
    let least = |run: &mut dyn FnMut(u64) -> Result<(), Box<dyn std::error::Error>>| {
        let mut least = f64::MAX;
        for round in 0..ROUNDS {
            let begun = model::spent(device);
            run(round.into())?;
            least = least.min((model::spent(device) - begun).as_secs_f64());
        }
        Ok::<f64, Box<dyn std::error::Error>>(least)
    };
    let varied = least(&mut |round| {
        let varied = augment.apply(&dataset.batch(&chosen)?, None, round)?;
        // Reading a value waits for the device.
        varied.input.double_value(&[0, 0, 0, 0]);
        Ok(())
    })?;
    for precision in [PrecisionChoice::F32, PrecisionChoice::Bf16] {
        let recipe = TrainRecipe { precision, ..recipe.clone() };
        let mut trainer = PoseTraining::new(&recipe, &dataset, folder.path(), None)?;
        let step = least(&mut |_| Ok(trainer.step().map(|_| ())?))?;
        println!(
            "{device:?}, {precision:?}, {} threads, {batch} pictures of {crop_px} px: a step {:.1} ms ({:.0} pictures/s \
             of this time), of which varying the pictures {:.1} ms ({:.1} %)",
            model::threads(),
            1e3 * step,
            recipe.transfer.batch as f64 / step,
            1e3 * varied,
            100.0 * varied / step
        );
    }
    Ok(())
}
