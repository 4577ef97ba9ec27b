//! Replays every saved input, so that faults that a fuzzer found stay fixed.

use std::fs;
use std::path::PathBuf;

use fuzz::TARGETS;

fn here(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// File names without their endings, sorted.
fn names(folder: &str) -> Vec<String> {
    let stem = |entry: fs::DirEntry| entry.path().file_stem().unwrap().to_string_lossy().into_owned();
    let mut names: Vec<_> = fs::read_dir(here(folder)).unwrap().map(|entry| stem(entry.unwrap())).collect();
    names.sort();
    names
}

#[test]
fn all_kept_inputs_are_handled() {
    for (name, target) in TARGETS {
        let mut inputs: Vec<_> =
            fs::read_dir(here("corpus").join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{name} has no input");
        target(&[]);
        let mut seeds = 0;
        for input in inputs {
            let data = fs::read(&input).unwrap();
            let handled = std::panic::catch_unwind(|| target(&data));
            let Ok(understood) = handled else { panic!("{} breaks the target {name}", input.display()) };
            // Otherwise the target checks nothing, and a search starts from nothing.
            if input.file_name().unwrap().to_string_lossy().starts_with("seed-") {
                assert!(understood, "the target {name} does not understand {}", input.display());
                seeds += 1;
            }
        }
        assert!(seeds > 0, "{name} has no seed");
    }
}

#[test]
fn each_target_has_its_program_and_its_corpus() {
    let targets: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert!(targets.is_sorted(), "{targets:?}");
    assert_eq!(names("corpus"), targets);
    assert_eq!(names("fuzz_targets"), targets);
    let manifest = fs::read_to_string(here("Cargo.toml")).unwrap();
    for target in targets {
        assert!(manifest.contains(&format!("name = \"{target}\"\n")), "{target} is not in Cargo.toml");
    }
}
