//! A training's state in one safetensors file: `encoder.*`, `sync_head.*`, `flip_head.*`, with an optimiser
//! `adamw.m.*`, `adamw.v.*` and `adamw.step.*`, and a [`CheckpointMeta`].

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind};

use crate::{
    AdamW, ModelError, SyncNet, SyncNetConfig,
    tensor_file::{self, TensorFile},
};

/// The number of the file format that this crate writes and reads.
const FORMAT: u32 = 1;

const REMEDY: &str = "set the same `width` and `fusion` as in the run that wrote it, or start without a checkpoint";

/// What a checkpoint says beside its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointMeta {
    /// Version of the file format.
    pub format: u32,
    pub net: SyncNetConfig,
    /// The recipe that trains it, as text, so that a run can be repeated.
    pub recipe: String,
    /// Hash of the preprocessing that its pictures went through.
    pub preprocessing_hash: String,
    /// Training steps taken.
    pub step: u64,
    /// The seed of the run.
    pub seed: u64,
    /// Whatever else the training needs to go on where it was, as the state of its random numbers.
    #[serde(default)]
    pub state: serde_json::Value,
}

impl CheckpointMeta {
    pub fn new(net: SyncNetConfig, recipe: String, preprocessing_hash: String, step: u64, seed: u64) -> Self {
        Self { format: FORMAT, net, recipe, preprocessing_hash, step, seed, state: serde_json::Value::Null }
    }
}

/// Writes the file whole or not at all; the old one stays until the new one is on disk.
pub fn save(path: &Path, net: &SyncNet, optimiser: Option<&AdamW>, meta: &CheckpointMeta) -> Result<(), ModelError> {
    let mut tensors = net.tensors();
    tensors.extend(optimiser.map(AdamW::tensors).unwrap_or_default());
    tensor_file::write(path, &tensors, meta)
}

/// Reads what the file says about itself.
pub fn meta(path: &Path) -> Result<CheckpointMeta, ModelError> {
    let data = tensor_file::read_bytes(path)?;
    TensorFile::parse(path, &data)?.meta(FORMAT)
}

/// Fills a network, and its optimiser if given, with the file's values. On an error neither has changed.
///
/// Errors name the file; one of another shape names the tensor, both shapes and the remedy.
pub fn load(path: &Path, net: &SyncNet, optimiser: Option<&AdamW>) -> Result<CheckpointMeta, ModelError> {
    let data = tensor_file::read_bytes(path)?;
    let file = TensorFile::parse(path, &data)?;
    let meta = file.meta(FORMAT)?;
    let mut targets = net.tensors();
    if let Some(optimiser) = optimiser {
        let moments = optimiser.tensors();
        if !moments.iter().any(|(name, _)| file.has(name)) {
            let reason = "it holds a network without its optimiser: training cannot go on from it, only start";
            return Err(ModelError::format(path, reason));
        }
        targets.extend(moments);
    }
    file.load_into(&targets, REMEDY)?;
    Ok(meta)
}

/// The network that a file holds, built as the file says.
pub fn open(path: &Path, device: Device) -> Result<(SyncNet, CheckpointMeta), ModelError> {
    let data = tensor_file::read_bytes(path)?;
    let file = TensorFile::parse(path, &data)?;
    let meta: CheckpointMeta = file.meta(FORMAT)?;
    let net = SyncNet::new(&meta.net, device, Kind::Float)?;
    file.load_into(&net.tensors(), REMEDY)?;
    Ok((net, meta))
}
