//! A tiny pose model with random weights, and moments to give it.

use std::sync::Arc;

use frame::{CameraId, HostTime, SegmentId, SetIndex, SourcePosition, TriggerIndex, monotonic_now_ns};
use model::{Background, PoseModel, PoseSpec, SyncNet, SyncNetConfig};
use pose::JOINT_NAMES;
use subject::{BackgroundId, Preprocessing, Region, Sample};
use tch::{Device, Kind};
use transport::{Moment, View};

pub const CROP_PX: u16 = 32;

pub fn preprocessing() -> Preprocessing {
    Preprocessing::with_crop_px(CROP_PX)
}

pub fn spec() -> PoseSpec {
    let preprocessing = preprocessing();
    PoseSpec {
        crop_px: CROP_PX.into(),
        background: Background::Removed,
        takes_both: false,
        preprocessing: format!("{preprocessing:?}"),
        preprocessing_hash: format!("{:016x}", preprocessing.hash()),
        joint_set: "h36m-17".into(),
        joint_names: JOINT_NAMES.map(String::from).to_vec(),
        encoder_version: "random".into(),
        training: String::new(),
    }
}

pub fn model(seed: i64) -> PoseModel {
    let config = SyncNetConfig { width: 8, seed, ..Default::default() };
    let net = SyncNet::new(&config, Device::Cpu, Kind::Float).unwrap();
    let mean = std::array::from_fn(|i| 10.0 * i as f64);
    PoseModel::from_encoder(&net, &mean, &[150.0; 51], spec(), seed).unwrap()
}

/// A moment of four views, which have just arrived.
pub fn moment(number: u64) -> Moment {
    let area = usize::from(CROP_PX).pow(2);
    let view = |camera: u16| View {
        camera: CameraId(camera),
        exposure: HostTime::monotonic(1_000 * number as i64, 10),
        frame_px: (640, 480),
        samples: vec![Sample {
            size_px: CROP_PX,
            rgb: (0..3 * area).map(|i| (i * (3 + usize::from(camera)) + 17 * number as usize) as u8).collect(),
            mask: Arc::from(vec![255; area]),
            region: Region { centre_px: [100.0 + f32::from(camera), 50.0], side_px: 80.0 },
            background: BackgroundId(1),
        }],
    };
    Moment {
        set: SetIndex(number),
        trigger: TriggerIndex::Certain(number + 7),
        segment: SegmentId::seam(2),
        exposure: HostTime::monotonic(1_000 * number as i64, 10),
        arrival_ns: monotonic_now_ns(),
        source: Some(SourcePosition { index: number as u32, length: 100 }),
        preprocessing: preprocessing().hash(),
        views: (0..4).map(view).collect(),
        unusable: vec![],
    }
}
