//! Checkpoints of SYNC's training in one safetensors file: `encoder.*`, `sync_head.*`, `flip_head.*`, with an optimiser
//! also `adamw.m.*`, `adamw.v.*` and `adamw.step.*`, and a [`CheckpointMeta`].

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

/// The metadata of a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointMeta {
    /// Version of the file format.
    pub format: u32,
    pub net: SyncNetConfig,
    /// The recipe that trains it, as text, so that a run can be repeated.
    pub recipe: String,
    /// Hash of the preprocessing of its pictures.
    pub preprocessing_hash: String,
    /// Training steps taken.
    pub step: u64,
    /// The seed of the run.
    pub seed: u64,
    /// What else the training needs to resume, such as the state of its random numbers.
    #[serde(default)]
    pub state: serde_json::Value,
}

impl CheckpointMeta {
    /// Metadata in the present format, without further state.
    pub fn new(net: SyncNetConfig, recipe: String, preprocessing_hash: String, step: u64, seed: u64) -> Self {
        Self { format: FORMAT, net, recipe, preprocessing_hash, step, seed, state: serde_json::Value::Null }
    }
}

/// Writes the file atomically.
pub fn save(path: &Path, net: &SyncNet, optimiser: Option<&AdamW>, meta: &CheckpointMeta) -> Result<(), ModelError> {
    let mut tensors = net.tensors();
    tensors.extend(optimiser.map(AdamW::tensors).unwrap_or_default());
    tensor_file::write(path, &tensors, meta)
}

/// Reads the metadata.
pub fn meta(path: &Path) -> Result<CheckpointMeta, ModelError> {
    let data = tensor_file::read_bytes(path)?;
    TensorFile::parse(path, &data)?.meta(FORMAT)
}

/// Loads the file's values into a network, and its optimiser if given. On an error neither has changed.
///
/// # Errors
/// They name the file; if a shape differs, also the tensor, both shapes and the remedy.
pub fn load(path: &Path, net: &SyncNet, optimiser: Option<&AdamW>) -> Result<CheckpointMeta, ModelError> {
    let data = tensor_file::read_bytes(path)?;
    let file = TensorFile::parse(path, &data)?;
    let meta = file.meta(FORMAT)?;
    let mut targets = net.tensors();
    if let Some(optimiser) = optimiser {
        let moments = optimiser.tensors();
        if !moments.iter().any(|(name, _)| file.has(name)) {
            let reason = "it holds a network without its optimiser: training can start from it, but not resume";
            return Err(ModelError::format(path, reason));
        }
        targets.extend(moments);
    }
    file.load_into(&targets, REMEDY)?;
    Ok(meta)
}

/// Builds the network that a file describes, with its values.
pub fn open(path: &Path, device: Device) -> Result<(SyncNet, CheckpointMeta), ModelError> {
    let data = tensor_file::read_bytes(path)?;
    let file = TensorFile::parse(path, &data)?;
    let meta: CheckpointMeta = file.meta(FORMAT)?;
    let net = SyncNet::new(&meta.net, device, Kind::Float)?;
    file.load_into(&net.tensors(), REMEDY)?;
    Ok((net, meta))
}
