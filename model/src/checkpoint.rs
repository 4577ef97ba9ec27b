//! Training files of the network that learns pairs: `encoder.*`, `sync_head.*`, `flip_head.*`, the optimiser's tensors,
//! and a [`CheckpointMeta`]. Where others get another copy of the network, its tensors begin with [`SERVED`].

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind};

use crate::{
    AdamW, ModelError, SyncNet, SyncNetConfig,
    training_file::{self, FORMAT},
};

/// What the names of the copy that others get begin with.
pub const SERVED: &str = "served.";

/// What a checkpoint says beside its tensors.
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
    training_file::save(path, net.tensors(), optimiser, meta)
}

/// Reads the metadata.
pub fn meta(path: &Path) -> Result<CheckpointMeta, ModelError> {
    training_file::meta(path)
}

/// Fills a network, and its optimiser if given, with the file's values: see [`training_file::load`].
pub fn load(path: &Path, net: &SyncNet, optimiser: Option<&AdamW>) -> Result<CheckpointMeta, ModelError> {
    training_file::load(path, net.tensors(), optimiser)
}

/// Builds the network that a file describes, with the values of the copy that others get; of the trained network, where
/// there is no such copy.
pub fn open(path: &Path, device: Device) -> Result<(SyncNet, CheckpointMeta), ModelError> {
    let net = SyncNet::new(&meta(path)?.net, device, Kind::Float)?;
    let meta = load(path, &net, None)?;
    let served: Vec<_> = net.tensors().into_iter().map(|(name, tensor)| (format!("{SERVED}{name}"), tensor)).collect();
    training_file::load_beside(path, served)?;
    Ok((net, meta))
}
