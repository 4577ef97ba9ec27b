//! Seeds of messages between processes and hosts, and of a trigger box.

use std::collections::BTreeMap;

use body::{CameraGeometry, CameraUncertainty, Distortion, RigGeometry, ScaleSource, UpSource, WorldAxes};
use frame::{CameraId, HostTime, Problem, SegmentId, SetIndex, SourcePosition, TriggerIndex};
use subject::{BackgroundId, Region, Sample, SceneFault};
use transport::{
    Answer, Asked, CameraState, CroppedView, FinderSet, FinderView, FrameOfReference, Framing, Heard, Hello,
    HelloCamera, Hint, HostView, InferStatus, LearnerStatus, LinkedPulses, Moment, POSE_SCHEMA_VERSION, PoseMessage,
    PromisedInstant, RigCommand, SystemClock, TriggerState, UnusableView, View, ViewLabel, ViewPose, WantedPictures,
    encode_finder_set, encode_moment,
};

use crate::Seed;
use crate::frames::finder_picture;

pub fn seeds() -> Vec<Seed> {
    let mut seeds = with_pixels();
    seeds.extend(host_messages());
    seeds.extend(json());
    let lines = b"1 ok genlock-trigger-box 1 1000000 15 nano\n2 ok 4000 100\r\n3 ok running 7 100 0 4000 9000 12 9100\n4 no armed\n";
    seeds.push(("trigger_box", "lines", lines.to_vec()));
    seeds
}

fn sample() -> Sample {
    Sample {
        size_px: 2,
        rgb: (0..12).collect(),
        mask: [255, 0, 0, 255].into(),
        region: Region { centre_px: [10.5, 20.25], side_px: 100.0 },
        background: BackgroundId(3),
    }
}

fn with_pixels() -> Vec<Seed> {
    let exposure = HostTime::monotonic(1_000, 5);
    let source = Some(SourcePosition { index: 4, length: 100 });
    let view = View { camera: CameraId(0), exposure, frame_px: (640, 480), samples: vec![sample()] };
    let unusable = UnusableView { camera: CameraId(1), fault: SceneFault::LightsChange(27) };
    let moment = Moment {
        set: SetIndex(7),
        trigger: TriggerIndex::Certain(8),
        segment: SegmentId::seam(2),
        exposure,
        arrival_ns: 2_000,
        source,
        preprocessing: 99,
        views: vec![view.clone(), View { camera: CameraId(3), ..view }],
        unusable: vec![unusable],
    };
    let masked = subject::FinderPicture { mask: Some([0; 6].into()), ..finder_picture(3, 2) };
    let finder_view = |camera, picture| FinderView { camera: CameraId(camera), exposure, picture };
    let set = FinderSet {
        set: SetIndex(7),
        trigger: TriggerIndex::Tentative(8),
        segment: SegmentId::seam(2),
        exposure,
        source,
        views: vec![finder_view(0, finder_picture(3, 2)), finder_view(3, masked)],
        unusable: vec![unusable],
    };
    let label = ViewLabel { incarnation: 1, camera: 2, number: 3, crops_before: 4, preprocessing: 5 };
    let cropped = |crop, picture| CroppedView {
        camera: CameraId(0),
        sequence: 9,
        segment: SegmentId::seam(2),
        trigger: TriggerIndex::Certain(8),
        exposure,
        arrival_ns: 0,
        source,
        frame_px: (640, 480),
        unusable: match &picture {
            Asked::Nothing => Some(SceneFault::Dark(9)),
            Asked::No | Asked::Picture(_) => None,
        },
        crop,
        picture,
    };
    let view = |crop, picture| HostView::encode(label, &cropped(crop, picture)).expect("a view");
    let moments = [0, 1].map(|number| encode_moment(number, &moment).expect("a moment"));
    let file = moments.iter().flat_map(|moment| [&(moment.len() as u32).to_le_bytes()[..], moment].concat());
    vec![
        ("moment", "two-views", encode_moment(3, &moment).expect("a moment")),
        ("moment_file", "two-moments", file.collect()),
        ("finder_set", "two-views", encode_finder_set(&set).expect("a set")),
        ("host_view", "crop", view(Some(sample()), Asked::No)),
        ("host_view", "crop-and-picture", view(Some(sample()), Asked::Picture(finder_picture(16, 8)))),
        ("host_view", "nothing", view(None, Asked::Nothing)),
    ]
}

fn host_messages() -> Vec<Seed> {
    let word = |kind: u8, words: Vec<u8>| [&[kind][..], &words].concat();
    let cameras = vec![
        HelloCamera { name: "left".into(), state: CameraState::Streaming },
        HelloCamera {
            name: "right".into(),
            state: CameraState::Failed(Problem::with_remedy("no power", "plug it in")),
        },
    ];
    let segment = SegmentId { epoch: 1_800_000_000, opening: 1, seam: 0 };
    let hello = Hello { host: "two".into(), incarnation: 1, rig: 2, preprocessing: 3, asked_ns: 4, cameras };
    let answer = Answer {
        session: "a session".into(),
        incarnation: 1,
        asked_ns: 4,
        shown_ns: 5,
        system_clock: SystemClock { offset_ns: 6, uncertainty_ns: Some(7) },
        pulses: Some(LinkedPulses { start_ns: 8, period_ns: 1e7, uncertainty_ns: 9, segment }),
        heard: vec![Heard { from: 1, through: 9, crops: 8 }],
        refused: Some(Problem::new("another rig")),
    };
    let framing = Framing { whole_still: true, whole_of: vec![1], stale: vec![0, 2] };
    let promise = PromisedInstant { segment, pulse: Some(2), exposure_ns: 3, framing };
    let bytes = |words: Result<Vec<u8>, postcard::Error>| words.expect("words");
    vec![
        ("host_messages", "hello", word(0, bytes(postcard::to_stdvec(&hello)))),
        ("host_messages", "answer", word(1, bytes(postcard::to_stdvec(&answer)))),
        ("host_messages", "promise", word(2, bytes(postcard::to_stdvec(&promise)))),
    ]
}

fn json() -> Vec<Seed> {
    fn bytes(value: &impl serde::Serialize) -> Vec<u8> {
        serde_json::to_vec(value).expect("words")
    }
    let pose = ViewPose {
        camera: 0,
        person: 0,
        frame_of_reference: FrameOfReference::LookAtSubject,
        joints_mm: vec![[1.5, -2.0, 3.0]; 2],
        confidence: Some(vec![0.5]),
        joints_2d_px: None,
        crop_centre_px: [1.0, 2.0],
        crop_side_px: 3.0,
    };
    let poses = PoseMessage {
        version: POSE_SCHEMA_VERSION,
        set_index: 1,
        trigger_index: Some(2),
        trigger_state: TriggerState::Certain,
        segment: 0,
        exposure_ns: 3,
        exposure_utc_ns: Some(4),
        source_index: None,
        model: "lite".into(),
        model_origin: None,
        latency_ms: 5.5,
        body: None,
        fused_mm: None,
        poses: vec![pose],
        not_known: None,
    };
    let wanted = WantedPictures { after_ns: 1, in_a_row: 2, framing: Framing::default() };
    vec![
        ("json_messages", "poses", bytes(&poses)),
        ("json_messages", "learner", bytes(&Hint::Learner(LearnerStatus::default()))),
        ("json_messages", "infer", bytes(&Hint::Infer(InferStatus::default()))),
        ("json_messages", "wanted", bytes(&Hint::WantedPictures(wanted))),
        ("json_messages", "geometry", bytes(&Hint::Geometry(Box::new(geometry())))),
        ("json_messages", "anew", bytes(&RigCommand::FindAnew)),
        ("json_messages", "height", bytes(&RigCommand::HeightMm(1750))),
        ("geometry", "one-camera", bytes(&geometry())),
    ]
}

fn geometry() -> RigGeometry {
    let camera = CameraGeometry {
        rotation: [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]],
        position_mm: [0.0, -3000.0, 1500.0],
        focal_px: 600.0,
        principal_point_px: [320.0, 240.0],
        size_px: [640.0, 480.0],
        distortion: Distortion::None,
        time_offset_frames: Some(0.25),
        residual_px: 1.5,
        uncertainty: Some(CameraUncertainty {
            rotation_degrees: 0.5,
            position_mm: 20.0,
            focal_percent: None,
            time_offset_frames: None,
        }),
    };
    RigGeometry {
        id: String::new(),
        found_utc: "2026-01-01T00:00:00Z".into(),
        instants: 60,
        world: WorldAxes::ZUp,
        scale: ScaleSource::Guess,
        up: UpSource::Found,
        bone_lengths_mm: [300.0; geometry::GROUP_COUNT],
        cameras: BTreeMap::from([("left".into(), camera)]),
    }
    .with_id()
}
