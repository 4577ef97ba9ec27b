//! Writes one host's part of a take.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use frame::{CameraId, FrameInfo};
use mcap::records::MessageHeader;
use mcap::write::WriteOptions;

use crate::description::{Description, check_cameras};
use crate::event::Event;
use crate::files::{file_name, make_directory, make_named_directory, sync_directory};
use crate::sink::{Output, Sink};
use crate::{ClockReading, ClockRelation, Gap, Note, TakeError, TakeInfo, event, header, poses};

/// Longest time between two syncs to the disk.
pub const SYNC_INTERVAL_NS: u64 = 250_000_000;

/// Time between two readings of the clocks.
const CLOCK_INTERVAL_NS: u64 = 10_000_000_000;

/// Reserves space on the disk while recording, to be freed for the last gaps and the end when the disk is full.
const RESERVE: &str = ".reserve";
const RESERVE_BYTES: usize = 64 * 1024;

/// Writes one host's part of a take. It has no thread: it syncs during the caller's writes and [`tick`](Self::tick)s,
/// unless that was [handed over](Self::hand_over_sync).
///
/// After [`TakeError::DiskFull`] the file ends with the last whole record, and writing may continue once space was
/// freed. Dropped without [`finish`](Self::finish), it leaves a take that can be read but is not complete.
pub struct TakeWriter {
    directory: PathBuf,
    path: PathBuf,
    description: Description,
    /// `None` only after [`finish`](Self::finish) took it.
    mcap: Option<mcap::Writer<Sink>>,
    /// The same file as the sink's, for syncing.
    file: File,
    /// A [`TakeSync`] syncs.
    sync_handed_over: bool,
    bytes: Arc<AtomicU64>,
    camera_channels: Vec<u16>,
    event_channel: u16,
    pose_channel: u16,
    message: Vec<u8>,
    synced_at_ns: Option<i64>,
    clock_at_ns: Option<i64>,
    /// A write failed, so the MCAP writer's statistics are wrong.
    failed: bool,
    frames: u64,
    lost: u64,
}

/// What a finished take holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeSummary {
    /// Its folder.
    pub directory: PathBuf,
    /// Frames of all cameras.
    pub frames: u64,
    /// Size of this host's file.
    pub bytes: u64,
    /// Frames in gap records.
    pub lost: u64,
}

impl TakeWriter {
    /// Makes `parent/<UTC stamp>[-n]/`. Existing takes are never touched.
    ///
    /// # Errors
    /// If `info` names no cameras or one twice, or the folder or its files cannot be made.
    pub fn create(parent: &Path, info: &TakeInfo) -> Result<Self, TakeError> {
        Self::create_on(parent, info, |file| Box::new(file))
    }

    /// Makes `parent/<name>/`, for takes that are rendered or imported.
    ///
    /// # Errors
    /// As [`create`](Self::create); also if the folder exists.
    pub fn create_named(parent: &Path, name: &str, info: &TakeInfo) -> Result<Self, TakeError> {
        check_cameras(&Description::path(parent), &info.cameras)?;
        Self::create_in(parent, make_named_directory(parent, name)?, info, |file| Box::new(file))
    }

    pub(crate) fn create_on(
        parent: &Path,
        info: &TakeInfo,
        output: impl FnOnce(File) -> Box<dyn Output>,
    ) -> Result<Self, TakeError> {
        check_cameras(&Description::path(parent), &info.cameras)?;
        let stamp = chrono::Utc::now().format("%Y-%m-%dT%H-%M-%SZ").to_string();
        Self::create_in(parent, make_directory(parent, &stamp)?, info, output)
    }

    fn create_in(
        parent: &Path,
        directory: PathBuf,
        info: &TakeInfo,
        output: impl FnOnce(File) -> Box<dyn Output>,
    ) -> Result<Self, TakeError> {
        let made = Self::open_in(parent, directory.clone(), info, output);
        if made.is_err() {
            // Leave no empty take behind, as on a full disk. What cannot be removed is seen as damaged.
            let _ = fs::remove_dir_all(&directory);
        }
        made
    }

    fn open_in(
        parent: &Path,
        directory: PathBuf,
        info: &TakeInfo,
        output: impl FnOnce(File) -> Box<dyn Output>,
    ) -> Result<Self, TakeError> {
        let started = chrono::Utc::now();
        let description = Description::new(info, started.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
        description.write(&directory)?;
        let reserve = directory.join(RESERVE);
        fs::write(&reserve, vec![0xff; RESERVE_BYTES]).map_err(|e| TakeError::io("write", &reserve, e))?;

        let path = directory.join(format!("{}.mcap", file_name(&info.host)));
        let make = |e| TakeError::io("create", &path, e);
        let file = OpenOptions::new().append(true).create_new(true).open(&path).map_err(make)?;
        let (sink, bytes) = Sink::new(output(file.try_clone().map_err(make)?));
        let (mcap, camera_channels, [event_channel, pose_channel]) =
            open_mcap(sink, &info.cameras).map_err(|e| TakeError::mcap(&path, e))?;
        file.sync_all()
            .and_then(|()| sync_directory(&directory))
            .and_then(|()| sync_directory(parent))
            .map_err(make)?;
        let mut writer = Self {
            directory,
            path,
            description,
            mcap: Some(mcap),
            file,
            sync_handed_over: false,
            bytes,
            camera_channels,
            event_channel,
            pose_channel,
            message: Vec::new(),
            synced_at_ns: None,
            clock_at_ns: None,
            failed: false,
            frames: 0,
            lost: 0,
        };
        let first = writer.description.clocks[0];
        writer.write_event(first.monotonic_ns, &Event::Clock(first))?;
        Ok(writer)
    }

    /// The folder of the take.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Size of this host's file so far.
    pub fn bytes_written(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Stores a unit as the camera sent it. When this returns, the kernel has it, and only a power cut can lose it.
    ///
    /// # Errors
    /// [`TakeError::DiskFull`] and other failures of the disk; this frame is not in the take then, earlier ones are.
    pub fn write_frame(&mut self, info: &FrameInfo, bytes: &[u8]) -> Result<(), TakeError> {
        let channel = self.camera_channels.get(info.camera.index()).copied();
        let channel_id = channel.ok_or_else(|| self.unknown(info.camera))?;
        // Before the frame, so that an error always means that the frame is not in the take.
        self.tick(info.arrival_ns)?;
        let mut message = std::mem::take(&mut self.message);
        message.clear();
        message.extend_from_slice(&header::encode(info));
        message.extend_from_slice(bytes);
        let record = MessageHeader {
            channel_id,
            sequence: info.sequence as u32, // MCAP has 32 bits; the header has all 64
            log_time: info.exposure.ns.try_into().unwrap_or(0),
            publish_time: info.arrival_ns.try_into().unwrap_or(0),
        };
        let written = self.write_record(&record, &message);
        self.message = message;
        written?;
        self.frames += 1;
        Ok(())
    }

    /// Records which frames are not in the take, and why.
    ///
    /// # Errors
    /// If the camera is unknown, or the disk fails.
    pub fn write_gap(&mut self, gap: &Gap) -> Result<(), TakeError> {
        let camera = self.description.take.cameras.get(gap.camera.index()).cloned();
        let event = Event::Gap {
            camera: camera.ok_or_else(|| self.unknown(gap.camera))?,
            reason: gap.reason.name().to_owned(),
            first_sequence: gap.first_sequence,
            frames: gap.frames,
            at_ns: gap.at_ns,
        };
        self.write_event(gap.at_ns, &event)?;
        self.lost += gap.frames;
        Ok(())
    }

    /// Records what else happened, such as a lost camera.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn write_note(&mut self, at_ns: i64, kind: &str, text: &str) -> Result<(), TakeError> {
        self.write_event(at_ns, &Event::Note(Note { at_ns, kind: kind.to_owned(), text: text.to_owned() }))
    }

    /// Records the offset of this host's clock to the first host's.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn write_relation(&mut self, relation: ClockRelation) -> Result<(), TakeError> {
        self.write_event(relation.at_ns, &Event::Relation(relation))
    }

    /// Records poses as they were streamed: one JSON text, of an instant whose exposure began at `at_ns`.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn write_poses(&mut self, at_ns: i64, json: &[u8]) -> Result<(), TakeError> {
        let time = at_ns.try_into().unwrap_or(0);
        let record = MessageHeader { channel_id: self.pose_channel, sequence: 0, log_time: time, publish_time: time };
        self.write_record(&record, json)
    }

    /// Syncs to the disk if [`SYNC_INTERVAL_NS`] have passed since the last time, which may block for milliseconds.
    /// `now_ns` is `CLOCK_MONOTONIC`.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn tick(&mut self, now_ns: i64) -> Result<(), TakeError> {
        if due(&mut self.clock_at_ns, now_ns, CLOCK_INTERVAL_NS) {
            let reading = ClockReading::now();
            self.description.clocks.push(reading);
            self.write_event(now_ns, &Event::Clock(reading))?;
        }
        if !self.sync_handed_over && due(&mut self.synced_at_ns, now_ns, SYNC_INTERVAL_NS) {
            self.sync()?;
        }
        Ok(())
    }

    /// Leaves syncing every [`SYNC_INTERVAL_NS`] to the caller, so that another thread can wait for a slow disk while
    /// this one keeps writing.
    ///
    /// # Errors
    /// If the file handle cannot be duplicated.
    pub fn hand_over_sync(&mut self) -> Result<TakeSync, TakeError> {
        let file = self.file.try_clone().map_err(|e| TakeError::io("sync", &self.path, e))?;
        self.sync_handed_over = true;
        Ok(TakeSync { file, path: self.path.clone(), bytes: self.bytes.clone(), synced: 0 })
    }

    /// Writes the end of the take and syncs it. It tries to after a full disk, too.
    ///
    /// # Errors
    /// If the end cannot be written; the take can be read then, but is not complete.
    pub fn finish(mut self) -> Result<TakeSummary, TakeError> {
        self.free_reserve();
        let now = ClockReading::now();
        self.description.clocks.push(now);
        let (frames, lost, at_ns) = (self.frames, self.lost, now.monotonic_ns);
        self.write_event(at_ns, &Event::Clock(now))?;
        self.write_event(at_ns, &Event::End { at_ns, frames, bytes: self.bytes_written(), lost })?;
        self.close()?;
        self.file.sync_all().map_err(|e| TakeError::io("sync", &self.path, e))?;
        self.description.write(&self.directory)?;
        Ok(TakeSummary { directory: self.directory.clone(), frames, bytes: self.bytes_written(), lost })
    }

    fn close(&mut self) -> Result<(), TakeError> {
        let Some(mut mcap) = self.mcap.take() else { return Ok(()) };
        let summarised = if self.failed { None } else { Some(mcap.finish()) };
        let mut sink = mcap.into_inner();
        let closed = match summarised {
            Some(Ok(_)) => sink.flush(),
            // The summary is for other tools; the file is valid without it.
            Some(Err(_)) | None => sink.write_all(&bare_end()).and_then(|()| sink.flush()),
        };
        closed.map_err(|e| TakeError::io("write", &self.path, e))
    }

    fn sync(&mut self) -> Result<(), TakeError> {
        self.file.sync_data().map_err(|e| TakeError::io("sync", &self.path, e))
    }

    fn write_event(&mut self, at_ns: i64, event: &Event) -> Result<(), TakeError> {
        let text = serde_json::to_vec(event).map_err(|e| TakeError::io("write", &self.path, io::Error::other(e)))?;
        let time = at_ns.try_into().unwrap_or(0);
        let record = MessageHeader { channel_id: self.event_channel, sequence: 0, log_time: time, publish_time: time };
        match self.write_record(&record, &text) {
            Err(error) if error.is_disk_full() && self.free_reserve() => self.write_record(&record, &text),
            written => written,
        }
    }

    fn write_record(&mut self, record: &MessageHeader, message: &[u8]) -> Result<(), TakeError> {
        let Some(mcap) = &mut self.mcap else { return Ok(()) };
        let written = mcap.write_to_known_channel(record, message).and_then(|()| mcap.flush());
        self.failed |= written.is_err();
        written.map_err(|e| TakeError::mcap(&self.path, e))
    }

    /// Returns whether there was a reserve to free.
    fn free_reserve(&mut self) -> bool {
        fs::remove_file(self.directory.join(RESERVE)).is_ok()
    }

    fn unknown(&self, camera: CameraId) -> TakeError {
        TakeError::UnknownCamera { path: self.directory.clone(), camera, cameras: self.camera_channels.len() }
    }
}

/// Syncs to the disk what a [`TakeWriter`] wrote.
pub struct TakeSync {
    file: File,
    path: PathBuf,
    bytes: Arc<AtomicU64>,
    synced: u64,
}

impl TakeSync {
    /// Returns when everything written before the call is on the disk. Costs nothing if nothing was.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn sync(&mut self) -> Result<(), TakeError> {
        let written = self.bytes.load(Ordering::Acquire);
        if written != self.synced {
            self.file.sync_data().map_err(|e| TakeError::io("sync", &self.path, e))?;
            self.synced = written;
        }
        Ok(())
    }
}

impl Drop for TakeWriter {
    fn drop(&mut self) {
        if let Some(mcap) = self.mcap.take() {
            // Dropping the MCAP writer would close the file as if the take were finished.
            mcap.into_inner();
            self.free_reserve();
        }
    }
}

/// Whether `interval_ns` have passed since `last_ns`, which then becomes now. Times of several cameras need not be in
/// order, and a clock that jumps either way must not stop the syncing.
fn due(last_ns: &mut Option<i64>, now_ns: i64, interval_ns: u64) -> bool {
    match *last_ns {
        Some(last) if last.abs_diff(now_ns) < interval_ns => false,
        Some(_) => {
            *last_ns = Some(now_ns);
            true
        }
        None => {
            *last_ns = Some(now_ns);
            false
        }
    }
}

fn open_mcap(sink: Sink, cameras: &[String]) -> mcap::McapResult<(mcap::Writer<Sink>, Vec<u16>, [u16; 2])> {
    // No chunks: a message is in the file as soon as it is written, not when a chunk is full.
    let mut mcap = WriteOptions::new()
        .profile("genlock-take")
        .library(concat!("genlock/", env!("CARGO_PKG_VERSION")))
        .use_chunks(false)
        .compression(None)
        .calculate_data_section_crc(false)
        .create(sink)?;
    let mut channels = Vec::with_capacity(cameras.len());
    for (index, camera) in cameras.iter().enumerate() {
        let topic = format!("{}{camera}", header::TOPIC_PREFIX);
        let metadata = BTreeMap::from([("camera".to_owned(), index.to_string())]);
        channels.push(mcap.add_channel(0, &topic, header::ENCODING, &metadata)?);
    }
    let events = mcap.add_channel(0, event::TOPIC, event::ENCODING, &BTreeMap::new())?;
    let poses = mcap.add_channel(0, poses::TOPIC, poses::ENCODING, &BTreeMap::new())?;
    mcap.flush()?;
    Ok((mcap, channels, [events, poses]))
}

/// The end of an MCAP file that has no summary: DataEnd and Footer, empty, and the magic.
fn bare_end() -> Vec<u8> {
    let mut end = Vec::with_capacity(50);
    for (opcode, length) in [(mcap::records::op::DATA_END, 4_u64), (mcap::records::op::FOOTER, 20)] {
        end.push(opcode);
        end.extend_from_slice(&length.to_le_bytes());
        end.resize(end.len() + length as usize, 0);
    }
    end.extend_from_slice(mcap::MAGIC);
    end
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
