//! Training files of a pose model: its tensors, its optimiser's, and what else the training needs to go on.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::Device;

use crate::{
    ModelError, PoseModel,
    pose_model::PoseMeta,
    tensor_file::{self, TensorFile},
    training_file::FORMAT,
};

/// What such a file says beside its tensors.
#[derive(Serialize, Deserialize)]
pub struct PoseCheckpointMeta {
    format: u32,
    model: PoseMeta,
    /// How far the training is, as its owner has it.
    pub state: serde_json::Value,
}

impl PoseCheckpointMeta {
    pub fn new(model: &PoseModel, state: serde_json::Value) -> Self {
        Self { format: FORMAT, model: model.meta(), state }
    }
}

/// Reads the model and the state of a file.
pub fn open(path: &Path, device: Device) -> Result<(PoseModel, serde_json::Value), ModelError> {
    let data = tensor_file::read_bytes(path)?;
    let file = TensorFile::parse(path, &data)?;
    let PoseCheckpointMeta { model, state, .. } = file.meta(FORMAT)?;
    Ok((PoseModel::read(&file, model, device)?, state))
}
