//! A training's state in one safetensors file: a network's tensors, its optimiser's `adamw.m.*`, `adamw.v.*` and
//! `adamw.step.*`, and what the training says of itself.

use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};
use tch::Tensor;

use crate::{
    AdamW, ModelError,
    tensor_file::{self, TensorFile},
};

/// The number of the file format: what a training says of itself has it as the key `format`.
pub const FORMAT: u32 = 1;

const REMEDY: &str = "set the same `width` and `fusion` as in the run that wrote it, or start without a checkpoint";

/// Writes the file whole or not at all; the old one stays until the new one is on disk.
pub fn save(
    path: &Path,
    mut tensors: Vec<(String, Tensor)>,
    optimiser: Option<&AdamW>,
    meta: &impl Serialize,
) -> Result<(), ModelError> {
    tensors.extend(optimiser.map(AdamW::tensors).unwrap_or_default());
    tensor_file::write(path, &tensors, meta)
}

/// Reads what the file says of its training.
pub fn meta<M: DeserializeOwned>(path: &Path) -> Result<M, ModelError> {
    let data = tensor_file::read_bytes(path)?;
    TensorFile::parse(path, &data)?.meta(FORMAT)
}

/// Fills a network's tensors, and an optimiser's, with the file's values, and gives what the file says of its training.
/// On an error nothing has changed.
///
/// Errors name the file; one of another shape names the tensor, both shapes and the remedy.
pub fn load<M: DeserializeOwned>(
    path: &Path,
    mut tensors: Vec<(String, Tensor)>,
    optimiser: Option<&AdamW>,
) -> Result<M, ModelError> {
    let data = tensor_file::read_bytes(path)?;
    let file = TensorFile::parse(path, &data)?;
    let meta = file.meta(FORMAT)?;
    if let Some(optimiser) = optimiser {
        let moments = optimiser.tensors();
        if !moments.iter().any(|(name, _)| file.has(name)) {
            let reason = "it holds a network without its optimiser: training cannot go on from it, only start";
            return Err(ModelError::format(path, reason));
        }
        tensors.extend(moments);
    }
    file.load_into(&tensors, REMEDY)?;
    Ok(meta)
}

/// Fills further tensors with the file's values, if it has them: whether it has. On an error, and if not, nothing has
/// changed.
pub fn load_beside(path: &Path, tensors: Vec<(String, Tensor)>) -> Result<bool, ModelError> {
    let data = tensor_file::read_bytes(path)?;
    let file = TensorFile::parse(path, &data)?;
    let has_them = tensors.first().is_some_and(|(name, _)| file.has(name));
    if has_them {
        file.load_into(&tensors, REMEDY)?;
    }
    Ok(has_them)
}
