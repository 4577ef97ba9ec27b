//! Named tensors and a JSON text in one safetensors file.

use std::{borrow::Cow, collections::HashMap, fs, hash::Hasher, io::Write, os::unix::fs::PermissionsExt, path::Path};

use fnv::FnvHasher;
use safetensors::{Dtype, SafeTensors, View};
use serde::{Serialize, de::DeserializeOwned};
use tch::{Device, Kind, Tensor};

use crate::{
    ModelError,
    named_tensors::{Named, copy_values},
};

/// The key of the JSON text in the file's metadata.
const META: &str = "genlock";

struct Block {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl View for Block {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.data)
    }

    fn data_len(&self) -> usize {
        self.data.len()
    }
}

fn shape(tensor: &Tensor) -> Vec<usize> {
    tensor.size().into_iter().map(|n| n.unsigned_abs() as usize).collect()
}

/// The values in row-major order, whatever the memory format, and their size in bytes.
pub(crate) fn bytes(tensor: &Tensor) -> Result<(Vec<u8>, usize), ModelError> {
    let tensor = tensor.f_detach()?.f_to_device(Device::Cpu)?.f_contiguous()?;
    let size = tensor.f_kind()?.elt_size_in_bytes();
    let mut data = vec![0; tensor.numel() * size];
    tensor.f_copy_data_u8(&mut data, tensor.numel())?;
    Ok((data, size))
}

fn block(tensor: &Tensor) -> Result<Block, ModelError> {
    let dtype = match tensor.f_kind()? {
        Kind::Float => Dtype::F32,
        Kind::Double => Dtype::F64,
        Kind::Int64 => Dtype::I64,
        Kind::BFloat16 => Dtype::BF16,
        Kind::Half => Dtype::F16,
        other => return Err(ModelError::Argument(format!("tensors of kind {other:?} are not stored"))),
    };
    Ok(Block { dtype, shape: shape(tensor), data: bytes(tensor)?.0 })
}

/// Twelve hexadecimal digits that identify these values and this preprocessing: FNV-1a over names, shapes and
/// little-endian values. The same network has the same version on all devices and in all memory formats.
pub fn version(tensors: &[(String, Tensor)], preprocessing: &str) -> Result<String, ModelError> {
    let mut hash = FnvHasher::default();
    for (name, tensor) in tensors {
        hash.write(name.as_bytes());
        tensor.size().iter().for_each(|n| hash.write(&n.to_le_bytes()));
        hash.write(&bytes(tensor)?.0);
    }
    hash.write(preprocessing.as_bytes());
    Ok(format!("{:016x}", hash.finish())[..12].to_owned())
}

/// Writes the file atomically: a temporary file beside the target is synced, then renamed.
pub(crate) fn write(path: &Path, tensors: &Named, meta: &impl Serialize) -> Result<(), ModelError> {
    let text = serde_json::to_string(meta).map_err(|e| ModelError::format(path, e))?;
    let blocks =
        tensors.iter().map(|(name, t)| Ok((name.as_str(), block(t)?))).collect::<Result<Vec<_>, ModelError>>()?;
    let data = safetensors::serialize(blocks, Some(HashMap::from([(META.to_owned(), text)])))
        .map_err(|e| ModelError::format(path, e))?;
    write_whole(path, |file| file.write_all(&data)).map_err(|e| ModelError::io(path, e))
}

fn write_whole(path: &Path, fill: impl FnOnce(&mut fs::File) -> std::io::Result<()>) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // As readable as other files; temporary files are private by default.
    let mode = fs::Permissions::from_mode(0o644);
    let mut file = tempfile::Builder::new().prefix(".writing-").permissions(mode).tempfile_in(folder)?;
    fill(file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The rename is only safe once the folder is synced.
    fs::File::open(folder)?.sync_all()
}

/// A file in memory, whose layout was checked.
pub(crate) struct TensorFile<'a> {
    path: &'a Path,
    tensors: SafeTensors<'a>,
    text: String,
}

pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, ModelError> {
    fs::read(path).map_err(|e| ModelError::io(path, e))
}

/// Copies the values of a file that another program wrote into `targets`, after checking all names and shapes.
pub(crate) fn load_foreign(path: &Path, targets: &Named, remedy: &str) -> Result<(), ModelError> {
    let data = read_bytes(path)?;
    let broken = |e| ModelError::format(path, format!("not a whole safetensors file ({e}); {remedy}"));
    let tensors = SafeTensors::deserialize(&data).map_err(broken)?;
    TensorFile { path, tensors, text: String::new() }.load_into(targets, remedy)
}

impl<'a> TensorFile<'a> {
    pub(crate) fn parse(path: &'a Path, data: &'a [u8]) -> Result<Self, ModelError> {
        let broken = |e| ModelError::format(path, format!("not a whole safetensors file ({e}); take an earlier one"));
        let tensors = SafeTensors::deserialize(data).map_err(broken)?;
        let (_, header) = SafeTensors::read_metadata(data).map_err(broken)?;
        let text = header.metadata().as_ref().and_then(|m| m.get(META)).cloned();
        let text = text.ok_or_else(|| ModelError::format(path, "its metadata does not say that genlock wrote it"))?;
        Ok(Self { path, tensors, text })
    }

    /// The JSON text, if it is of this `format` number.
    pub(crate) fn meta<T: DeserializeOwned>(&self, format: u32) -> Result<T, ModelError> {
        self.meta_of(format..=format)
    }

    /// The JSON text, if its `format` number is one of these.
    pub(crate) fn meta_of<T: DeserializeOwned>(&self, formats: std::ops::RangeInclusive<u32>) -> Result<T, ModelError> {
        let value: serde_json::Value =
            serde_json::from_str(&self.text).map_err(|e| ModelError::format(self.path, e))?;
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(found) if (u64::from(*formats.start())..=u64::from(*formats.end())).contains(&found) => {}
            Some(found) => {
                let known = formats.end();
                let reason =
                    format!("its format is {found}, this program reads {known}: use the program that wrote it");
                return Err(ModelError::format(self.path, reason));
            }
            None => return Err(ModelError::format(self.path, "its metadata names no format")),
        }
        serde_json::from_value(value).map_err(|e| ModelError::format(self.path, e))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// Copies the file's values into `targets`, after checking all names and shapes.
    pub(crate) fn load_into(&self, targets: &Named, remedy: &str) -> Result<(), ModelError> {
        let mut sources = Named::with_capacity(targets.len());
        for (name, target) in targets {
            let view = self
                .tensors
                .tensor(name)
                .map_err(|_| ModelError::format(self.path, format!("the tensor `{name}` is missing; {remedy}")))?;
            let found: Vec<i64> = view.shape().iter().map(|n| *n as i64).collect();
            if found != target.size() {
                return Err(ModelError::Shape {
                    path: self.path.to_owned(),
                    name: name.clone(),
                    found,
                    expected: target.size(),
                    remedy: remedy.to_owned(),
                });
            }
            let kind = match view.dtype() {
                Dtype::F32 => Kind::Float,
                Dtype::F64 => Kind::Double,
                Dtype::I64 => Kind::Int64,
                Dtype::BF16 => Kind::BFloat16,
                Dtype::F16 => Kind::Half,
                other => {
                    let reason = format!("the tensor `{name}` is of type {other:?}, which is not read");
                    return Err(ModelError::format(self.path, reason));
                }
            };
            sources.push((name.clone(), Tensor::f_from_data_size(view.data(), &found, kind)?));
        }
        copy_values(&sources, targets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        write_whole(&path, |file| file.write_all(b"old")).unwrap();
        let error = write_whole(&path, |file| {
            file.write_all(b"half of the n")?;
            Err(std::io::Error::other("disk full"))
        });
        assert_eq!(error.unwrap_err().to_string(), "disk full");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the temporary file is gone");
        write_whole(&path, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn others_may_read_it_as_far_as_the_umask_lets_them() {
        let folder = tempfile::tempdir().unwrap();
        let (written, plain) = (folder.path().join("checkpoint.safetensors"), folder.path().join("plain"));
        write_whole(&written, |file| file.write_all(b"new")).unwrap();
        fs::write(&plain, b"").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&written), mode(&plain) & 0o644);
    }
}
