//! Takes and sessions on disk.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use frame::CameraId;
use take::{MASKS_FILE, MaskReader, MaskWriter, Session, TakeReader, header, inspect};

use crate::scratch;

/// The cameras of the takes made here, and so of the seeds.
const CAMERAS: [&str; 2] = ["left", "right"];

/// The header of a frame in a take.
pub fn header(data: &[u8]) -> bool {
    let Ok((info, length)) = header::decode(CameraId(3), data) else { return false };
    assert!(length <= data.len());
    info.picture.least_bytes();
    let written = header::encode(&info);
    assert_eq!(header::decode(CameraId(3), &written), Ok((info, header::LENGTH)));
    true
}

/// `data` is the recording of a take with a valid description.
pub fn recording(data: &[u8]) -> bool {
    scratch::folder(|parent| {
        let folder = parent.join("recording");
        fs::create_dir_all(&folder).expect("a temporary folder");
        fs::write(folder.join("take.toml"), DESCRIPTION).expect("a temporary file");
        let file = folder.join("host.mcap");
        fs::write(&file, data).expect("a temporary file");
        let Ok(take) = TakeReader::open(&folder) else { return false };
        let frames = check_frames(&take, data.len() as u64);
        inspect(&folder).expect("what was opened can be summed up");
        // The ignored end does not affect the frames before it.
        if let [torn] = take.torn() {
            assert!(!take.complete());
            assert_eq!(torn.offset + torn.bytes, data.len() as u64);
            fs::write(&file, &data[..torn.offset as usize]).expect("a temporary file");
            let whole = TakeReader::open(&folder).expect("what lies before a torn end reads alone");
            assert_eq!(check_frames(&whole, torn.offset), frames);
        }
        true
    })
}

/// Reads all frames. Returns how many there are.
fn check_frames(take: &TakeReader, file_bytes: u64) -> usize {
    let mut frames = 0;
    let mut bytes = 0;
    for camera in (0..CAMERAS.len() as u16).map(CameraId) {
        for index in 0..take.len(camera) {
            let (info, unit) = take.read(camera, index).expect("a frame that was found can be read");
            assert_eq!(info.camera, camera);
            assert_eq!(take.frame_bytes(camera, index), Some(unit.len() as u64));
            bytes += unit.len() as u64;
            frames += 1;
        }
        assert!(take.read(camera, take.len(camera)).is_err());
    }
    let mut messages = 0;
    for json in take.poses() {
        bytes += json.expect("a message that was found can be read").len() as u64;
        messages += 1;
    }
    assert_eq!(messages, take.pose_messages());
    assert!(bytes <= file_bytes);
    assert!(take.gaps().iter().all(|gap| gap.camera.index() < CAMERAS.len()));
    frames
}

const DESCRIPTION: &str = r#"
format_version = 1
genlock_version = "0.1.0"
started_utc = "2026-01-01T00:00:00Z"
boot_id = ""
clocks = []
[take]
name = "a take"
rig_toml = ""
cameras = ["left", "right"]
host = "host"
trigger_rate_hz = 60.0
"#;

/// `data` is a `take.toml`, or a `session.toml`.
pub fn description(data: &[u8]) -> bool {
    scratch::folder(|parent| {
        let folder = parent.join("description");
        fs::create_dir_all(&folder).expect("a temporary folder");
        fs::write(folder.join("take.toml"), data).expect("a temporary file");
        fs::write(folder.join("host.mcap"), [0x89, b'M', b'C', b'A', b'P', 0x30, b'\r', b'\n'])
            .expect("a temporary file");
        let take = TakeReader::open(&folder);
        if let Ok(take) = &take {
            assert!(take.is_empty() && !take.complete());
            let cameras: BTreeSet<_> = take.cameras().iter().collect();
            assert!(!cameras.is_empty() && cameras.len() == take.cameras().len());
        }
        fs::write(folder.join("session.toml"), data).expect("a temporary file");
        let Ok(session) = Session::read_unfinished(&folder) else { return take.is_ok() };
        for take in &session.takes {
            let takes = folder.join("takes");
            assert_eq!(
                Session::take_directory(&folder, take).parent(),
                Some(&*takes),
                "{:?} is not in the folder of takes",
                take.name
            );
        }
        session.write(&folder).expect("a temporary file");
        assert_eq!(Session::read_unfinished(&folder).expect("what was written reads"), session);
        true
    })
}

/// `data` is a `masks.mcap`.
pub fn masks(data: &[u8]) -> bool {
    scratch::folder(|parent| {
        let folder = parent.join("masks");
        fs::create_dir_all(&folder).expect("a temporary folder");
        fs::write(folder.join(MASKS_FILE), data).expect("a temporary file");
        let Ok(reader) = MaskReader::open(&folder) else { return false };
        let mut understood = false;
        for camera in CAMERAS {
            for index in reader.indices(camera).collect::<Vec<_>>() {
                let Ok(mask) = reader.get(camera, index) else { continue };
                let mask = mask.expect("an index that is listed has a mask");
                understood = true;
                assert_eq!(mask.pixels.len() as u64, u64::from(mask.width_px) * u64::from(mask.height_px));
                if let Some([left, top, right, bottom]) = mask.bounds() {
                    assert!(left < right && right <= mask.width_px && top < bottom && bottom <= mask.height_px);
                }
                if mask.pixels.len() < 1 << 20 {
                    assert_eq!(written_again(&parent.join("again"), &mask), mask);
                }
            }
        }
        understood
    })
}

fn written_again(folder: &Path, mask: &take::Mask) -> take::Mask {
    fs::create_dir_all(folder).expect("a temporary folder");
    let mut writer = MaskWriter::create(folder, &CAMERAS.map(str::to_owned)).expect("a temporary file");
    writer.write(CameraId(1), 7, (mask.width_px, mask.height_px), &mask.pixels).expect("a mask can be written");
    writer.finish().expect("a temporary file");
    let reader = MaskReader::open(folder).expect("what was written reads");
    reader.get(CAMERAS[1], 7).expect("what was written reads").expect("its mask")
}
