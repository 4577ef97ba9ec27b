//! Tests of rendered sessions.

use std::sync::atomic::AtomicBool;

use frame::CameraId;
use pose::Labels;
use take::session::{LABELS_FILE, Split};
use take::{MaskReader, TakeReader};

use super::*;

fn script(folder: &Path, name: &str, extra: &str) -> Script {
    let text = format!(
        "version = 1\nname = \"{name}\"\nseed = 5\ntakes = 2\ninstants = 6\nrate-hz = 25.0\n\n[rig]\nviews = 2\n\
         size-px = [96, 72]\n{extra}"
    );
    let path = folder.join(format!("{name}.toml"));
    fs::write(&path, text).unwrap();
    Script::read(&path, None, &[]).unwrap()
}

impl Script {
    fn held_out(mut self) -> Self {
        self.scenario.split = Split::HeldOut;
        self
    }
}

fn options(threads: usize) -> SessionOptions {
    SessionOptions { load: LoadOptions::default(), backend: Backend::Cpu, threads }
}

fn run(scripts: &[Script], out: &Path, threads: usize) -> Result<Rendered, RenderError> {
    render(scripts, out, &options(threads), &Progress::default(), &AtomicBool::new(false))
}

fn frames(take: &Path) -> Vec<(frame::FrameInfo, Vec<u8>)> {
    let take = TakeReader::open(take).unwrap();
    (0..take.cameras().len())
        .map(|camera| CameraId(camera as u16))
        .flat_map(|camera| (0..take.len(camera)).map(move |index| (camera, index)).collect::<Vec<_>>())
        .map(|(camera, index)| take.read(camera, index).unwrap())
        .collect()
}

#[test]
fn a_session_holds_takes_with_labels_masks_and_truth() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("session");
    let rendered = run(&[script(folder.path(), "a", "")], &out, 2).unwrap();
    assert_eq!(rendered, Rendered { takes: 2, kept: 0, complete: true });
    let session = Session::read(&out).unwrap();
    assert_eq!(session.takes.iter().map(|take| take.split).collect::<Vec<_>>(), [Split::Train; 2]);
    assert_ne!(session.takes[0].person, session.takes[1].person);
    for take in &session.takes {
        let take = Session::take_directory(&out, take);
        assert_eq!(frames(&take).len(), 12);
        let labels = Labels::read(&take.join(LABELS_FILE)).unwrap();
        let (masks, truth) = (MaskReader::open(&take).unwrap(), Truth::read(&take).unwrap());
        for (camera, known) in labels.cameras.iter().zip(&truth.cameras) {
            assert_eq!(camera.frames.len(), 6);
            for (frame, known) in camera.frames.iter().zip(&known.frames) {
                let mask = masks.get(&camera.name, frame.source_index).unwrap().unwrap();
                let [left, top, right, bottom] = known.box_px.unwrap();
                let covered = mask.pixels.iter().filter(|&&pixel| pixel > 0).count() as u32;
                assert!(covered > 20 && covered <= (right - left) * (bottom - top));
                // The hip is where the body is.
                let [x, y] = frame.root_px;
                assert!((left as f32..right as f32).contains(&x) && (top as f32..bottom as f32).contains(&y));
                assert_eq!(frame.joints_mm[0], [0.0; 3]);
            }
        }
    }
}

#[test]
fn a_camera_that_is_turned_sees_elsewhere_from_then_on_and_the_truth_knows() {
    let folder = tempfile::tempdir().unwrap();
    let [still, turned] = ["still", "turned"].map(|name| folder.path().join(name));
    run(&[script(folder.path(), "a", "")], &still, 2).unwrap();
    let turn = "\n[[turned]]\ncamera = 1\nat-s = 0.1\ndegrees = 12.0\n";
    run(&[script(folder.path(), "a", turn)], &turned, 2).unwrap();
    let takes = [still, turned].map(|out| out.join(TAKES).join("a-00000"));
    let [before, after] = takes.each_ref().map(|take| frames(take));
    for ((info, still), (_, turned)) in before.iter().zip(&after) {
        // At 25 Hz the third picture is the first one after the turn.
        let moved = info.camera == CameraId(1) && info.sequence >= 3;
        assert_eq!(still != turned, moved, "camera {:?}, picture {}", info.camera, info.sequence);
    }
    let [before, after] = takes.map(|take| Truth::read(&take).unwrap());
    assert!(before.height_mm.is_some_and(|height_mm| (1400.0..2100.0).contains(&height_mm)), "{:?}", before.height_mm);
    let axis = |truth: &Truth, frame: usize| glam::Vec3::from(truth.cameras[1].frames[frame].rotation[2]);
    assert_eq!(axis(&before, 2), axis(&after, 2));
    let flat = |axis: glam::Vec3| axis.with_y(0.0);
    let degrees = flat(axis(&before, 3)).angle_between(flat(axis(&after, 3))).to_degrees();
    assert!((degrees - 12.0).abs() < 0.01, "{degrees}°");
}

#[test]
fn what_is_there_is_kept_and_what_is_not_is_made_alike() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    run(&[script(folder.path(), "a", "")], &one, 1).unwrap();
    run(&[script(folder.path(), "a", "")], &two, 3).unwrap();
    let name = "a-00001";
    let take = |out: &Path| out.join(TAKES).join(name);
    let whole = frames(&take(&one));
    assert!(whole == frames(&take(&two)), "pixels do not depend on threads");

    // As after a kill: one take is missing, another is partial, and the session is not marked complete.
    fs::remove_dir_all(take(&one)).unwrap();
    fs::create_dir_all(one.join(PARTIAL).join(name)).unwrap();
    let unread = Session { version: SESSION_VERSION, complete: false, imported: None, takes: vec![] };
    unread.write(&one).unwrap();
    assert!(Session::read(&one).unwrap_err().to_string().contains("not complete"));
    let again = run(&[script(folder.path(), "a", "")], &one, 2).unwrap();
    assert_eq!(again, Rendered { takes: 2, kept: 1, complete: true });
    assert!(frames(&take(&one)) == whole);
    assert!(!one.join(PARTIAL).exists());
}

#[test]
fn a_rendering_that_is_stopped_leaves_no_session_that_looks_whole() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("session");
    let (progress, stop) = (Progress::default(), AtomicBool::new(true));
    let rendered = render(&[script(folder.path(), "a", "")], &out, &options(1), &progress, &stop).unwrap();
    assert!(!rendered.complete);
    assert!(Session::read(&out).is_err());
}

#[test]
fn a_session_that_lacks_takes_of_an_earlier_scenario_is_not_whole() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("session");
    run(&[script(folder.path(), "a", "")], &out, 2).unwrap();
    // As if the first rendering had been interrupted.
    fs::remove_dir_all(out.join(TAKES).join("a-00001")).unwrap();
    let error = run(&[script(folder.path(), "b", "")], &out, 2).unwrap_err();
    assert!(matches!(&error, RenderError::Short { path, missing: 1 } if path.ends_with("scenarios/a.toml")), "{error}");
    assert!(Session::read(&out).unwrap_err().to_string().contains("not complete"));
    assert_eq!(run(&[script(folder.path(), "a", "")], &out, 2).unwrap().takes, 4);
}

#[test]
fn sides_with_one_seed_share_no_draw() {
    let folder = tempfile::tempdir().unwrap();
    let (train, held_out) = (script(folder.path(), "a", ""), script(folder.path(), "a", "").held_out());
    assert_eq!(train.scenario.seed, held_out.scenario.seed);
    assert!((0..50).all(|take| train.plan(take).seed != held_out.plan(take).seed));
}

#[test]
fn scenarios_do_not_mix_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("session");
    run(&[script(folder.path(), "a", "")], &out, 2).unwrap();
    let other = script(folder.path(), "a", "roll-degrees = [0.0, 45.0]\n");
    assert!(matches!(run(&[other], &out, 1).unwrap_err(), RenderError::OtherScenario { .. }));
    let twice = [script(folder.path(), "b", ""), script(folder.path(), "b", "")];
    assert!(matches!(run(&twice, &out, 1).unwrap_err(), RenderError::SameName { .. }));
    // Another scenario becomes another part of the same session.
    let held_out = script(folder.path(), "c", "").held_out();
    assert_eq!(run(&[held_out], &out, 2).unwrap().takes, 4);
    let session = Session::read(&out).unwrap();
    assert_eq!(session.takes.iter().filter(|take| take.split == Split::HeldOut).count(), 2);
}

#[test]
fn backends_do_not_mix_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("session");
    let script = || script(folder.path(), "a", "");
    run(&[script()], &out, 2).unwrap();
    let made = out.join("rendered.toml");
    assert_eq!(fs::read_to_string(&made).unwrap(), "backend = \"cpu\"\n");
    // As from before the backend was recorded.
    fs::remove_file(&made).unwrap();
    assert_eq!(run(&[script()], &out, 2).unwrap().kept, 2);
    fs::write(&made, "backend = \"gpu\"\n").unwrap();
    let refused = run(&[script()], &out, 2).unwrap_err();
    assert!(matches!(&refused, RenderError::OtherBackend { known, asked: "cpu", .. } if known == "gpu"), "{refused}");
}

#[test]
fn faults_are_in_the_take_and_labels_stay_true() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("session");
    let faults = "\n[trigger]\nslip = 1.0\nloss = 0.3\nduplicate = 0.3\n";
    run(&[script(folder.path(), "a", faults)], &out, 2).unwrap();
    let session = Session::read(&out).unwrap();
    let mut slipped = 0;
    for take in &session.takes {
        let folder = Session::take_directory(&out, take);
        let labels = Labels::read(&folder.join(LABELS_FILE)).unwrap();
        for (info, _) in frames(&folder) {
            let shown = info.source.unwrap().index;
            slipped += u32::from(u64::from(shown) + 1 == info.trigger.pulse().unwrap());
            assert!(
                labels.cameras[info.camera.index()].at(shown).is_some(),
                "every picture has the label of what it shows"
            );
        }
    }
    assert!(slipped > 4, "{slipped} pictures are one instant late");
}

#[test]
fn pictures_that_are_lost_change_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, lossy] = ["whole", "lossy"].map(|name| folder.path().join(name));
    run(&[script(folder.path(), "a", "")], &whole, 2).unwrap();
    run(&[script(folder.path(), "a", "\n[trigger]\nloss = 0.4\n")], &lossy, 2).unwrap();
    let (mut lost, mut same) = (0, 0);
    for name in ["a-00000", "a-00001"] {
        let [all, some] = [&whole, &lossy].map(|out| out.join(TAKES).join(name));
        for (info, jpeg) in frames(&all) {
            let at = |other: &frame::FrameInfo| (other.camera, other.trigger) == (info.camera, info.trigger);
            match frames(&some).into_iter().find(|(other, _)| at(other)) {
                Some((_, other)) => same += u32::from(other == jpeg),
                None => lost += 1,
            }
        }
        let [all, some] = [all, some].map(|take| Truth::read(&take).unwrap());
        let lens = |truth: &Truth| truth.cameras.iter().map(|camera| camera.focal_px).collect::<Vec<_>>();
        assert_eq!(lens(&all), lens(&some));
    }
    assert!(lost > 0 && lost + same == 24, "{lost} lost, {same} the same");
}
