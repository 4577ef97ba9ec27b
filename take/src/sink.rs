//! The output of a recording, which always ends with a whole record.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that is written at its end only.
pub(crate) trait Output: Write + Send {
    /// Truncates it to `length` bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

/// The file must be opened for appending.
impl Output for File {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// Buffers the pieces of a record until it is flushed, which is once per record. When a write fails, everything since
/// the last flush is undone, so that the output ends with a whole record.
pub(crate) struct Sink {
    output: Box<dyn Output>,
    pending: Vec<u8>,
    position: u64,
    /// Bytes of whole records in the output.
    whole: Arc<AtomicU64>,
    /// Undoing failed, so the output ends with an incomplete record.
    torn: bool,
}

/// Larger pieces are not buffered.
const BUFFER: usize = 64 * 1024;

impl Sink {
    /// A sink, and the counter of the bytes of whole records in the output.
    pub fn new(output: Box<dyn Output>) -> (Self, Arc<AtomicU64>) {
        let whole = Arc::new(AtomicU64::new(0));
        let sink = Self { output, pending: Vec::with_capacity(BUFFER), position: 0, whole: whole.clone(), torn: false };
        (sink, whole)
    }

    fn undo_if_failed(&mut self, written: io::Result<()>) -> io::Result<()> {
        if written.is_err() {
            let whole = self.whole.load(Ordering::Relaxed);
            self.torn = self.output.cut(whole).is_err();
            self.pending.clear();
            self.position = whole;
        }
        written
    }

    fn send_pending(&mut self) -> io::Result<()> {
        let sent = self.output.write_all(&self.pending);
        self.pending.clear();
        self.undo_if_failed(sent)
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.torn {
            // Nothing after an incomplete record could be read back.
            return Err(io::Error::other("an earlier record is incomplete"));
        }
        if self.pending.len() + bytes.len() > BUFFER {
            self.send_pending()?;
        }
        if bytes.len() > BUFFER {
            let sent = self.output.write_all(bytes);
            self.undo_if_failed(sent)?;
        } else {
            self.pending.extend_from_slice(bytes);
        }
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send_pending()?;
        let flushed = self.output.flush();
        self.undo_if_failed(flushed)?;
        self.whole.store(self.position, Ordering::Release);
        Ok(())
    }
}

impl Seek for Sink {
    /// Only tells the position, as the MCAP writer asks.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Current(0) => Ok(self.position),
            _ => Err(io::ErrorKind::NotSeekable.into()),
        }
    }
}
