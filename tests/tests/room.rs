//! Rooms that change while a session plays them: each kind is an event within two seconds, nothing is invented
//! meanwhile, and the background is learned anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use frame::{CameraId, DeviceStamp, FrameInfo, HostTime, Picture, PixelFormat, SegmentId, TriggerIndex};
use genlock_tests::{check_accounts, genlock, json, recorded, succeed, take_and_finder, test_data};
use serde_json::Value;
use subject::{Decoder, RgbImage, Scale};
use take::{TakeInfo, TakeReader, TakeWriter};

const HZ: f64 = 25.0;
const CAMERAS: [&str; 4] = ["a", "b", "c", "d"];
/// When changes begin, in pictures.
const FROM: u64 = 100;
/// Within how many seconds they are told.
const NOTICED_S: f64 = 2.0;

/// Pictures of each camera of the example take, an eighth of their size, to and fro, so that nothing jumps.
fn example(take: &Path) -> Vec<Vec<RgbImage>> {
    let take = TakeReader::open(take).unwrap();
    let mut decoder = Decoder::new().unwrap();
    let mut camera = |camera: u16| -> Vec<RgbImage> {
        let there: Vec<RgbImage> = (0..100)
            .step_by(2)
            .map(|index| {
                let (info, bytes) = take.read(CameraId(camera), index).unwrap();
                let mut picture = RgbImage::default();
                decoder.decode(&info, &bytes, Scale::Eighth, &mut picture).unwrap();
                picture
            })
            .collect();
        there.iter().chain(there.iter().rev()).cloned().collect()
    };
    (0..4).map(&mut camera).collect()
}

/// A take of these pictures, without compression.
fn write(folder: &Path, pictures: u64, picture: impl Fn(usize, u64) -> RgbImage) -> PathBuf {
    let cameras = CAMERAS.map(str::to_owned).to_vec();
    let info = TakeInfo {
        name: "room".into(),
        rig_toml: String::new(),
        cameras,
        host: "test".into(),
        trigger_rate_hz: HZ,
        source_rate_hz: None,
    };
    std::fs::create_dir_all(folder).unwrap();
    let mut writer = TakeWriter::create(folder, &info).unwrap();
    for sequence in 0..pictures {
        for camera in 0..CAMERAS.len() {
            let at_ns = (1e9 * sequence as f64 / HZ) as i64;
            let RgbImage { width, height, rgb, .. } = picture(camera, sequence);
            let info = FrameInfo {
                camera: CameraId(camera as u16),
                sequence,
                segment: SegmentId::seam(0),
                trigger: TriggerIndex::Certain(sequence),
                exposure: HostTime::monotonic(at_ns, 0),
                exposure_duration_ns: 0,
                arrival_ns: at_ns,
                device: DeviceStamp::default(),
                source: None,
                picture: Picture::packed(PixelFormat::Rgb8, width, height),
            };
            writer.write_frame(&info, &rgb).unwrap();
        }
    }
    writer.finish().unwrap().directory
}

/// The picture with each value changed by its place.
fn changed(picture: &RgbImage, value: impl Fn(usize, usize, f32) -> f32) -> RgbImage {
    let width = picture.width as usize;
    let rgb =
        picture.rgb.iter().enumerate().map(|(at, &old)| value(at / 3 % width, at / 3 / width, f32::from(old)) as u8);
    RgbImage { rgb: rgb.collect(), ..picture.clone() }
}

fn shifted(picture: &RgbImage, [right, down]: [usize; 2]) -> RgbImage {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let from = |x: usize, y: usize| 3 * (y.saturating_sub(down).min(height) * width + x.saturating_sub(right));
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let rgb = pixels.flat_map(|(x, y)| picture.rgb[from(x, y)..][..3].iter().copied()).collect();
    RgbImage { rgb, ..picture.clone() }
}

/// A session that played and recorded a take.
struct Played {
    report: Value,
    take: TakeReader,
    _folder: tempfile::TempDir,
}

impl Played {
    fn play(folder: tempfile::TempDir, take: &Path, finder: &Path) -> Self {
        let out = folder.path().join("report.json");
        let mut command = genlock(["demo", "--headless", "--no-learner", "--from"]);
        command.arg(take).arg("--data").arg(folder.path().join("data")).arg("--report").arg(&out);
        succeed(command.env("GENLOCK_FINDER", finder));
        let report = json(&out);
        let take = TakeReader::open(recorded(&report)).unwrap();
        Self { report, take, _folder: folder }
    }

    /// How long after its picture of this number something is told of a camera, in seconds; not below zero.
    fn told_after_s(&self, camera: usize, kind: &str, from: u64) -> Option<f64> {
        let id = CameraId(camera as u16);
        let frames = (0..self.take.len(id)).filter_map(|index| self.take.frame_info(id, index));
        let exposure_ns = frames.into_iter().find(|info| info.trigger.pulse() == Some(from))?.exposure.ns;
        let name = format!("{}: ", CAMERAS[camera]);
        let mut notes = self.take.notes().iter().filter(|note| note.kind == kind && note.text.starts_with(&name));
        Some((notes.find(|note| note.at_ns >= exposure_ns)?.at_ns - exposure_ns) as f64 / 1e9)
    }

    #[track_caller]
    fn is_told(&self, camera: usize, kind: &str, from: u64, within_s: f64) {
        let after_s = self.told_after_s(camera, kind, from);
        println!("{} {kind}: told after {after_s:.2?} s", CAMERAS[camera]);
        assert!(after_s.is_some_and(|after_s| after_s < within_s), "{kind} {after_s:?}: {}", self.report["events"]);
    }

    /// The streamed messages, by their pulses.
    fn poses(&self) -> Vec<(u64, Value)> {
        let message = |json: Result<Vec<u8>, _>| serde_json::from_slice::<Value>(&json.unwrap()).unwrap();
        self.take.poses().map(message).filter_map(|pose| Some((pose["trigger_index"].as_u64()?, pose))).collect()
    }
}

#[test]
fn each_kind_is_told_and_nothing_is_invented_meanwhile() {
    let Some((example_take, finder)) = take_and_finder() else { return };
    let folder = tempfile::tempdir().unwrap();
    let pictures = example(&example_take);
    let take = write(&folder.path().join("takes"), 275, |camera, number| {
        let at = |number: u64| &pictures[camera][number as usize % pictures[camera].len()];
        if number < FROM {
            return at(number).clone();
        }
        let swing = 1.0 + 0.2 * (std::f32::consts::TAU * (number - FROM) as f32 / HZ as f32).sin();
        match camera {
            0 => changed(at(number), |_, _, value| 0.6 * value),
            1 => shifted(at(number), [9, 14]),
            2 => changed(at(number), |_, _, value| (swing * value).min(255.0)),
            _ => at(FROM).clone(),
        }
    });
    let played = Played::play(folder, &take, &finder);
    played.is_told(0, "scene-lights-change", FROM, NOTICED_S);
    played.is_told(1, "scene-moved", FROM, NOTICED_S);
    played.is_told(2, "scene-exposure-hunts", FROM, NOTICED_S);
    played.is_told(3, "scene-picture-repeats", FROM, NOTICED_S);
    for camera in [0, 1] {
        played.is_told(camera, "scene-steady", FROM, 2.0);
        played.is_told(camera, "background-learned", FROM, 4.0);
    }
    check_accounts(&played.report);
    let unknown =
        |pose: &Value| pose["not_known"].is_string() && pose["body"].is_null() && pose["poses"] == Value::Array(vec![]);
    // Views of both cameras came before, and come again once their backgrounds are learned anew.
    let seen = |from: u64, to: u64| {
        let poses = played.poses().into_iter().filter(|(at, _)| (from..to).contains(at));
        let views = poses.flat_map(|(_, pose)| pose["poses"].as_array().unwrap().clone());
        views.filter_map(|view| view["camera"].as_u64()).collect::<BTreeSet<u64>>()
    };
    let (before, after) = (seen(0, FROM), seen(FROM + 75, 275));
    println!("views of cameras {before:?} before, {after:?} after");
    assert!([0, 1].iter().all(|camera| before.contains(camera) && after.contains(camera)), "{before:?} {after:?}");
    // The last camera repeats for a second before it is known to.
    let meanwhile: Vec<_> = played.poses().into_iter().filter(|(at, _)| (FROM + 3..FROM + 20).contains(at)).collect();
    assert!(!meanwhile.is_empty() && meanwhile.iter().all(|(_, pose)| unknown(pose)), "{meanwhile:?}");
}

#[test]
fn darkness_screens_and_flicker_are_told_and_a_camera_that_sees_all_as_before_is_left_alone() {
    let Some((example_take, finder)) = take_and_finder() else { return };
    let folder = tempfile::tempdir().unwrap();
    let pictures = example(&example_take);
    let take = write(&folder.path().join("takes"), 225, |camera, number| {
        let picture = &pictures[camera][number as usize % pictures[camera].len()];
        let time = number as f32 / HZ as f32;
        match camera {
            0 => changed(picture, |_, _, value| 0.1 * value),
            _ if number < FROM => picture.clone(),
            1 => changed(picture, |x, y, value| {
                let shown = 128.0 + 100.0 * (x as f32 / 5.0 + 9.0 * time).sin() * (y as f32 / 6.0 + 5.0 * time).cos();
                if x < 70 && y < 160 { shown } else { value }
            }),
            2 if ((number - FROM) / 10).is_multiple_of(2) => changed(picture, |_, _, value| (value - 90.0).max(0.0)),
            _ => picture.clone(),
        }
    });
    let played = Played::play(folder, &take, &finder);
    played.is_told(0, "scene-dark", 0, NOTICED_S);
    played.is_told(1, "scene-background-moves", FROM, NOTICED_S);
    played.is_told(2, "scene-lights-change", FROM, NOTICED_S);
    let events = played.report["events"].as_array().unwrap();
    assert!(
        !events
            .iter()
            .any(|text| text.as_str().unwrap().starts_with("d: ") && !text.as_str().unwrap().contains("ended")),
        "{events:?}"
    );
    assert!(played.told_after_s(2, "scene-steady", FROM).is_none(), "it flickers to the end: {events:?}");
    let lost = &played.report["cameras"][0]["not_in_sets"]["unsteady-scene"];
    assert!(lost.as_u64().unwrap() > 180, "{}", played.report["cameras"]);
    assert!(played.report["cameras"][3]["not_in_sets"]["unsteady-scene"].is_null(), "{}", played.report["cameras"]);
    check_accounts(&played.report);
}

#[test]
fn the_cases_from_the_field_are_told() {
    let (Some((_, finder)), Some(data)) = (take_and_finder(), test_data()) else { return };
    // Ten seconds, since inference takes some to start where a machine is busy.
    const PICTURES: u64 = 250;
    for (case, kind, from) in
        [("lights", "scene-lights-change", 10), ("bump", "scene-moved", 25), ("dark", "scene-dark", 0)]
    {
        let Some(pictures) = videos(&data.join("field_cases").join(case)) else { return };
        let folder = tempfile::tempdir().unwrap();
        let take = write(&folder.path().join("takes"), PICTURES, |camera, number| {
            let pictures = &pictures[camera];
            pictures[number as usize % pictures.len()].clone()
        });
        let played = Played::play(folder, &take, &finder);
        for camera in 0..CAMERAS.len() {
            played.is_told(camera, kind, from, NOTICED_S);
        }
        let late: Vec<_> = played.poses().into_iter().filter(|(at, _)| *at >= from + 30).collect();
        assert!(!late.is_empty() && late.iter().all(|(_, pose)| pose["not_known"].is_string()), "{case}: {late:?}");
        let state = played.report["infer"]["state"].as_str().unwrap();
        assert!(state.contains("not known") && state.contains("too few cameras"), "{state}");
    }
}

/// The pictures of four videos, 136×240; `None` without ffmpeg.
fn videos(folder: &Path) -> Option<Vec<Vec<RgbImage>>> {
    let (width, height) = (136, 240);
    (1..=4)
        .map(|camera| {
            let mut command = Command::new("ffmpeg");
            command.args(["-v", "error", "-i"]).arg(folder.join(format!("cam{camera}.mp4")));
            let Ok(output) = command.args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]).output() else {
                println!("skipped: there is no ffmpeg on this machine");
                return None;
            };
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let frames = output.stdout.chunks_exact((3 * width * height) as usize);
            Some(frames.map(|rgb| RgbImage { width, height, rgb: rgb.to_vec(), scale: Scale::Full }).collect())
        })
        .collect()
}
