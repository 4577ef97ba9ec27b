//! Reads takes, finished or not.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use frame::{CameraId, FrameInfo};

use crate::description::Description;
use crate::event::{Event, reason_by_name};
use crate::files::mcap_files;
use crate::mcap_scan::{ScannedFile, Span, scan};
use crate::{ClockReading, ClockRelation, Gap, Note, TakeError, TakeInfo};

/// Reads a take, also one whose writer was killed or is still writing.
///
/// Pictures stay on the disk until they are read; about 200 bytes per frame are held in memory.
pub struct TakeReader {
    directory: PathBuf,
    description: Description,
    recordings: Vec<ScannedFile>,
    frames: Vec<Vec<Stored>>,
    gaps: Vec<Gap>,
    notes: Vec<Note>,
    clocks: Vec<ClockReading>,
    relations: Vec<ClockRelation>,
    torn: Vec<TornTail>,
    complete: bool,
}

struct Stored {
    info: FrameInfo,
    recording: usize,
    span: Span,
}

/// The incomplete record at the end of a file whose writer was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The file.
    pub path: PathBuf,
    /// Where the last whole record ends.
    pub offset: u64,
    /// Bytes after that.
    pub bytes: u64,
}

impl TakeReader {
    /// Opens the folder of a take and finds all its frames.
    ///
    /// # Errors
    /// If it is not a take, has a newer format, or is damaged before its end.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, TakeError> {
        let directory = directory.as_ref().to_owned();
        let description = Description::read(&directory)?;
        let cameras = &description.take.cameras;
        let mut frames: Vec<Vec<Stored>> = cameras.iter().map(|_| Vec::new()).collect();
        let (mut gaps, mut notes, mut clocks, mut torn) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut recordings, mut relations) = (Vec::new(), Vec::new());
        let mut complete = true;
        for path in mcap_files(&directory)? {
            let mut found = scan(&path, cameras)?;
            for (info, span) in found.frames.drain(..) {
                frames[info.camera.index()].push(Stored { info, recording: recordings.len(), span });
            }
            let mut ended = false;
            for event in found.events.drain(..) {
                match event {
                    Event::Gap { camera, reason, first_sequence, frames, at_ns } => {
                        let camera = cameras.iter().position(|name| *name == camera);
                        let known = camera.zip(reason_by_name(&reason));
                        let (camera, reason) = known.ok_or_else(|| TakeError::Corrupt {
                            path: path.clone(),
                            offset: found.whole,
                            what: format!("a gap with an unknown camera or reason: {reason}"),
                        })?;
                        gaps.push(Gap { camera: CameraId(camera as u16), reason, first_sequence, frames, at_ns });
                    }
                    Event::Clock(reading) => clocks.push(reading),
                    Event::Note(note) => notes.push(note),
                    Event::Relation(relation) => relations.push(relation),
                    Event::End { .. } => ended = true,
                    Event::Unknown => {}
                }
            }
            complete &= ended && found.closed;
            if found.whole < found.length {
                torn.push(TornTail { offset: found.whole, bytes: found.length - found.whole, path });
            }
            recordings.push(found);
        }
        if recordings.is_empty() {
            return Err(TakeError::NoRecording { path: directory });
        }
        Ok(Self { directory, description, recordings, frames, gaps, notes, clocks, relations, torn, complete })
    }

    /// The folder of the take.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the take shows.
    pub fn info(&self) -> &TakeInfo {
        &self.description.take
    }

    /// Version of the format on disk.
    pub fn format_version(&self) -> u32 {
        self.description.format_version
    }

    /// When the take began, RFC 3339.
    pub fn started_utc(&self) -> &str {
        &self.description.started_utc
    }

    /// Names in the order of [`CameraId`].
    pub fn cameras(&self) -> &[String] {
        &self.description.take.cameras
    }

    /// Frames of a camera; 0 for one that is not in the take.
    pub fn len(&self, camera: CameraId) -> usize {
        self.frames.get(camera.index()).map_or(0, Vec::len)
    }

    /// Whether no camera has a frame.
    pub fn is_empty(&self) -> bool {
        self.frames.iter().all(Vec::is_empty)
    }

    /// Everything about the `index`-th frame of a camera except its bytes.
    pub fn frame_info(&self, camera: CameraId, index: usize) -> Option<&FrameInfo> {
        self.stored(camera, index).map(|stored| &stored.info)
    }

    /// Bytes of the `index`-th unit of a camera.
    pub fn frame_bytes(&self, camera: CameraId, index: usize) -> Option<u64> {
        self.stored(camera, index).map(|stored| stored.span.bytes)
    }

    /// The `index`-th frame of a camera with its bytes, as the camera sent them.
    ///
    /// # Errors
    /// [`TakeError::NoFrame`], or if the disk fails.
    pub fn read(&self, camera: CameraId, index: usize) -> Result<(FrameInfo, Vec<u8>), TakeError> {
        let mut bytes = Vec::new();
        let info = self.read_into(camera, index, &mut bytes)?;
        Ok((info, bytes))
    }

    /// As [`read`](Self::read), into a buffer whose content is replaced.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_into(&self, camera: CameraId, index: usize, bytes: &mut Vec<u8>) -> Result<FrameInfo, TakeError> {
        let stored = self.stored(camera, index).ok_or_else(|| TakeError::NoFrame {
            path: self.directory.clone(),
            camera,
            index,
            frames: self.len(camera),
        })?;
        let recording = &self.recordings[stored.recording];
        bytes.resize(stored.span.bytes as usize, 0);
        recording
            .file
            .read_exact_at(bytes, stored.span.offset)
            .map_err(|e| TakeError::io("read", &recording.path, e))?;
        Ok(stored.info)
    }

    /// How many pose messages were recorded.
    pub fn pose_messages(&self) -> usize {
        self.recordings.iter().map(|recording| recording.poses.len()).sum()
    }

    /// The JSON of the `index`-th pose message, in the order in which they were streamed; `None` beyond the last.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn pose_message(&self, mut index: usize) -> Option<Result<Vec<u8>, TakeError>> {
        for recording in &self.recordings {
            match recording.poses.get(index) {
                Some(span) => return Some(recording.read(*span)),
                None => index -= recording.poses.len(),
            }
        }
        None
    }

    /// The JSON of the recorded pose messages, in the order in which they were streamed. Each is an error if the disk
    /// fails.
    pub fn poses(&self) -> impl Iterator<Item = Result<Vec<u8>, TakeError>> {
        self.recordings.iter().flat_map(|recording| recording.poses.iter().map(|span| recording.read(*span)))
    }

    /// The recorded gaps.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// What else happened, as recorded.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Readings of both clocks, to convert the take's times to UTC.
    pub fn clocks(&self) -> &[ClockReading] {
        &self.clocks
    }

    /// The offset of the host's clock to the first host's over time; empty if it captured alone.
    pub fn relations(&self) -> &[ClockRelation] {
        &self.relations
    }

    /// The incomplete records that were ignored at the ends of files.
    pub fn torn(&self) -> &[TornTail] {
        &self.torn
    }

    /// Whether all hosts finished their parts.
    pub fn complete(&self) -> bool {
        self.complete
    }

    fn stored(&self, camera: CameraId, index: usize) -> Option<&Stored> {
        self.frames.get(camera.index())?.get(index)
    }
}
