//! The live loop of a pose model: what it answers, reports and counts, and models that appear or change meanwhile.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{model, moment};
use infer::{LivePoses, ModelFile, PrecisionChoice};
use tch::Device;
use transport::{
    Hint, HintSource, InProcessMoments, InferStatus, ModelOrigin, Moment, MomentSink, PoseMessage, PoseSource,
    in_process_hints, in_process_poses,
};

fn watched(path: &Path) -> ModelFile {
    ModelFile::new(path.to_owned(), Device::Cpu, PrecisionChoice::F32)
}

/// Serves these moments until they are used up: what was sent, what was said last.
fn serve(path: &Path, depth: usize, moments: impl IntoIterator<Item = Moment>) -> (Vec<PoseMessage>, InferStatus) {
    let mut sink = InProcessMoments::default();
    let source = sink.source(depth);
    let (poses, mut sent) = in_process_poses(1024);
    let (hints, mut said) = in_process_hints(1);
    moments.into_iter().for_each(|moment| sink.send(&moment).unwrap());
    drop(sink);
    LivePoses::new(source, poses, hints, watched(path)).serve(|| true).unwrap();
    let mut messages = Vec::new();
    while let Ok(Some(message)) = sent.receive(Duration::ZERO) {
        messages.push(message);
    }
    match said.receive(Duration::ZERO) {
        Ok(Some(Hint::Infer(status))) => (messages, status),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_file_may_appear_be_replaced_be_corrupt_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pose.safetensors");
    let version = |file: &ModelFile| file.engine().map(|engine| engine.version().to_owned());
    let mut file = watched(&path);
    assert!(!file.refresh());
    assert!(file.engine().is_none() && file.problem().is_none());

    let (first, second) = (model(1), model(2));
    first.save(&path).unwrap();
    assert!(file.refresh());
    assert_eq!(version(&file), Some(first.version().unwrap()));
    assert!(!file.refresh(), "the same file is not loaded twice");

    second.save(&path).unwrap();
    assert!(file.refresh());
    assert_eq!(version(&file), Some(second.version().unwrap()));

    std::fs::write(&path, b"half a model").unwrap();
    assert!(!file.refresh());
    assert_eq!(version(&file), Some(second.version().unwrap()), "the old one serves on");
    assert!(file.problem().unwrap().contains("pose.safetensors"), "{:?}", file.problem());

    std::fs::remove_file(&path).unwrap();
    assert!(!file.refresh());
    assert_eq!(version(&file), Some(second.version().unwrap()));

    first.save(&path).unwrap();
    assert!(file.refresh());
    assert_eq!((version(&file), file.problem()), (Some(first.version().unwrap()), None));
}

#[test]
fn the_shipped_file_serves_while_there_is_none_of_the_users() {
    let folder = tempfile::tempdir().unwrap();
    let [own, shipped] = ["own", "shipped"].map(|name| folder.path().join(name));
    let mut file = watched(&own).or_shipped(shipped.clone());
    assert!(!file.refresh());
    model(1).save(&shipped).unwrap();
    std::fs::write(&own, b"half a model").unwrap();
    assert!(file.refresh(), "a damaged file does not stand in the way at the start");
    assert_eq!(file.origin(), Some(ModelOrigin::Shipped));
    assert!(file.problem().unwrap().contains("own"), "{:?}", file.problem());

    model(2).save(&own).unwrap();
    assert!(file.refresh());
    let version = |file: &ModelFile| file.engine().map(|engine| engine.version().to_owned());
    assert_eq!((file.origin(), version(&file)), (Some(ModelOrigin::Own), Some(model(2).version().unwrap())));
    model(3).save(&shipped).unwrap();
    assert!(!file.refresh(), "another shipped one changes nothing");
    std::fs::write(&own, b"half a model").unwrap();
    assert!(!file.refresh(), "the user's earlier one serves on");
    assert_eq!(file.origin(), Some(ModelOrigin::Own));

    std::fs::remove_file(&own).unwrap();
    assert!(file.refresh());
    assert_eq!((file.origin(), version(&file)), (Some(ModelOrigin::Shipped), Some(model(3).version().unwrap())));
}

#[test]
fn plain_pictures_are_refused_where_the_model_does_not_know_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pose.safetensors");
    model(1).save(&path).unwrap();
    let mut file = watched(&path).plain(true);
    assert!(!file.refresh() && file.engine().is_none());
    assert!(file.problem().unwrap().contains("`--plain`"), "{:?}", file.problem());
}

#[test]
fn the_newest_wins_and_the_others_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pose.safetensors");
    model(1).save(&path).unwrap();
    // A first one so that the count has a beginning, then 41 before anybody looks.
    let mut sink = InProcessMoments::default();
    let source = sink.source(1);
    let (poses, mut sent) = in_process_poses(16);
    let (hints, _said) = in_process_hints(1);
    let mut live = LivePoses::new(source, poses, hints, watched(&path));
    sink.send(&moment(0)).unwrap();
    let mut asked = 0;
    let mut sink = Some(sink);
    live.serve(|| {
        asked += 1;
        // At the second report the first moment has been answered.
        if asked == 2 {
            let mut sink = sink.take().unwrap();
            (1..=41).for_each(|set| sink.send(&moment(set)).unwrap());
        }
        true
    })
    .unwrap();
    let status = live.status(Instant::now());
    assert_eq!((status.moments_received, status.moments_superseded, status.poses), (2, 40, 2));
    let sets = [(); 2].map(|()| sent.receive(Duration::ZERO).unwrap().unwrap().set_index);
    assert_eq!(sets, [0, 41]);
    assert!(status.latency_ms_p50.unwrap() <= status.latency_ms_p99.unwrap());
}

#[test]
fn without_a_model_there_is_a_status_and_no_pose() {
    let folder = tempfile::tempdir().unwrap();
    let (poses, status) = serve(&folder.path().join("none.safetensors"), 8, (0..3).map(moment));
    assert!(poses.is_empty());
    assert_eq!((status.poses, status.moments_received, status.model_version), (0, 3, None));
    for needed in ["none.safetensors", "`genlock labels import", "`genlock finetune"] {
        assert!(status.state.contains(needed), "{}", status.state);
    }
}

#[test]
fn a_session_of_another_preprocessing_gets_none_either() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pose.safetensors");
    model(1).save(&path).unwrap();
    let (poses, status) = serve(&path, 8, (0..3).map(|set| Moment { preprocessing: 1, ..moment(set) }));
    assert!(poses.is_empty());
    assert_eq!(status.moments_received, 3);
    assert!(
        status.state.starts_with("no poses by your own model") && status.state.contains("0000000000000001"),
        "{}",
        status.state
    );
    // The session may change under it.
    let (poses, status) = serve(&path, 8, [Moment { preprocessing: 1, ..moment(0) }, moment(1)]);
    assert_eq!(poses.len(), 1);
    assert!(status.state.starts_with("poses by your own model ("), "{}", status.state);
}
