//! How long the poses of one moment of four views take.

use infer::{Engine, precision_name};
use joints::FinderFiles;
use model::{Background, JOINTS, PoseModel, PoseSpec, Precision, SyncNet, SyncNetConfig};
use tch::Kind;

use crate::moments::{PREPROCESSING, VIEWS, moment};
use crate::statistics::quantile;
use crate::{Outcome, Plan, table::Row};

const WARM_UP: u64 = 3;

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for (crop_px, moments) in [(64, plan.pick(300, 20)), (224, plan.pick(100, 5))] {
        for precision in [Precision::F32, Precision::Bf16] {
            let engine = Engine::new(untrained(crop_px, PREPROCESSING)?, precision)?;
            rows.push(row(&engine, precision_name(precision), moments)?);
        }
        if let Some(finder) = std::env::var_os("GENLOCK_FINDER").filter(|folder| !folder.is_empty()) {
            let engine = Engine::new(untrained(crop_px, PREPROCESSING)?, Precision::F32)?;
            let engine = engine.in_openvino(&FinderFiles::find(finder)?, model::threads())?;
            rows.push(row(&engine, "f32 in OpenVINO", moments)?);
        }
    }
    Ok(rows)
}

fn row(engine: &Engine, arithmetic: &str, moments: u64) -> Outcome<Row> {
    let crop_px = u16::try_from(engine.spec().crop_px)?;
    let mut latency_ms = Vec::new();
    for number in 0..WARM_UP + moments {
        // Latency counts from the exposure, which is now.
        let message = engine.poses(&moment_now(number, crop_px))?;
        if number >= WARM_UP {
            latency_ms.push(message.latency_ms);
        }
    }
    let [p50, p99] = [0.5, 0.99].map(|share| quantile(&mut latency_ms, share));
    Ok(Row {
        what: format!("pose latency, {VIEWS} views at {crop_px}², {arithmetic}"),
        figure: format!("p50 {p50:.1} ms, p99 {p99:.1} ms over {moments} moments, {} threads", model::threads()),
        aim: "",
        bounded_by: "ResNet-18's convolutions",
    })
}

/// A moment whose exposure is stamped after its pictures were made.
fn moment_now(number: u64, crop_px: u16) -> transport::Moment {
    let mut moment = moment(number, crop_px);
    moment.exposure.ns = frame::monotonic_now_ns();
    moment
}

/// A ResNet-18 with random weights: as fast as a trained one.
pub fn untrained(crop_px: u16, preprocessing_hash: u64) -> Outcome<PoseModel> {
    let net = SyncNet::new(&SyncNetConfig::default(), model::start(), Kind::Float)?;
    let spec = PoseSpec {
        crop_px: crop_px.into(),
        background: Background::Removed,
        takes_both: false,
        preprocessing: String::new(),
        preprocessing_hash: format!("{preprocessing_hash:016x}"),
        joint_set: "h36m17".to_owned(),
        joint_names: pose::JOINT_NAMES.map(str::to_owned).to_vec(),
        encoder_version: "untrained".to_owned(),
        training: String::new(),
    };
    Ok(PoseModel::from_encoder(&net, &[0.0; 3 * JOINTS], &[100.0; 3 * JOINTS], spec, 0)?)
}
