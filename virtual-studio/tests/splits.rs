//! Held-out people and clips of the shipped recipes are in no training.

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::data;
use take::session::Split;
use virtual_studio::actor::identity;
use virtual_studio::scene::Catalogue;
use virtual_studio::session::Script;

const TRAINING: [&str; 3] = ["train", "train-wide", "train-own"];
const HELD_OUT: [&str; 2] = ["held-out", "twin"];

fn read(data: &Path, name: &str) -> Script {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../recipes/people-{name}.toml"));
    let take = data.join("pose2sim_single");
    let real = [
        ("twin.markers", "pose3d/S00_P00_T01_BalancingTrial_0-100_filt_butterworth.trc"),
        ("twin.calibration", "calibration/Calib.qca.txt"),
    ];
    let changes = real.map(|(key, file)| format!("{key}={:?}", take.join(file)));
    Script::read(&path, Some(data), if name == "twin" { &changes } else { &[] }).unwrap()
}

fn stems(files: &[PathBuf]) -> BTreeSet<String> {
    files.iter().map(|file| file.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

fn people(catalogue: &Catalogue) -> BTreeSet<String> {
    stems(catalogue.people()).iter().map(|name| identity(name).to_owned()).collect()
}

fn seeds(script: &Script) -> BTreeSet<u64> {
    (0..script.scenario.takes).map(|take| script.catalogue().plan(&script.scenario, take).seed).collect()
}

#[test]
fn people_clips_rooms_and_draws_that_are_held_out_are_in_no_training() {
    let Some(data) = data() else { return };
    let held_out = HELD_OUT.map(|name| read(&data, name));
    assert_eq!(people(held_out[0].catalogue()).len(), 9);
    assert_eq!(people(held_out[0].catalogue()), people(held_out[1].catalogue()));
    let mut seen = BTreeSet::new();
    for name in TRAINING {
        let train = read(&data, name);
        assert_eq!(people(train.catalogue()).len(), 25, "{name}");
        assert!(seeds(&train).iter().all(|seed| seen.insert(*seed)), "{name} repeats takes of another scenario");
        for other in &held_out {
            assert_eq!((train.scenario.split, other.scenario.split), (Split::Train, Split::HeldOut));
            let (train, other_files) = (train.catalogue(), other.catalogue());
            let shares = |of: fn(&Catalogue) -> BTreeSet<String>| -> Vec<String> {
                of(train).intersection(&of(other_files)).cloned().collect()
            };
            assert_eq!(shares(people), [""; 0], "{name} and {}", other.scenario.name);
            assert_eq!(shares(|catalogue| stems(catalogue.motions())), [""; 0], "{name} and {}", other.scenario.name);
            assert_eq!(shares(|catalogue| stems(catalogue.environments())), [""; 0]);
        }
        assert!(held_out.iter().all(|other| seeds(other).is_disjoint(&seeds(&train))), "{name}");
    }
}
