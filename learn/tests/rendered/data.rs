//! Loading a session, and rejecting invalid ones.

use std::path::Path;

use learn::LearnError;
use learn::data::rendered::{Dataset, Split, bytes_per_picture};
use recipe::DataConfig;
use take::MaskWriter;
use tch::{Device, Kind};

use crate::studio::{CAMERAS, LENGTH, TAKES, session, take_folder};

pub fn config() -> DataConfig {
    DataConfig { store_px: 56, ..DataConfig::default() }
}

pub fn load(folder: &Path) -> Dataset {
    Dataset::load(folder, &[], &config(), Device::Cpu, |_, _| {}).unwrap()
}

fn refused(folder: &Path, config: &DataConfig) -> String {
    match Dataset::load(folder, &[], config, Device::Cpu, |_, _| {}) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("this session should be refused"),
    }
}

#[test]
fn a_session_is_held_whole_with_its_labels_on_its_people() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path());
    let mut told = Vec::new();
    let dataset =
        Dataset::load(folder.path(), &[], &config(), Device::Cpu, |done, all| told.push((done, all))).unwrap();
    let count = TAKES.len() * LENGTH as usize * CAMERAS.len();
    assert_eq!((dataset.len(), dataset.without_subject()), (count, 0));
    assert_eq!(told.last(), Some(&(count, count)));
    assert_eq!(dataset.bytes(), count as u64 * bytes_per_picture(&config()));
    assert_eq!(dataset.rows(Split::Train).len() + dataset.rows(Split::HeldOut).len(), count);
    assert_eq!(dataset.rows(Split::HeldOut).len(), 2 * LENGTH as usize * CAMERAS.len());
    // Rows, instants and views name each other.
    for (number, take) in dataset.takes().iter().enumerate() {
        assert_eq!((take.instants.len(), take.rows.len()), (LENGTH as usize, LENGTH as usize));
        for (instant, rows) in take.rows.iter().enumerate() {
            assert_eq!(take.instants[instant].views, 0b111);
            for (view, row) in rows.iter().enumerate() {
                let id = dataset.pictures()[row.unwrap() as usize];
                assert_eq!((id.take as usize, id.instant as usize, usize::from(id.view)), (number, instant, view));
            }
        }
    }
    // Every joint lies on its person: the masks and the pictures were cut as the labels were.
    let rows: Vec<u32> = (0..count as u32).step_by(7).collect();
    let batch = dataset.batch(&rows).unwrap();
    let at = batch.joints_2d.f_add_scalar(1.0).unwrap() * 0.5 * f64::from(config().store_px);
    let at = at.to_kind(Kind::Int64).clamp(0, 55);
    let mut missed = 0;
    for picture in 0..rows.len() as i64 {
        for joint in 0..17 {
            let (x, y) = (at.int64_value(&[picture, joint, 0]), at.int64_value(&[picture, joint, 1]));
            missed += usize::from(batch.pixels.int64_value(&[picture, 3, y, x]) < 100);
        }
    }
    assert!(missed * 50 < rows.len() * 17, "{missed} joints of {} are off their person", rows.len() * 17);
    let fewer = DataConfig { every: 4, ..config() };
    let fewer = Dataset::load(folder.path(), &[], &fewer, Device::Cpu, |_, _| {}).unwrap();
    assert_eq!(fewer.len() * 4, count);
}

#[test]
fn a_session_that_cannot_be_learned_from_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let whole = session(folder.path());
    let error = refused(folder.path(), &DataConfig { memory_gb: 0.001, ..config() });
    assert!(error.contains("576 pictures need") && error.contains("data.memory-gb"), "{error}");

    let mut mixed = whole.clone();
    mixed.takes[7].person = mixed.takes[0].person.clone();
    mixed.write(folder.path()).unwrap();
    let error = refused(folder.path(), &config());
    assert!(error.contains("the person person 0 is both in `train` and in `held-out`"), "{error}");

    let mut incomplete = whole.clone();
    incomplete.complete = false;
    incomplete.write(folder.path()).unwrap();
    assert!(refused(folder.path(), &config()).contains("not complete"));
    whole.write(folder.path()).unwrap();

    // A mask that is missing is named, and so is a file.
    let take = take_folder(folder.path(), 2);
    let masks = std::fs::read(take.join("masks.mcap")).unwrap();
    MaskWriter::create(&take, &CAMERAS.map(str::to_owned)).unwrap().finish().unwrap();
    let error = refused(folder.path(), &config());
    assert!(error.contains("takes/002") && error.contains("masks.mcap has no mask of frame 0 of left"), "{error}");
    std::fs::remove_file(take.join("masks.mcap")).unwrap();
    let error = refused(folder.path(), &config());
    assert!(error.contains("takes/002: it has no masks.mcap"), "{error}");
    std::fs::write(take.join("masks.mcap"), masks).unwrap();

    // Half a picture.
    let recording = take.join("test.mcap");
    let bytes = std::fs::read(&recording).unwrap();
    std::fs::write(&recording, &bytes[..bytes.len() / 2]).unwrap();
    let error = Dataset::load(folder.path(), &[], &config(), Device::Cpu, |_, _| {}).unwrap_err();
    assert!(matches!(&error, LearnError::InTake { .. }) && error.to_string().contains("takes/002"), "{error}");
}
