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
    mpi_inf_3dhp::plan(root, selection, cameras).map_err(|error| error.to_string())
}

fn subjects(names: &[&str]) -> TakeSelection {
    TakeSelection { subjects: names.iter().map(|&name| name.to_owned()).collect(), ..TakeSelection::default() }
}

#[test]
fn sequences_have_their_own_rates_and_all_are_for_training() {
    let root = tempfile::tempdir().unwrap();
    ["S1/Seq1", "S1/Seq2", "S3/Seq1"].iter().for_each(|name| sequence(root.path(), name));
    fs::create_dir(root.path().join("TS1")).unwrap();
    let plan = plan(root.path(), &TakeSelection::default(), &mpi_inf_3dhp::DEFAULT_CAMERAS).unwrap();
    let takes: Vec<_> = plan.takes.iter().map(|planned| (&*planned.take.name, planned.rate_hz)).collect();
    assert_eq!(takes, [("S1-Seq1", 25.0), ("S1-Seq2", 50.0), ("S3-Seq1", 50.0)]);
    assert!(plan.takes.iter().all(|planned| planned.take.split == Split::Train));
    assert_eq!(plan.cameras, ["camera-0", "camera-2", "camera-7", "camera-8"]);
    assert_eq!(plan.takes[2].views[3].pictures.path(), root.path().join("S3/Seq1/imageSequence/video_8.avi"));
    let notes = plan.notes.join("\n");
    assert!(notes.contains("S3/Seq2") && notes.contains("TS6") && notes.contains("S2, S4"), "{notes}");
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
    let planned = plan(root.path(), &TakeSelection::default(), &[0, 2, 7]).unwrap();
    for view in &planned.takes[0].views {
        let PictureFiles::Jpegs { files, .. } = &view.pictures else { panic!("{view:?}") };
        assert_eq!(files.len(), 3);
        assert!(files.is_sorted());
    }
    fs::remove_file(folder.join("imageFrames/video_7/frame_000002.jpg")).unwrap();
    let said = plan(root.path(), &TakeSelection::default(), &[0, 2, 7]).unwrap_err();
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
    check(&TakeSelection { actions: vec!["Seq2".into()], ..TakeSelection::default() }, &[0], &["S1/Seq2/annot.mat"]);
    fs::remove_file(root.path().join("S1/Seq1/imageSequence/video_8.avi")).unwrap();
    check(&TakeSelection::default(), &[0, 8], &["S1/Seq1/imageSequence/video_8.avi", "1 file or folder is missing"]);
}
