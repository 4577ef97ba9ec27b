//! Scans an MCAP file from its start, without reading the pictures and without an index.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use frame::{CameraId, FrameInfo};
use mcap::MAGIC;
use mcap::records::{Record, op};

use crate::event::Event;
use crate::{TakeError, event, header, poses};

/// Opcode and length.
const RECORD_HEAD: u64 = 9;
/// Channel, sequence and the two times.
const MESSAGE_HEAD: u64 = 22;
/// Footer with its head, and the magic after it.
const FILE_END: u64 = RECORD_HEAD + 20 + MAGIC.len() as u64;

/// One host's file and what it holds.
pub(crate) struct ScannedFile {
    pub path: PathBuf,
    pub file: File,
    /// Frames in the order of the file, and where their bytes are.
    pub frames: Vec<(FrameInfo, Span)>,
    pub events: Vec<Event>,
    /// Where the JSON of each pose message is.
    pub poses: Vec<Span>,
    /// Where the last whole record ends.
    pub whole: u64,
    pub length: u64,
    /// Whether the file has its footer.
    pub closed: bool,
}

impl ScannedFile {
    /// # Errors
    /// If the disk fails.
    pub fn read(&self, span: Span) -> Result<Vec<u8>, TakeError> {
        let mut bytes = vec![0; span.bytes as usize];
        self.file.read_exact_at(&mut bytes, span.offset).map_err(|e| TakeError::io("read", &self.path, e))?;
        Ok(bytes)
    }
}

/// A range of bytes in a file.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub offset: u64,
    pub bytes: u64,
}

enum Channel {
    Camera(CameraId),
    Events,
    Poses,
    Other,
}

/// Scans a file to its end, or to where writing stopped.
///
/// # Errors
/// [`TakeError::Corrupt`] if something is wrong in a file that has its end. Without an end, it is taken to be the
/// record that was being written.
pub(crate) fn scan(path: &Path, cameras: &[String]) -> Result<ScannedFile, TakeError> {
    let file = File::open(path).map_err(|e| TakeError::io("open", path, e))?;
    let length = file.metadata().map_err(|e| TakeError::io("read", path, e))?.len();
    let mut scanner = Scanner { path, file: &file, length, at: 0, cameras, channels: HashMap::new() };
    let mut contents = Contents { frames: Vec::new(), events: Vec::new(), poses: Vec::new(), closed: false };
    match scanner.run(&mut contents)? {
        Some(what) if contents.closed || scanner.has_end()? || scanner.at == 0 => {
            return Err(TakeError::Corrupt { path: path.to_owned(), offset: scanner.at, what });
        }
        _ => {}
    }
    let whole = scanner.at;
    let Contents { frames, events, poses, closed } = contents;
    Ok(ScannedFile { path: path.to_owned(), file, frames, events, poses, whole, length, closed })
}

struct Contents {
    frames: Vec<(FrameInfo, Span)>,
    events: Vec<Event>,
    poses: Vec<Span>,
    closed: bool,
}

struct Scanner<'a> {
    path: &'a Path,
    file: &'a File,
    length: u64,
    /// Everything before is whole.
    at: u64,
    cameras: &'a [String],
    channels: HashMap<u16, Channel>,
}

impl Scanner<'_> {
    /// `Some` says what is wrong with the record at `self.at`.
    fn run(&mut self, contents: &mut Contents) -> Result<Option<String>, TakeError> {
        let magic = self.bytes(0, (MAGIC.len() as u64).min(self.length))?;
        if magic != MAGIC[..magic.len()] {
            return Ok(Some("this is not an MCAP file".to_owned()));
        }
        if magic.len() < MAGIC.len() {
            return Ok(None);
        }
        self.at = MAGIC.len() as u64;
        while self.at < self.length {
            if self.length - self.at < RECORD_HEAD {
                return Ok(Some("half a record".to_owned()));
            }
            // One read gets all that a frame needs: heads and header.
            let wanted = RECORD_HEAD + MESSAGE_HEAD + header::LENGTH as u64;
            let start = self.bytes(self.at, wanted.min(self.length - self.at))?;
            let (head, body) = start.split_at(RECORD_HEAD as usize);
            let size = u64::from_le_bytes(array(&head[1..]));
            if size > self.length - self.at - RECORD_HEAD {
                return Ok(Some(format!("a record of {size} bytes reaches beyond the end of the file")));
            }
            let body = &body[..body.len().min(size.try_into().unwrap_or(usize::MAX))];
            let wrong = match head[0] {
                op::MESSAGE => self.message(body, size, contents)?,
                op::HEADER | op::CHANNEL => self.channel(head[0], size)?,
                op::FOOTER => {
                    contents.closed = self.bytes(self.at + RECORD_HEAD + size, MAGIC.len() as u64)? == MAGIC;
                    self.at = self.length;
                    return Ok(None);
                }
                op::CHUNK => Some("a chunk, which genlock never writes".to_owned()),
                0 => Some("a record without a kind".to_owned()),
                _ => None,
            };
            if wrong.is_some() {
                return Ok(wrong);
            }
            self.at += RECORD_HEAD + size;
        }
        Ok(None)
    }

    fn message(&self, body: &[u8], size: u64, contents: &mut Contents) -> Result<Option<String>, TakeError> {
        if size < MESSAGE_HEAD {
            return Ok(Some("half a message".to_owned()));
        }
        let id = u16::from_le_bytes(array(body));
        let offset = self.at + RECORD_HEAD + MESSAGE_HEAD;
        match self.channels.get(&id) {
            None => return Ok(Some(format!("a message of channel {id}, which does not exist"))),
            Some(Channel::Other) => {}
            Some(Channel::Poses) => contents.poses.push(Span { offset, bytes: size - MESSAGE_HEAD }),
            Some(Channel::Events) => match serde_json::from_slice(&self.bytes(offset, size - MESSAGE_HEAD)?) {
                Ok(event) => contents.events.push(event),
                Err(error) => return Ok(Some(format!("an event that cannot be parsed: {error}"))),
            },
            Some(&Channel::Camera(camera)) => match header::decode(camera, &body[MESSAGE_HEAD as usize..]) {
                Ok((info, length)) => {
                    let header_bytes = length as u64;
                    let bytes = size - MESSAGE_HEAD - header_bytes;
                    contents.frames.push((info, Span { offset: offset + header_bytes, bytes }));
                }
                Err(what) => return Ok(Some(what)),
            },
        }
        Ok(None)
    }

    fn channel(&mut self, opcode: u8, size: u64) -> Result<Option<String>, TakeError> {
        match mcap::read::parse_record(opcode, &self.bytes(self.at + RECORD_HEAD, size)?) {
            Ok(Record::Channel(channel)) => {
                let camera = channel.topic.strip_prefix(header::TOPIC_PREFIX);
                let known = match (camera, channel.message_encoding.as_str()) {
                    (Some(name), header::ENCODING) => match self.cameras.iter().position(|c| c == name) {
                        Some(index) => Channel::Camera(CameraId(index as u16)),
                        None => return Ok(Some(format!("the camera `{name}`, which take.toml does not name"))),
                    },
                    (None, event::ENCODING) if channel.topic == event::TOPIC => Channel::Events,
                    (None, poses::ENCODING) if channel.topic == poses::TOPIC => Channel::Poses,
                    _ => Channel::Other,
                };
                self.channels.insert(channel.id, known);
                Ok(None)
            }
            Ok(_) => Ok(None),
            Err(error) => Ok(Some(error.to_string())),
        }
    }

    /// Whether the file ends like a finished one.
    fn has_end(&self) -> Result<bool, TakeError> {
        if self.length < FILE_END {
            return Ok(false);
        }
        let end = self.bytes(self.length - FILE_END, FILE_END)?;
        Ok(end[0] == op::FOOTER && end[1..9] == 20_u64.to_le_bytes() && end.ends_with(MAGIC))
    }

    /// `count` bytes, or fewer at the end of the file.
    fn bytes(&self, offset: u64, count: u64) -> Result<Vec<u8>, TakeError> {
        let mut bytes = vec![0; count.min(self.length.saturating_sub(offset)) as usize];
        self.file.read_exact_at(&mut bytes, offset).map_err(|e| TakeError::io("read", self.path, e))?;
        Ok(bytes)
    }
}

/// The first `N` bytes, of which callers know that they exist.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[..N]);
    out
}
