//! A small session of stick figures with exact labels and masks: people are colours and sizes, clips are rhythms.

use std::path::{Path, PathBuf};

use frame::{CameraId, Encoding, FrameInfo, HostTime, Picture, PixelFormat, SegmentId, SourcePosition, TriggerIndex};
use nalgebra::{Rotation3, Vector3};
use pose::labels::{Provenance, VERSION};
use pose::look_at::to_look_at;
use pose::{BONES, CameraLabels, FrameLabel, JOINTS, KeyedBy, Labels};
use subject::preview_jpeg;
use take::session::{LABELS_FILE, SESSION_VERSION, Split};
use take::{MaskWriter, Session, SessionTake, TakeInfo, TakeWriter};

pub const CAMERAS: [&str; 3] = ["left", "middle", "right"];
pub const LENGTH: u32 = 24;
pub const FRAME_PX: u32 = 112;
pub const FOCAL_PX: f64 = 160.0;
pub const DISTANCE_MM: f64 = 4000.0;

/// (person, clip, split)
pub const TAKES: [(u32, u32, Split); 8] = [
    (0, 0, Split::Train),
    (0, 1, Split::Train),
    (1, 1, Split::Train),
    (1, 2, Split::Train),
    (2, 2, Split::Train),
    (2, 0, Split::Train),
    (3, 3, Split::HeldOut),
    (4, 4, Split::HeldOut),
];

/// Writes the session into a folder.
pub fn session(folder: &Path) -> Session {
    write_session(folder, |joints, person, wall, _| draw(joints, person, wall))
}

/// A session of rooms with the same grey pillar in place of people. Light tells the time, and the walls which side is
/// which.
#[allow(dead_code, reason = "other suites have this file, too")]
pub fn empty_rooms(folder: &Path) -> Session {
    write_session(folder, |_, _, wall, instant| {
        let size = FRAME_PX as usize;
        let light = (60.0 + 50.0 * (0.5 * f64::from(instant)).sin()) as usize;
        let inside = |at: usize, columns: [usize; 2], rows: [usize; 2]| {
            (columns[0]..columns[1]).contains(&(at % size)) && (rows[0]..rows[1]).contains(&(at / size))
        };
        // Whole blocks of JPEG, and wider than the mask: resampling brings nothing of the walls into it.
        let pixel = |at: usize| match inside(at, [32, 80], [16, 96]) {
            true => [128; 3],
            false => [(light + at % size) as u8, light as u8, (wall * 4) as u8],
        };
        let mask = (0..size * size).map(|at| u8::from(inside(at, [44, 68], [24, 88]))).collect();
        ((0..size * size).flat_map(pixel).collect(), mask)
    })
}

/// A frame's picture and mask, of the joints, the person, the wall's number and the instant.
type Drawn = fn(&[[f32; 2]; JOINTS], u32, u32, u32) -> (Vec<u8>, Vec<u8>);

fn write_session(folder: &Path, draw: Drawn) -> Session {
    let takes: Vec<SessionTake> = (0..).zip(TAKES).map(|(index, take)| write_take(folder, index, take, draw)).collect();
    let session = Session { version: SESSION_VERSION, complete: true, imported: None, takes };
    session.write(folder).unwrap();
    session
}

pub fn take_folder(folder: &Path, index: usize) -> PathBuf {
    folder.join("takes").join(format!("{index:03}"))
}

fn write_take(folder: &Path, index: usize, (person, clip, split): (u32, u32, Split), draw: Drawn) -> SessionTake {
    let cameras = CAMERAS.map(str::to_owned);
    let info = TakeInfo {
        name: "figures".into(),
        rig_toml: String::new(),
        cameras: cameras.to_vec(),
        host: "test".into(),
        trigger_rate_hz: 10.0,
        source_rate_hz: Some(10.0),
    };
    let takes = folder.join("takes");
    let mut writer = TakeWriter::create(&takes, &info).unwrap();
    let written = writer.directory().to_owned();
    let mut masks = MaskWriter::create(&written, &cameras).unwrap();
    let mut views = cameras.clone().map(|name| CameraLabels { name, size_px: [FRAME_PX; 2], frames: Vec::new() });
    for source_index in 0..LENGTH {
        for (camera, view) in (0..).zip(&mut views) {
            let joints = figure(person, clip, source_index).map(|joint| {
                let turn = Rotation3::from_axis_angle(&Vector3::y_axis(), 2.0 * f64::from(camera));
                turn * joint + Vector3::new(0.0, 0.0, DISTANCE_MM)
            });
            let joints_px = joints.map(|j| {
                let middle = f64::from(FRAME_PX) / 2.0;
                [(middle + FOCAL_PX * j.x / j.z) as f32, (middle + FOCAL_PX * j.y / j.z) as f32]
            });
            let (rgb, mask) = draw(&joints_px, person, index as u32 + 10 * camera, source_index);
            let info = frame_info(camera as u16, source_index);
            writer.write_frame(&info, &jpeg(&info, &rgb)).unwrap();
            masks.write(CameraId(camera as u16), source_index, (FRAME_PX, FRAME_PX), &mask).unwrap();
            let joints_mm = to_look_at(&joints).unwrap();
            view.frames.push(FrameLabel { source_index, joints_mm, root_px: joints_px[0], joints_px });
        }
    }
    writer.finish().unwrap();
    masks.finish().unwrap();
    let labels = Labels {
        version: VERSION,
        truth: "exact".into(),
        joint_set: "stick figure".into(),
        provenance: Provenance {
            poses: "figures".into(),
            calibration: "figures".into(),
            rate_hz: 10.0,
            unlabelled: Vec::new(),
            source_frames: None,
        },
        keyed_by: KeyedBy::Source,
        cameras: views.into(),
    };
    labels.write(&written.join(LABELS_FILE)).unwrap();
    let folder = take_folder(folder, index);
    std::fs::rename(written, &folder).unwrap();
    SessionTake {
        name: format!("{index:03}"),
        person: format!("person {person}"),
        clip: format!("clip {clip}"),
        // Clip 3 is of an action that is trained on, clip 4 of another.
        action: if clip == 4 { "turn".into() } else { "wave".into() },
        environment: "grey".into(),
        split,
    }
}

/// Joints in mm about the root, y down.
pub fn figure(person: u32, clip: u32, instant: u32) -> [Vector3<f64>; JOINTS] {
    let t = f64::from(instant) * 0.1;
    let rhythm = 2.0 + 0.6 * f64::from(clip);
    let size = 0.9 + 0.05 * f64::from(person);
    let (arm, knee) = ((rhythm * t).sin(), (rhythm * 0.7 * t + 1.0).sin());
    let side = |sign: f64, x: f64, y: f64, z: f64| Vector3::new(sign * x, y, z);
    let mut joints = [Vector3::zeros(); JOINTS];
    for (sign, hip, shoulder) in [(-1.0, 1, 14), (1.0, 4, 11)] {
        joints[hip] = side(sign, 140.0, 0.0, 0.0);
        joints[hip + 1] = side(sign, 160.0, 380.0, -200.0 * (0.5 + 0.5 * sign * knee));
        joints[hip + 2] = side(sign, 170.0, 780.0, 0.0);
        joints[shoulder] = side(sign, 190.0, -480.0, 0.0);
        joints[shoulder + 1] = side(sign, 420.0, -480.0 - 200.0 * sign * arm, -80.0);
        joints[shoulder + 2] = side(sign, 560.0, -480.0 - 420.0 * sign * arm, -160.0);
    }
    joints[7] = Vector3::new(0.0, -250.0, 20.0);
    joints[8] = Vector3::new(0.0, -500.0, 0.0);
    joints[9] = Vector3::new(0.0, -600.0, -60.0);
    joints[10] = Vector3::new(0.0, -720.0, 0.0);
    // Every clip faces elsewhere and turns while it lasts.
    let yaw = f64::from(clip) * 1.3 + f64::from(person) + 0.8 * t;
    let turn = Rotation3::from_axis_angle(&Vector3::y_axis(), yaw);
    joints.map(|joint| turn * joint * size)
}

/// Thick lines, right limbs red, left ones green, the trunk blue, on a grey wall.
pub fn draw(joints: &[[f32; 2]; JOINTS], person: u32, wall: u32) -> (Vec<u8>, Vec<u8>) {
    let size = FRAME_PX as usize;
    let (mut rgb, mut mask) = (vec![0; 3 * size * size], vec![0; size * size]);
    for (at, pixel) in rgb.chunks_exact_mut(3).enumerate() {
        pixel.fill((70 + wall * 5 + (at % size) as u32 / 3) as u8);
    }
    let shade = 150 + 20 * person as u8;
    for (from, to) in BONES {
        let colour = match to {
            1..=3 | 14..=16 => [shade, 40, 40],
            4..=6 | 11..=13 => [40, shade, 40],
            _ => [60, 60, shade],
        };
        let (a, b) = (joints[from], joints[to]);
        for step in 0..=40 {
            let part = step as f32 / 40.0;
            let centre: [f32; 2] = std::array::from_fn(|axis| a[axis] + part * (b[axis] - a[axis]));
            let near = |value: f32| (value - 3.0).max(0.0) as usize..=(value + 3.0).min(size as f32 - 1.0) as usize;
            for y in near(centre[1]) {
                for x in near(centre[0]) {
                    if (x as f32 + 0.5 - centre[0]).hypot(y as f32 + 0.5 - centre[1]) < 2.5 {
                        rgb[3 * (y * size + x)..][..3].copy_from_slice(&colour);
                        mask[y * size + x] = 1;
                    }
                }
            }
        }
    }
    (rgb, mask)
}

fn frame_info(camera: u16, index: u32) -> FrameInfo {
    let exposure_ns = i64::from(index) * 100_000_000;
    FrameInfo {
        camera: CameraId(camera),
        sequence: index.into(),
        segment: SegmentId::seam(0),
        trigger: TriggerIndex::Certain(index.into()),
        exposure: HostTime::monotonic(exposure_ns, 0),
        exposure_duration_ns: 0,
        arrival_ns: exposure_ns,
        device: frame::DeviceStamp::default(),
        source: Some(SourcePosition { index, length: LENGTH }),
        picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px: FRAME_PX, height_px: FRAME_PX },
    }
}

fn jpeg(info: &FrameInfo, rgb: &[u8]) -> Vec<u8> {
    let raw = FrameInfo { picture: Picture::packed(PixelFormat::Rgb8, FRAME_PX, FRAME_PX), ..*info };
    preview_jpeg(&raw, rgb, FRAME_PX).unwrap()
}
