//! The true positions of people and cameras in a rendered take.

use std::collections::BTreeMap;
use std::path::Path;

use infer::recording::Instant;
use miette::IntoDiagnostic;
use nalgebra::{Matrix3, Vector3};
use pose::WorldJoints;
use virtual_studio::session::{Truth, TruthFrame};

/// The ground truth of a rendered take, in millimetres and the studio's axes.
pub struct TakeTruth {
    /// Bodies by instant.
    joints: BTreeMap<u32, WorldJoints>,
    /// By name, from the world's axes to the camera's, at the start of the take.
    pub rotations: BTreeMap<String, Matrix3<f64>>,
    pub height_mm: Option<f64>,
}

impl TakeTruth {
    pub fn read(take: &Path) -> miette::Result<Self> {
        let truth = Truth::read(take).into_diagnostic()?;
        let frames = truth.cameras.iter().flat_map(|camera| &camera.frames);
        let first = |camera: &virtual_studio::session::TruthCamera| {
            Some((camera.name.clone(), rotation(camera.frames.first()?)))
        };
        Ok(Self {
            joints: frames.map(|frame| (frame.source_index, world(frame))).collect(),
            rotations: truth.cameras.iter().filter_map(first).collect(),
            height_mm: truth.height_mm.map(f64::from),
        })
    }

    pub fn at(&self, instant: &Instant) -> Option<&WorldJoints> {
        self.joints.get(&instant.source?.index)
    }
}

fn rotation(frame: &TruthFrame) -> Matrix3<f64> {
    Matrix3::from_fn(|row, column| f64::from(frame.rotation[row][column]))
}

fn world(frame: &TruthFrame) -> WorldJoints {
    let back = rotation(frame).transpose();
    let shift = Vector3::from(frame.translation_m.map(f64::from)) * 1000.0;
    frame.joints_camera_mm.map(|joint| back * (Vector3::from(joint.map(f64::from)) - shift))
}
