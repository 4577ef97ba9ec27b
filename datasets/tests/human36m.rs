//! Plans of Human3.6M folders, and the errors for incomplete ones.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{CAMERAS, human36m_clip};
use datasets::{DatasetError, ImportPlan, TakeSelection, human36m};
use take::session::Split;

fn data_set() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (subject, clip) in
        [("S1", "Walking"), ("S1", "Walking 1"), ("S1", "TakingPhoto 1"), ("S9", "WalkingDog"), ("S11", "Directions")]
    {
        human36m_clip(root.path(), subject, clip, 2, |_, path| fs::write(path, "video").unwrap());
    }
    fs::write(root.path().join("S1/Videos/_ALL.54138969.mp4"), "video").unwrap();
    fs::write(root.path().join("S1/Videos/readme.txt"), "text").unwrap();
    root
}

const THERE: [&str; 3] = ["S1", "S9", "S11"];

fn there() -> TakeSelection {
    TakeSelection { subjects: THERE.map(String::from).to_vec(), ..TakeSelection::default() }
}

fn plan(root: &Path, subjects: &[&str], actions: &[&str]) -> Result<ImportPlan, String> {
    let strings = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect();
    let selection = TakeSelection { subjects: strings(subjects), actions: strings(actions), leave_out: vec![] };
    human36m::plan(root, &selection).map_err(|error| error.to_string())
}

fn names(plan: &ImportPlan) -> Vec<&str> {
    plan.takes.iter().map(|planned| planned.take.name.as_str()).collect()
}

#[test]
fn takes_have_the_names_people_actions_and_splits_of_the_data_set() {
    let root = data_set();
    let plan = plan(root.path(), &THERE, &[]).unwrap();
    assert_eq!(names(&plan), ["S1-Photo-1", "S1-Walking", "S1-Walking-1", "S9-WalkDog"]);
    assert_eq!(plan.cameras, CAMERAS);
    let photo = &plan.takes[0];
    assert_eq!((&*photo.take.person, &*photo.take.clip, &*photo.take.action), ("S1", "S1 Photo 1", "Photo"));
    assert_eq!((photo.take.split, photo.rate_hz), (Split::Train, 50.0));
    assert_eq!(plan.takes[3].take.split, Split::HeldOut);
    for (view, camera) in photo.views.iter().zip(CAMERAS) {
        let expected: PathBuf = root.path().join(format!("S1/Videos/TakingPhoto 1.{camera}.mp4"));
        assert_eq!((&*view.camera, view.pictures.path()), (camera, expected.as_path()));
    }
    let notes = plan.notes.join("\n");
    assert!(notes.contains("S11 Directions"), "{notes}");
    assert_eq!((plan.test_every, &*photo.background_take), (Some(64), "S1-Walking-1"));
}

#[test]
fn people_and_actions_are_chosen() {
    let root = data_set();
    assert_eq!(names(&plan(root.path(), &["S9"], &[]).unwrap()), ["S9-WalkDog"]);
    assert_eq!(
        names(&plan(root.path(), &["S9", "S1"], &["WalkingDog", "Photo"]).unwrap()),
        ["S1-Photo-1", "S9-WalkDog"]
    );
    let selection = TakeSelection { leave_out: vec!["S1-Walking".into()], ..there() };
    assert_eq!(names(&human36m::plan(root.path(), &selection).unwrap()), ["S1-Photo-1", "S1-Walking-1", "S9-WalkDog"]);
}

#[test]
fn what_does_not_exist_is_said_beside_what_does() {
    let root = data_set();
    let check = |subjects: &[&str], actions: &[&str], words: &[&str]| {
        let said = plan(root.path(), subjects, actions).unwrap_err();
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    };
    check(&["S2"], &[], &["\"S2\"", "S1, S5, S6, S7, S8, S9, S11"]);
    check(&["S1", "S5"], &[], &["S5", "missing"]);
    check(&[], &[], &["4 files or folders are missing", "S5, S6, S7, S8", "--subjects S1,S9,S11"]);
    check(&[], &["Walk"], &["\"Walk\"", "Walking"]);
    check(&["S1"], &["Eating"], &["no take of these actions"]);
    let selection = TakeSelection { leave_out: vec!["S1-Sitting".into()], ..there() };
    let said = human36m::plan(root.path(), &selection).unwrap_err().to_string();
    assert!(said.contains("S1-Sitting") && said.contains("S1-Walking-1"), "{said}");
    assert!(plan(Path::new("/no/such/folder"), &[], &[]).unwrap_err().contains("not a folder"));
    let said = plan(&root.path().join("S1"), &[], &[]).unwrap_err();
    assert!(said.contains("it is one subject's") && said.contains("one folder per subject"), "{said}");
    fs::write(root.path().join("S1/Videos/session.toml"), "").unwrap();
    assert!(plan(&root.path().join("S1/Videos"), &[], &[]).unwrap_err().contains("a session already"));
}

#[test]
fn every_missing_file_is_named() {
    let root = data_set();
    let gone = [
        "S1/Videos/Walking 1.58860488.mp4",
        "S1/MyPoseFeatures/D3_Positions_mono/Walking.55011271.cdf",
        "S9/MyPoseFeatures/D2_Positions/WalkingDog.60457274.cdf",
    ];
    gone.iter().for_each(|file| fs::remove_file(root.path().join(file)).unwrap());
    match human36m::plan(root.path(), &there()) {
        Err(DatasetError::Missing { mut paths, .. }) => {
            paths.sort();
            // The name that the subject's other files would have is not known here: it is the usual one.
            let named = gone[2].replace("WalkingDog", "WalkDog");
            assert_eq!(paths, [Path::new(gone[1]), Path::new(gone[0]), Path::new(&named)]);
        }
        other => panic!("{other:?}"),
    }
    assert!(plan(root.path(), &["S1"], &["Photo"]).is_ok(), "what is whole can be chosen");
}

#[test]
fn a_missing_folder_is_named_once_and_world_coordinates_are_told_apart() {
    let root = data_set();
    let poses = root.path().join("S9/MyPoseFeatures");
    fs::rename(poses.join("D3_Positions_mono"), poses.join("D3_Positions")).unwrap();
    let said = plan(root.path(), &THERE, &[]).unwrap_err();
    assert!(said.contains("1 file or folder is missing"), "{said}");
    assert!(said.contains("S9/MyPoseFeatures/D3_Positions_mono") && said.contains("world coordinates"), "{said}");
}
