//! A virtual studio as live cameras, with the real binaries.

use std::path::{Path, PathBuf};

use frame::{CameraId, TriggerIndex};
use genlock_tests::{check_accounts, fail, genlock, json, recorded, succeed};
use take::{Session, TakeReader};
use transport::MomentFileReader;
use virtual_studio::actor::gltf::LoadOptions;
use virtual_studio::live_studio::{LiveStudio, Sent};
use virtual_studio::render::{Environment, Sky};

const VIEWS: usize = 3;
const INSTANTS: u64 = 100;
const SCENARIO: &str = "version = 1\nname = \"small\"\nseed = 3\ntakes = 2\ninstants = 100\nrate-hz = 25.0\n\
                        rig = { views = 3, size-px = [160, 120] }\n";

fn scenario(folder: &Path, more: &str) -> PathBuf {
    let path = folder.join("small.toml");
    std::fs::write(&path, format!("{SCENARIO}{more}")).unwrap();
    path
}

fn rig(folder: &Path, cameras: usize, rate_hz: f64) -> PathBuf {
    let camera =
        |view: usize| format!("[[camera]]\nname = \"c{view}\"\ndriver = \"virtual-studio\"\nsource = \"small.toml\"\n");
    let head = format!("version = 1\nname = \"r\"\n[trigger]\nmode = \"hardware\"\nrate-hz = {rate_hz:?}\n");
    let path = folder.join("rig.toml");
    std::fs::write(&path, head + &(0..cameras).map(camera).collect::<String>()).unwrap();
    path
}

/// Every recorded frame except each camera's first has a resolved trigger, and shows the camera's view at this pulse.
fn check_frames(take: &Path, scenario: &Path) {
    let take = TakeReader::open(take).unwrap();
    let people = LoadOptions { triangles: Some(8_000), ..LoadOptions::default() };
    let mut studio = LiveStudio::open(scenario, VIEWS, people).unwrap();
    let mut next = [0; VIEWS];
    for pulse in 0..500 {
        let truth = studio.pulse(pulse).unwrap();
        for (view, (next, sent)) in next.iter_mut().zip(&truth.sent).enumerate() {
            let camera = CameraId(view as u16);
            let Some(info) = take.frame_info(camera, *next) else { continue };
            if info.trigger.pulse() != Some(pulse) {
                continue;
            }
            assert!(*next == 0 || info.trigger == TriggerIndex::Certain(pulse), "{info:?}");
            assert_eq!((info.segment.number(), info.source), (pulse / INSTANTS, truth.source));
            let Sent::Picture { jpeg, .. } = sent else { panic!("nothing was sent at pulse {pulse}") };
            assert!(take.read(camera, *next).unwrap().1 == *jpeg, "camera {view} shows another instant at {pulse}");
            *next += 1;
        }
    }
    let recorded: Vec<_> = (0..VIEWS).map(|view| take.len(CameraId(view as u16))).collect();
    assert!(next[..] == recorded[..] && next.iter().all(|&frames| frames > 60), "{next:?} of {recorded:?}");
}

#[test]
fn a_session_in_a_studio_delivers_sets_that_are_never_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario(folder.path(), "");
    let (report, samples) = (folder.path().join("report.json"), folder.path().join("samples"));
    let mut command = genlock(["demo", "--headless", "--no-learner", "--seconds", "9", "--virtual"]);
    command.arg(&scenario).arg("--data").arg(folder.path().join("data"));
    succeed(command.arg("--report").arg(&report).arg("--store-samples").arg(&samples));
    let report = json(&report);
    check_accounts(&report);
    assert_eq!(report["rate_hz"], 25.0);
    assert_eq!(report["cameras"].as_array().unwrap().len(), VIEWS);
    let complete = report["sets"]["complete"].as_u64().unwrap();
    assert!(complete > 60, "{}", report["sets"]);
    check_frames(&recorded(&report), &scenario);
    let mut moments = 0;
    for moment in MomentFileReader::open(&samples).unwrap() {
        let moment = moment.unwrap().value;
        let pulse = moment.trigger.pulse().unwrap();
        assert!(moments == 0 || moment.trigger == TriggerIndex::Certain(pulse), "{:?}", moment.trigger);
        assert_eq!(moment.segment.number(), pulse / INSTANTS);
        assert!(moment.views.iter().all(|view| view.exposure == moment.exposure));
        moments += 1;
    }
    assert!(moments > 20, "{moments} moments");
}

#[test]
fn faulty_cameras_of_a_rig_lose_and_repeat_and_every_frame_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    scenario(folder.path(), "[trigger]\nloss = 0.5\nduplicate = 0.5\njitter-ms = 5.0\n");
    let report = folder.path().join("report.json");
    let mut command = genlock(["capture", "--seconds", "5"]);
    command.arg(rig(folder.path(), VIEWS, 25.0)).arg("--record").arg(folder.path().join("takes"));
    succeed(command.arg("--report").arg(&report));
    let report = json(&report);
    let lost = |camera: &serde_json::Value| camera["lost"]["missing-at-source"].as_u64().unwrap_or(0);
    assert!(report["cameras"].as_array().unwrap().iter().map(lost).sum::<u64>() > 10, "{}", report["cameras"]);
    let take = TakeReader::open(recorded(&report)).unwrap();
    let mut twice = 0;
    for camera in (0..VIEWS as u16).map(CameraId) {
        let infos: Vec<_> = (0..take.len(camera)).map(|at| take.frame_info(camera, at).unwrap()).collect();
        assert!(infos[1..].iter().all(|info| matches!(info.trigger, TriggerIndex::Certain(_))));
        let pulses: Vec<_> = infos.iter().map(|info| info.trigger.pulse()).collect();
        assert!(pulses.is_sorted(), "{pulses:?}");
        twice += pulses.windows(2).filter(|pair| pair[0] == pair[1]).count();
    }
    assert!(twice > 3, "{twice} duplicates");
}

#[test]
fn what_does_not_fit_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    scenario(folder.path(), "");
    let said = fail(genlock(["capture"]).arg(rig(folder.path(), VIEWS + 1, 25.0)));
    assert!(said.contains("4 cameras for its 3 views"), "{said}");
    let said = fail(genlock(["capture"]).arg(rig(folder.path(), VIEWS, 30.0)));
    assert!(said.contains("25 Hz") && said.contains("30 Hz") && said.contains("rate-hz"), "{said}");
    let wrong = scenario(folder.path(), "colour = 1\n");
    let said = fail(genlock(["demo", "--headless", "--virtual"]).arg(&wrong));
    assert!(said.contains("small.toml") && said.contains("`colour`"), "{said}");
    let said = fail(genlock(["demo", "--headless", "--virtual"]).arg(folder.path().join("none.toml")));
    assert!(said.contains("none.toml") && said.contains("cannot be read"), "{said}");
    let said = fail(&mut genlock(["demo", "--virtual", "--rate", "30"]));
    assert!(said.contains("cannot be used with"), "{said}");
}

#[test]
fn what_is_packed_renders_elsewhere_and_words_change_scenarios() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("assets/light")).unwrap();
    std::fs::write(at("assets/light/noon.hdr"), Environment::built_in(Sky::Noon).pack(64).unwrap()).unwrap();
    let scenario = scenario(folder.path(), "[place]\nenvironments = { folders = [\"light\"] }\n");
    let mut command = genlock(["pack-assets"]);
    command.arg(&scenario).arg("--assets").arg(at("assets")).arg("--out").arg(at("packed"));
    let said = succeed(&mut command);
    assert!(said.contains("0 people, 0 motions, 1 environments"), "{said}");
    std::fs::rename(at("packed"), at("moved")).unwrap();
    std::fs::remove_dir_all(at("assets")).unwrap();

    let render = |takes: &str| {
        let mut command = genlock(["render", "--set", takes, "--set", "instants=2", "--set", "rig.size-px=[64, 48]"]);
        command.arg(&scenario).arg("--assets").arg(at("moved")).arg("--out").arg(at("session"));
        command
    };
    succeed(&mut render("takes=3"));
    let session = Session::read(&at("session")).unwrap();
    assert_eq!(session.takes.iter().map(|take| &*take.environment).collect::<Vec<_>>(), ["noon"; 3]);
    let take = TakeReader::open(Session::take_directory(&at("session"), &session.takes[2])).unwrap();
    assert_eq!((take.cameras().len(), take.len(CameraId(0))), (VIEWS, 2));
    let info = take.frame_info(CameraId(0), 0).unwrap();
    assert_eq!(info.picture.size_px(), (64, 48));
    let kept = std::fs::read_to_string(at("session/scenarios/small.toml")).unwrap();
    assert!(kept.contains("takes = 3") && kept.contains("instants = 2"), "{kept}");

    let said = fail(&mut render("takes=4"));
    assert!(said.contains("another scenario with the same name"), "{said}");
    let said = fail(&mut render("tkes=4"));
    assert!(said.contains("small.toml") && said.contains("did you mean `takes`?"), "{said}");
}
