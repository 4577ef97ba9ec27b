//! Trials: a model compared with baselines and peers, by view, by tenth and fused.

use std::path::{Path, PathBuf};

use learn::data::rendered::{PictureFrom, Split};
use learn::eval::{Evaluator, PeerPictures, PeerPoses, Trial};
use learn::runs::PoseTraining;
use model::{PoseModel, Precision};
use recipe::{Peer, TrainRecipe};
use take::Session;

use crate::data::load;
use crate::studio::{CAMERAS, LENGTH, session};

const RECIPE: &str = r#"
crop-px = 32
width = 8
precision = "f32"
data = { store-px = 56 }
augment = { backgrounds = 64 }
sync = { samples = 0 }
[transfer]
from = "random"
samples = 128
batch = 32
"#;

#[test]
fn a_trial_measures_everybody_on_the_same_pictures() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path());
    let dataset = load(folder.path());
    let recipe = TrainRecipe::parse(RECIPE, Path::new("test.toml"), &[]).unwrap();
    let mut trainer = PoseTraining::new(&recipe, &dataset, folder.path(), None).unwrap();
    while !trainer.done() {
        trainer.step().unwrap();
    }
    let model: &PoseModel = trainer.model().unwrap().unwrap();
    let evaluator = Evaluator::new(&dataset, &dataset.rows(Split::Train), recipe.crop_px, 0, true).unwrap();
    let trial = Trial::of_session(&dataset, recipe.crop_px, 0).unwrap();

    // A peer that gives the mean pose has the baseline's error; a peer that gives the truth has none.
    let mean = vec![Some(evaluator.baselines().mean); trial.from().len()];
    let truth: Vec<_> = trial.truth().iter().copied().map(Some).collect();
    let mut half = truth.clone();
    half.iter_mut().step_by(2).for_each(|pose| *pose = None);
    let peers = [("mean", mean), ("truth", truth), ("half", half)];
    let peers = peers.map(|(who, poses)| PeerPoses { who: who.to_owned(), poses });
    let report = trial.measure(model, Precision::F32, evaluator.baselines(), &peers).unwrap();
    let row = |who: &str| report.rows.iter().find(|row| row.who == who).unwrap();
    assert_eq!((report.pictures, report.instants), (144, 2 * LENGTH as usize));
    assert_eq!(row("mean").all.metrics, row("mean pose").all.metrics);
    assert!(row("truth").all.metrics.mpjpe17 < 1e-3);
    // Three views of the same pose fuse to that pose.
    assert!(row("truth").fused.as_ref().unwrap().metrics.mpjpe17 < 0.1);
    assert_eq!((row("half").pictures, row("truth").pictures), (72, 144));
    let ours = row("pose model, masks");
    assert_eq!((ours.views.len(), ours.tenths.len()), (CAMERAS.len(), 10));
    let mean_of_views = ours.views.iter().flatten().map(|scores| scores.metrics.mpjpe17).sum::<f64>() / 3.0;
    assert!((mean_of_views - ours.all.metrics.mpjpe17).abs() < 1e-6, "all views have as many pictures");
    // Held-out clips differ from training clips.
    assert!(report.nearest_training_pose.mean_mm > 1.0);
    assert!(report.nearest_training_pose.mean_mm < row("Procrustes mean pose").all.metrics.pmpjpe17);

    let short = [PeerPoses { who: "short".to_owned(), poses: vec![None; 3] }];
    assert!(trial.measure(model, Precision::F32, evaluator.baselines(), &short).is_err());
}

#[test]
fn peers_are_programs_that_are_given_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let about = session(folder.path());
    let takes: Vec<PathBuf> = about.takes.iter().map(|take| Session::take_directory(folder.path(), take)).collect();
    let from = [(0, 3, 1), (7, 20, 2)].map(|(take, instant, camera)| PictureFrom { take, instant, camera });
    let pictures = tempfile::tempdir().unwrap();
    let written = PeerPictures::write(pictures.path(), &takes, &from).unwrap();
    let jpeg = std::fs::read(pictures.path().join("000001.jpg")).unwrap();
    assert_eq!(jpeg[..2], [0xff, 0xd8]);
    let list = std::fs::read_to_string(pictures.path().join("pictures.json")).unwrap();
    assert!(list.contains(r#"{"file":"000001.jpg","take":7,"instant":20,"camera":2}"#), "{list}");

    let ask = |script: &str| {
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        written.ask(&Peer { who: "sh".to_owned(), command }).map_err(|error| error.to_string())
    };
    assert_eq!(ask("echo '[null, null]' > $0/poses.json").unwrap().poses, [None, None]);
    for (script, part) in [
        ("echo '[null]' > $0/poses.json", "1 poses of 2 pictures"),
        ("echo '[[[1, 2]], null]' > $0/poses.json", "is no list"),
        ("echo no weights >&2; exit 3", "no weights"),
        // The poses of the peer before are not this one's.
        ("true", "No such file"),
    ] {
        let error = ask(script).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    let missing = PictureFrom { instant: LENGTH, ..from[0] };
    assert!(PeerPictures::write(pictures.path(), &takes, &[missing]).is_err());
}
