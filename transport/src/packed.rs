//! The layout of all messages with pixels: `u32` format, `u32` length of the header, the header (postcard), then the
//! pixels, uncompressed. Integers are little-endian.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::TransportError;

const PREFIX: usize = 8;

/// An encoded header and the pixels to follow, so that a message can be written straight into shared memory without an
/// intermediate copy.
pub(crate) struct Packed<'a> {
    head: Vec<u8>,
    pixels: Vec<&'a [u8]>,
}

impl<'a> Packed<'a> {
    pub fn new(format: u32, header: &impl Serialize, pixels: Vec<&'a [u8]>) -> Result<Self, TransportError> {
        let header = postcard::to_stdvec(header).map_err(|e| TransportError::Malformed(e.to_string()))?;
        let prefix = [format.to_le_bytes(), (header.len() as u32).to_le_bytes()].concat();
        Ok(Self { head: [prefix, header].concat(), pixels })
    }

    pub fn len(&self) -> usize {
        self.head.len() + self.pixels.iter().map(|part| part.len()).sum::<usize>()
    }

    /// `out` must be exactly [`Self::len`] bytes long.
    pub fn write_to(&self, out: &mut [u8]) {
        let mut at = 0;
        for part in std::iter::once(&self.head[..]).chain(self.pixels.iter().copied()) {
            out[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
    }

    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = vec![0; self.len()];
        self.write_to(&mut out);
        out
    }
}

/// A message being decoded.
pub(crate) struct Unpacked<'a> {
    what: &'static str,
    pixels: &'a [u8],
}

impl<'a> Unpacked<'a> {
    /// Decodes the header; `what` names the message in errors.
    pub fn new<H: DeserializeOwned>(
        what: &'static str,
        format: u32,
        bytes: &'a [u8],
    ) -> Result<(H, Self), TransportError> {
        let malformed = |why: &str| TransportError::Malformed(format!("{what} {why}"));
        let (prefix, body) = bytes.split_at_checked(PREFIX).ok_or_else(|| malformed("shorter than its prefix"))?;
        let word = |at: usize| u32::from_le_bytes([prefix[at], prefix[at + 1], prefix[at + 2], prefix[at + 3]]);
        if word(0) != format {
            return Err(malformed(&format!("of format {}; this build reads {format}", word(0))));
        }
        let parts = body.split_at_checked(word(4) as usize);
        let (header, pixels) = parts.ok_or_else(|| malformed("cut inside its header"))?;
        let header = postcard::from_bytes(header).map_err(|e| TransportError::Malformed(e.to_string()))?;
        Ok((header, Self { what, pixels }))
    }

    /// The next `length` bytes of pixels.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], TransportError> {
        let parts = self.pixels.split_at_checked(length);
        let (head, tail) = parts.ok_or_else(|| self.malformed("cut inside its pixels"))?;
        self.pixels = tail;
        Ok(head)
    }

    /// Fails if bytes are left over.
    pub fn end(self) -> Result<(), TransportError> {
        if self.pixels.is_empty() { Ok(()) } else { Err(self.malformed("with bytes left over")) }
    }

    fn malformed(&self, why: &str) -> TransportError {
        TransportError::Malformed(format!("{} {why}", self.what))
    }
}
