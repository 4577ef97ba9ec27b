//! Where the pictures of a view come from.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{DatasetError, Fault};

/// A view's pictures on the disk.
#[derive(Clone, Debug)]
pub enum Pictures {
    /// A video, which the caller decodes.
    Video(PathBuf),
    /// Frames that somebody extracted as JPEG, in order; they go into the take as they are.
    Jpegs { folder: PathBuf, files: Vec<PathBuf> },
}

impl Pictures {
    /// The video, or the folder of the frames.
    pub fn path(&self) -> &Path {
        match self {
            Self::Video(path) | Self::Jpegs { folder: path, .. } => path,
        }
    }
}

/// Pictures of one view, one after the other, each a JPEG.
pub trait PictureSource {
    /// Replaces the content of `jpeg` with the next picture and returns its width and height, or returns `None` behind
    /// the last picture.
    ///
    /// # Errors
    /// Whatever keeps the next picture from being read. An end of the video is none.
    fn next(&mut self, jpeg: &mut Vec<u8>) -> Result<Option<[u32; 2]>, Fault>;
}

/// Extracted frames.
pub(crate) struct Jpegs<'a> {
    files: std::slice::Iter<'a, PathBuf>,
}

impl<'a> Jpegs<'a> {
    pub fn new(files: &'a [PathBuf]) -> Self {
        Self { files: files.iter() }
    }
}

impl PictureSource for Jpegs<'_> {
    fn next(&mut self, jpeg: &mut Vec<u8>) -> Result<Option<[u32; 2]>, Fault> {
        let Some(path) = self.files.next() else { return Ok(None) };
        *jpeg = fs::read(path).map_err(|e| DatasetError::io("read", path, e))?;
        let size = imagesize::blob_size(jpeg).ok().filter(|_| jpeg.starts_with(&[0xff, 0xd8]));
        let size = size.ok_or_else(|| DatasetError::file(path, "this is no whole JPEG; extract it again"))?;
        Ok(Some([size.width as u32, size.height as u32]))
    }
}

/// The JPEGs of a folder whose names are `prefix`, a number and `.jpg`, by number.
///
/// # Errors
/// A folder that cannot be listed, or a number that is missing between the first, 0 or 1, and the last: frames find
/// their poses by counting.
pub(crate) fn numbered_jpegs(folder: &Path, prefix: &str) -> Result<Vec<PathBuf>, DatasetError> {
    let mut numbered = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| DatasetError::io("list", folder, e))? {
        let path = entry.map_err(|e| DatasetError::io("list", folder, e))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let digits = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(".jpg"));
        if let Some(number) = digits.and_then(|digits| digits.parse::<u32>().ok()) {
            numbered.push((number, path));
        }
    }
    numbered.sort();
    let first = numbered.first().map_or(0, |(number, _)| (*number).min(1));
    let hole = (first..).zip(&numbered).find(|(expected, (number, _))| expected != number);
    if let Some((expected, _)) = hole {
        return Err(DatasetError::file(
            folder,
            format!("frame {expected} is missing; extract all frames of the video"),
        ));
    }
    Ok(numbered.into_iter().map(|(_, path)| path).collect())
}
