//! Checkpoints of a pose model's training in one safetensors file: the model's tensors, its optimiser's as in
//! [`checkpoint`](crate::checkpoint), and what else the training needs to resume.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::Device;

use crate::{
    AdamW, ModelError, PoseModel,
    pose_model::PoseMeta,
    tensor_file::{self, TensorFile},
};

const FORMAT: u32 = 1;
const REMEDY: &str = "go on with the recipe that wrote it, or start in another folder";

#[derive(Serialize, Deserialize)]
struct Meta {
    format: u32,
    model: PoseMeta,
    state: serde_json::Value,
}

/// Writes the file atomically.
pub fn save(path: &Path, model: &PoseModel, optimiser: &AdamW, state: serde_json::Value) -> Result<(), ModelError> {
    let mut tensors = model.tensors();
    tensors.extend(optimiser.tensors());
    tensor_file::write(path, &tensors, &Meta { format: FORMAT, model: model.meta(), state })
}

/// Reads the model and the state of a file.
pub fn open(path: &Path, device: Device) -> Result<(PoseModel, serde_json::Value), ModelError> {
    let data = tensor_file::read_bytes(path)?;
    let file = TensorFile::parse(path, &data)?;
    let Meta { model, state, .. } = file.meta(FORMAT)?;
    Ok((PoseModel::read(&file, model, device)?, state))
}

/// Loads the file's moments into an optimiser of the same parameters. On an error it has not changed.
pub fn restore(path: &Path, optimiser: &AdamW) -> Result<(), ModelError> {
    let data = tensor_file::read_bytes(path)?;
    TensorFile::parse(path, &data)?.load_into(&optimiser.tensors(), REMEDY)
}
