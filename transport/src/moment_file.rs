//! Files of moments, exactly as sent to the networks, so that live results can be reproduced. Each record is a
//! little-endian `u32` length and an encoded moment.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use crate::{Moment, MomentSink, Received, TransportError, codec};

/// Writes moments to a file.
pub struct MomentFileWriter {
    out: BufWriter<File>,
    next: u64,
}

impl MomentFileWriter {
    /// Creates a file. Fails if it exists.
    pub fn create(path: &Path) -> Result<Self, TransportError> {
        let file = File::create_new(path).map_err(|e| TransportError::file(path, e))?;
        Ok(Self { out: BufWriter::new(file), next: 0 })
    }
}

impl MomentSink for MomentFileWriter {
    fn send(&mut self, moment: &Moment) -> Result<(), TransportError> {
        let bytes = codec::encode_moment(self.next, moment)?;
        self.next += 1;
        self.out
            .write_all(&(bytes.len() as u32).to_le_bytes())
            .and_then(|()| self.out.write_all(&bytes))
            .map_err(TransportError::Io)
    }

    fn close(&mut self) -> Result<(), TransportError> {
        self.out.flush().map_err(TransportError::Io)
    }
}

/// Reads all moments of a file in order. A truncated last record, as a killed process leaves it, ends the iteration.
pub struct MomentFileReader {
    input: BufReader<File>,
    torn: bool,
}

impl MomentFileReader {
    /// Opens a file. Fails if it cannot be read.
    pub fn open(path: &Path) -> Result<Self, TransportError> {
        let file = File::open(path).map_err(|e| TransportError::file(path, e))?;
        Ok(Self { input: BufReader::new(file), torn: false })
    }

    /// Whether the iteration ended at a truncated record.
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    fn record(&mut self) -> Result<Option<Vec<u8>>, std::io::Error> {
        let length = self.bytes(4)?;
        let Ok(length) = <[u8; 4]>::try_from(length.as_slice()) else {
            self.torn = !length.is_empty();
            return Ok(None);
        };
        let length = u64::from(u32::from_le_bytes(length));
        let bytes = self.bytes(length)?;
        self.torn = (bytes.len() as u64) < length;
        Ok((!self.torn).then_some(bytes))
    }

    /// The next bytes, fewer at the end of the file.
    fn bytes(&mut self, count: u64) -> Result<Vec<u8>, std::io::Error> {
        let mut bytes = Vec::new();
        self.input.by_ref().take(count).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Iterator for MomentFileReader {
    type Item = Result<Received<Moment>, TransportError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.record() {
            Ok(record) => record.map(|bytes| codec::decode_moment(&bytes)),
            Err(e) => Some(Err(TransportError::Io(e))),
        }
    }
}
