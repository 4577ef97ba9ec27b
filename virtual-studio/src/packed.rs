//! The container of packed files: a version, then the compressed contents with a checksum.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Contents that claim to be larger are damaged.
const MOST_BYTES: u64 = 1 << 28;

pub(crate) fn seal(version: u8, contents: &impl Serialize) -> Result<Vec<u8>, String> {
    let contents = postcard::to_allocvec(contents).map_err(|error| error.to_string())?;
    seal_bytes(version, &contents)
}

fn seal_bytes(version: u8, contents: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = ZlibEncoder::new(vec![version], Compression::best());
    encoder.write_all(contents).and_then(|()| encoder.finish()).map_err(|error| error.to_string())
}

/// The inverse of [`seal`].
pub(crate) fn open<T: DeserializeOwned>(version: u8, sealed: &[u8]) -> Result<T, String> {
    postcard::from_bytes(&open_bytes(version, sealed)?).map_err(|error| error.to_string())
}

fn open_bytes(version: u8, sealed: &[u8]) -> Result<Vec<u8>, String> {
    let (&found, compressed) = sealed.split_first().ok_or("it is empty")?;
    if found != version {
        return Err(format!("version {found}, not {version}"));
    }
    let mut contents = Vec::new();
    ZlibDecoder::new(compressed)
        .take(MOST_BYTES)
        .read_to_end(&mut contents)
        .map_err(|error| format!("{error}, so it is cut off or damaged"))?;
    Ok(contents)
}

/// The same with one byte of the contents flipped and a valid checksum, for tests of damage that passes the checksum.
#[cfg(test)]
pub(crate) fn flipped(sealed: &[u8], at: usize) -> Option<Vec<u8>> {
    let version = *sealed.first()?;
    let mut contents = open_bytes(version, sealed).ok()?;
    *contents.get_mut(at)? ^= 0xa5;
    seal_bytes(version, &contents).ok()
}
