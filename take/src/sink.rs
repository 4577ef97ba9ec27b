use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the records of a take go. Writing is at the end, always.
pub(crate) trait Output: Write + Send {
    /// Shortens what was written to `length` bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

/// Must be opened for appending.
impl Output for File {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// Gathers the small pieces of a record and hands them on when it is flushed, which is once per record. When a write
/// fails, everything since the last flush is taken back, so that the output ends with a whole record.
pub(crate) struct Sink {
    output: Box<dyn Output>,
    pending: Vec<u8>,
    position: u64,
    whole: Arc<AtomicU64>,
    torn: bool,
}

const GATHER: usize = 64 * 1024;

impl Sink {
    /// The counter always holds the bytes of whole records in the output.
    pub fn new(output: Box<dyn Output>) -> (Self, Arc<AtomicU64>) {
        let whole = Arc::new(AtomicU64::new(0));
        let sink = Self { output, pending: Vec::with_capacity(GATHER), position: 0, whole: whole.clone(), torn: false };
        (sink, whole)
    }

    fn guard(&mut self, written: io::Result<()>) -> io::Result<()> {
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
        self.guard(sent)
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.torn {
            // Anything behind half a record could not be read back.
            return Err(io::Error::other("an earlier record was left half written"));
        }
        if self.pending.len() + bytes.len() > GATHER {
            self.send_pending()?;
        }
        if bytes.len() > GATHER {
            let sent = self.output.write_all(bytes);
            self.guard(sent)?;
        } else {
            self.pending.extend_from_slice(bytes);
        }
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send_pending()?;
        let flushed = self.output.flush();
        self.guard(flushed)?;
        self.whole.store(self.position, Ordering::Release);
        Ok(())
    }
}

impl Seek for Sink {
    /// Tells where it is; it goes nowhere.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Current(0) => Ok(self.position),
            _ => Err(io::ErrorKind::NotSeekable.into()),
        }
    }
}
