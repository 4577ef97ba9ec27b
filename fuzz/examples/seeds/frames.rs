//! Seeds of frames, takes and pictures.

use frame::{
    BayerPattern, CameraId, DeviceStamp, Encoding, FrameInfo, HostTime, LossReason, Picture, PixelFormat, SegmentId,
    SourcePosition, TriggerIndex,
};
use subject::FinderPicture;
use take::session::Split;
use take::{ClockRelation, Gap, MASKS_FILE, MaskWriter, Session, SessionTake, TakeInfo, TakeWriter, header};

use crate::Seed;

pub fn seeds() -> Vec<Seed> {
    let mut seeds = pictures();
    seeds.extend(take());
    seeds.push(("masks", "whole", masks()));
    seeds
}

pub fn info(picture: Picture) -> FrameInfo {
    FrameInfo {
        camera: CameraId(0),
        sequence: 7,
        segment: SegmentId::seam(1),
        trigger: TriggerIndex::Certain(9),
        exposure: HostTime::monotonic(1_000_000, 500),
        exposure_duration_ns: 4_000_000,
        arrival_ns: 2_000_000,
        device: DeviceStamp { ns: Some(15), counter: Some(16) },
        source: Some(SourcePosition { index: 5, length: 6 }),
        picture,
    }
}

pub fn finder_picture(width: u32, height: u32) -> FinderPicture {
    let rgb = (0..3 * width * height).map(|at| (at * 7) as u8).collect();
    FinderPicture { width, height, rgb, origin_px: [-3.5, 7.25], scale: 1.5, frame_px: (640, 480), mask: None }
}

pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    finder_picture(width, height).to_jpeg().expect("a picture")
}

fn mjpeg() -> Picture {
    Picture::Encoded { encoding: Encoding::Mjpeg, width_px: 16, height_px: 8 }
}

fn pictures() -> Vec<Seed> {
    let formats = [
        ("gray", PixelFormat::Gray8),
        ("rgb", PixelFormat::Rgb8),
        ("yuyv", PixelFormat::Yuyv),
        ("nv12", PixelFormat::Nv12),
        ("bayer", PixelFormat::Bayer8(BayerPattern::Grbg)),
    ];
    let mut seeds = Vec::new();
    for (name, format) in formats {
        let head = header::encode(&info(Picture::packed(format, 6, 4)));
        seeds.push(("take_header", name, head.to_vec()));
        seeds.push(("picture", name, [&head[..], &[90; 6 * 4 * 3]].concat()));
    }
    let head = header::encode(&info(mjpeg()));
    let mut older = head[..header::V1_LENGTH].to_vec();
    older[0] = 1;
    seeds.push(("take_header", "mjpeg", head.to_vec()));
    seeds.push(("take_header", "version-1", older));
    seeds.push(("picture", "mjpeg", [&head[..], &jpeg(16, 8)].concat()));
    seeds.push(("camera_jpeg", "padded", [&jpeg(16, 8)[..], &[0; 9]].concat()));
    seeds
}

fn take() -> Vec<Seed> {
    let folder = tempfile::tempdir().expect("a folder");
    let take = TakeInfo {
        name: "a take".into(),
        rig_toml: "version = 1\n".into(),
        cameras: vec!["left".into(), "right".into()],
        host: "host".into(),
        trigger_rate_hz: 60.0,
        source_rate_hz: None,
    };
    let mut writer = TakeWriter::create_named(folder.path(), "take", &take).expect("a take");
    for sequence in 0..3 {
        for camera in 0..2 {
            let info = FrameInfo { camera: CameraId(camera), sequence, ..info(mjpeg()) };
            writer.write_frame(&info, &[7; 20]).expect("a frame");
        }
    }
    let reason = LossReason::DiskFull;
    let gap = Gap { camera: CameraId(0), reason, first_sequence: 3, frames: 2, at_ns: 9 };
    writer.write_gap(&gap).expect("a gap");
    writer.write_note(5, "camera", "it is back").expect("a note");
    let relation = ClockRelation { session: "a session".into(), at_ns: 3, offset_ns: -7, uncertainty_ns: 8 };
    writer.write_relation(relation).expect("a relation");
    let directory = writer.finish().expect("a take").directory;
    let read = |name: &str| std::fs::read(directory.join(name)).expect("a file of a take");
    let recording = read("host.mcap");

    let one = SessionTake {
        name: "000".into(),
        person: "anna".into(),
        clip: "walk-1".into(),
        action: "walk".into(),
        environment: "hall".into(),
        split: Split::Train,
    };
    Session { version: 1, complete: true, imported: None, takes: vec![one] }.write(&directory).expect("a session");
    vec![
        ("take_recording", "cut", recording[..recording.len() - 300].to_vec()),
        ("take_recording", "whole", recording),
        ("take_description", "take", read("take.toml")),
        ("take_description", "session", read("session.toml")),
    ]
}

fn masks() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = MaskWriter::create(folder.path(), &["left".into(), "right".into()]).expect("a file");
    writer.write(CameraId(0), 3, (3, 2), &[0, 1, 1, 0, 0, 1]).expect("a mask");
    writer.write(CameraId(1), 4, (2, 2), &[1; 4]).expect("a mask");
    writer.finish().expect("a file");
    std::fs::read(folder.path().join(MASKS_FILE)).expect("a file")
}
