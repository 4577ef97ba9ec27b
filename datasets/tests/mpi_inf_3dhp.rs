//! Plans of MPI-INF-3DHP folders, and the errors for incomplete ones.

mod common;

use std::fs;
use std::path::Path;

use common::{jpeg, mpi_inf_3dhp_annotations, write};
use datasets::{ImportPlan, PictureFiles, TakeSelection, mpi_inf_3dhp};
use take::session::Split;

fn sequence(root: &Path, name: &str) {
    mpi_inf_3dhp_annotations(&root.join(name), 2, 0);
    for camera in 0..14 {
        write(&root.join(name).join(format!("imageSequence/video_{camera}.avi")), b"video");
    }
}

fn plan(root: &Path, selection: &TakeSelection, cameras: &[u8]) -> Result<ImportPlan, String> {
    mpi_inf_3dhp::plan(root, selection, cameras, None).map_err(|error| error.to_string())
}

fn subjects(names: &[&str]) -> TakeSelection {
    TakeSelection { subjects: names.iter().map(|&name| name.to_owned()).collect(), ..TakeSelection::default() }
}

fn sequences(subject: &str, sequences: &[&str]) -> TakeSelection {
    TakeSelection { actions: sequences.iter().map(|&name| name.to_owned()).collect(), ..subjects(&[subject]) }
}

#[test]
fn sequences_have_their_own_rates() {
    let root = tempfile::tempdir().unwrap();
    ["S1/Seq1", "S1/Seq2", "S3/Seq1", "S3/Seq2"].iter().for_each(|name| sequence(root.path(), name));
    fs::create_dir(root.path().join("TS1")).unwrap();
    write(&root.path().join("S3/Seq1/FGmasks/video_2.avi"), b"video");
    let plan = plan(root.path(), &subjects(&["S1", "S3"]), &mpi_inf_3dhp::DEFAULT_CAMERAS).unwrap();
    let takes: Vec<_> = plan.takes.iter().map(|planned| (&*planned.take.name, planned.rate_hz)).collect();
    assert_eq!(takes, [("S1-Seq1", 25.0), ("S1-Seq2", 50.0), ("S3-Seq1", 50.0), ("S3-Seq2", 50.0)]);
    assert_eq!(plan.cameras, ["camera-0", "camera-2", "camera-7", "camera-8"]);
    assert_eq!(plan.takes[2].views[3].pictures.path(), root.path().join("S3/Seq1/imageSequence/video_8.avi"));
    let own: Vec<bool> = plan.takes[2].views.iter().map(|view| view.masks.is_some()).collect();
    assert_eq!(own, [false, true, false, false]);
    let notes = plan.notes.join("\n");
    assert!(notes.contains("TS6"), "{notes}");
}

#[test]
fn two_people_are_held_out_and_others_when_asked_for() {
    let root = tempfile::tempdir().unwrap();
    ["S1/Seq1", "S6/Seq1", "S7/Seq1"].iter().for_each(|name| sequence(root.path(), name));
    let held_out = |people: &[&str], asked: Option<&[String]>| {
        let selection = TakeSelection { actions: vec!["Seq1".into()], ..subjects(people) };
        mpi_inf_3dhp::plan(root.path(), &selection, &[0], asked).map_err(|error| error.to_string()).map(|plan| {
            let out = plan.takes.into_iter().filter(|planned| planned.take.split == Split::HeldOut);
            out.map(|planned| planned.take.person).collect::<Vec<_>>()
        })
    };
    assert_eq!(held_out(&["S1", "S6", "S7"], None).unwrap(), ["S6", "S7"]);
    assert_eq!(held_out(&["S1", "S6"], None).unwrap(), ["S6"]);
    assert_eq!(held_out(&["S1", "S6"], Some(&["S1".into()])).unwrap(), ["S1"]);
    let said = held_out(&["S1", "S6"], Some(&["S7".into()])).unwrap_err();
    assert!(said.contains("\"S7\" cannot be held out") && said.contains("S1, S6"), "{said}");
}

#[test]
fn extracted_frames_serve_in_the_usual_layouts() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("S1/Seq1");
    mpi_inf_3dhp_annotations(&folder, 3, 0);
    for frame in 1..=3 {
        write(&folder.join(format!("imageSequence/video_0/img_{frame:06}.jpg")), &jpeg("a"));
        write(&folder.join(format!("imageSequence/img_2_{frame:06}.jpg")), &jpeg("b"));
        write(&folder.join(format!("imageFrames/video_7/frame_{frame:06}.jpg")), &jpeg("c"));
    }
    let planned = plan(root.path(), &sequences("S1", &["Seq1"]), &[0, 2, 7]).unwrap();
    for view in &planned.takes[0].views {
        let PictureFiles::Jpegs { files, .. } = &view.pictures else { panic!("{view:?}") };
        assert_eq!(files.len(), 3);
        assert!(files.is_sorted());
    }
    fs::remove_file(folder.join("imageFrames/video_7/frame_000002.jpg")).unwrap();
    let said = plan(root.path(), &sequences("S1", &["Seq1"]), &[0, 2, 7]).unwrap_err();
    assert!(said.contains("video_7") && said.contains("frame 2"), "{said}");
}

#[test]
fn what_does_not_exist_is_said() {
    let root = tempfile::tempdir().unwrap();
    sequence(root.path(), "S1/Seq1");
    let check = |selection: &TakeSelection, cameras: &[u8], words: &[&str]| {
        let said = plan(root.path(), selection, cameras).unwrap_err();
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    };
    check(&subjects(&["TS1"]), &[0], &["TS1", "not supported"]);
    check(&subjects(&["S9"]), &[0], &["S9", "S8"]);
    check(&TakeSelection { actions: vec!["Seq3".into()], ..TakeSelection::default() }, &[0], &["Seq3", "Seq2"]);
    check(&TakeSelection::default(), &[0, 14], &["camera 14", "0 to 13"]);
    check(&TakeSelection::default(), &[2, 2], &["camera 2", "twice"]);
    check(&TakeSelection::default(), &[], &["at least one"]);
    check(&sequences("S1", &["Seq2"]), &[0], &["S1/Seq2"]);
    check(&subjects(&["S1"]), &[0], &["S1/Seq2", "--sequences"]);
    check(&TakeSelection::default(), &[0], &["S2, S3", "protocol", "--subjects S1"]);
    fs::remove_file(root.path().join("S1/Seq1/imageSequence/video_8.avi")).unwrap();
    check(&sequences("S1", &["Seq1"]), &[0, 8], &["S1/Seq1/imageSequence/video_8.avi", "1 file or folder is missing"]);
}
