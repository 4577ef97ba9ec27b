//! The pictures of a view: their files, and reading them one by one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{DatasetError, Fault};

/// The files of a view's pictures.
#[derive(Clone, Debug)]
pub enum PictureFiles {
    /// A video, which the caller decodes.
    Video(PathBuf),
    /// Extracted JPEGs in order, which are stored in the take unchanged.
    Jpegs { folder: PathBuf, files: Vec<PathBuf> },
}

impl PictureFiles {
    /// The video, or the folder of the frames.
    pub fn path(&self) -> &Path {
        match self {
            Self::Video(path) | Self::Jpegs { folder: path, .. } => path,
        }
    }
}

/// The pictures of one view in order, as JPEG.
pub trait PictureSource {
    /// Replaces the content of `jpeg` with the next picture and returns its width and height, or `None` after the last
    /// one.
    ///
    /// # Errors
    /// If the next picture cannot be read. The end of the video is not an error.
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
        let size = size.ok_or_else(|| DatasetError::file(path, "this is not a complete JPEG; extract it again"))?;
        Ok(Some([size.width as u32, size.height as u32]))
    }
}

/// The JPEGs of a folder that are named `prefix`, a number and `.jpg`, ordered by number.
///
/// # Errors
/// If the folder cannot be listed, or the numbers from 0 or 1 to the last have a hole, since poses belong to frames by
/// their number.
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
