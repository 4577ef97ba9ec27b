//! Tests of the writer on a disk that fills up.

use std::io::Read;
use std::sync::Mutex;

use frame::{Encoding, HostTime, LossReason, Picture, SegmentId, TriggerIndex};

use super::*;
use crate::{TakeReader, inspect};

/// A disk with so many bytes left. It writes what fits of a piece, as a real one does.
struct SmallDisk {
    file: File,
    left: Arc<Mutex<u64>>,
    written: u64,
}

impl Write for SmallDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut left = self.left.lock().unwrap();
        let fits = bytes.len().min(*left as usize);
        if fits == 0 {
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        self.file.write_all(&bytes[..fits])?;
        *left -= fits as u64;
        self.written += fits as u64;
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for SmallDisk {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        *self.left.lock().unwrap() += self.written - length;
        self.written = length;
        self.file.cut(length)
    }
}

fn create_small(parent: &Path, left: u64) -> (TakeWriter, Arc<Mutex<u64>>) {
    let info = TakeInfo {
        name: "small".into(),
        rig_toml: String::new(),
        cameras: vec!["only".into()],
        host: "host".into(),
        trigger_rate_hz: 30.0,
        source_rate_hz: Some(60.0),
    };
    let left = Arc::new(Mutex::new(left));
    let disk = left.clone();
    let writer = TakeWriter::create_on(parent, &info, |file| Box::new(SmallDisk { file, left: disk, written: 0 }));
    (writer.unwrap(), left)
}

fn info(sequence: u64) -> FrameInfo {
    FrameInfo {
        camera: CameraId(0),
        sequence,
        segment: SegmentId::seam(0),
        trigger: TriggerIndex::Unresolved,
        exposure: HostTime::monotonic(sequence as i64, 0),
        exposure_duration_ns: 0,
        arrival_ns: sequence as i64,
        device: frame::DeviceStamp::default(),
        source: None,
        picture: Picture::Encoded { encoding: Encoding::H264, width_px: 2, height_px: 2 },
    }
}

fn unit(sequence: u64, bytes: usize) -> Vec<u8> {
    vec![sequence as u8; bytes]
}

/// Writes until the disk is full.
fn fill(writer: &mut TakeWriter, bytes: usize) -> u64 {
    for sequence in 0.. {
        match writer.write_frame(&info(sequence), &unit(sequence, bytes)) {
            Ok(()) => {}
            Err(error) => {
                assert!(error.is_disk_full(), "{error}");
                return sequence;
            }
        }
    }
    unreachable!("the disk is finite")
}

fn assert_whole(directory: &Path, sequences: &[u64], bytes: usize) {
    let take = TakeReader::open(directory).unwrap();
    assert_eq!(take.torn(), &[]);
    let found: Vec<_> = (0..take.len(CameraId(0))).map(|index| take.read(CameraId(0), index).unwrap()).collect();
    let expected: Vec<_> = sequences.iter().map(|&sequence| (info(sequence), unit(sequence, bytes))).collect();
    assert!(found == expected, "found {} frames of {}", found.len(), expected.len());
}

/// Sizes below and above what the sink gathers; the disk ends at many places in a record.
#[test]
fn a_full_disk_leaves_whole_records_wherever_it_ends() {
    for bytes in [100, 70_000] {
        for spare in (0..400).step_by(7) {
            let parent = tempfile::tempdir().unwrap();
            let (mut writer, _) = create_small(parent.path(), 1000 + 2 * bytes as u64 + spare);
            let directory = writer.directory().to_owned();
            let frames = fill(&mut writer, bytes);
            assert!(frames >= 1);
            let size = writer.bytes_written();
            assert_eq!(std::fs::metadata(&writer.path).unwrap().len(), size);
            // There may be room for the end or not; what is there stays.
            let finished = writer.finish();
            assert_whole(&directory, &(0..frames).collect::<Vec<_>>(), bytes);
            assert_eq!(inspect(&directory).unwrap().complete, finished.is_ok());
        }
    }
}

#[test]
fn recording_goes_on_where_space_was_freed() {
    let parent = tempfile::tempdir().unwrap();
    let (mut writer, left) = create_small(parent.path(), 20_000);
    let lost = fill(&mut writer, 500);
    *left.lock().unwrap() += 20_000;
    let gap = Gap { camera: CameraId(0), reason: LossReason::DiskFull, first_sequence: lost, frames: 1, at_ns: 0 };
    writer.write_gap(&gap).unwrap();
    writer.write_frame(&info(lost + 1), &unit(lost + 1, 500)).unwrap();
    let summary = writer.finish().unwrap();
    assert_eq!((summary.frames, summary.lost), (lost + 1, 1));
    assert_whole(&summary.directory, &(0..lost).chain([lost + 1]).collect::<Vec<_>>(), 500);
    let inspection = inspect(&summary.directory).unwrap();
    assert!(inspection.complete);
    assert_eq!(inspection.cameras[0].gaps.len(), 1, "the gap record accounts for the hole");

    // Other tools read it too, though it has no summary.
    let mut file = Vec::new();
    File::open(summary.directory.join("host.mcap")).unwrap().read_to_end(&mut file).unwrap();
    let frames = mcap::MessageStream::new(&file).unwrap().map(Result::unwrap);
    assert_eq!(frames.filter(|message| message.channel.topic == "/camera/only").count() as u64, summary.frames);
}

#[test]
fn a_summary_that_does_not_fit_is_left_out() {
    let finish_with = |room: u64| {
        let parent = tempfile::tempdir().unwrap();
        let (mut writer, left) = create_small(parent.path(), 100_000);
        let directory = writer.directory().to_owned();
        writer.write_frame(&info(0), &unit(0, 100)).unwrap();
        let before = writer.bytes_written();
        *left.lock().unwrap() = room;
        let summary = writer.finish().unwrap();
        assert_whole(&directory, &[0], 100);
        assert!(inspect(&directory).unwrap().complete);
        let file = std::fs::read(directory.join("host.mcap")).unwrap();
        (summary.bytes - before, file.ends_with(&bare_end()))
    };
    let (needed, bare) = finish_with(100_000);
    assert!(!bare);
    let (_, bare) = finish_with(needed - 10);
    assert!(bare);
}

#[test]
fn a_sync_is_due_after_the_interval_whichever_way_time_moves() {
    let mut last = None;
    assert!(!due(&mut last, 1000, 250));
    assert!(!due(&mut last, 1249, 250));
    assert!(!due(&mut last, 990, 250));
    assert!(due(&mut last, 1250, 250));
    assert!(!due(&mut last, 1300, 250));
    assert!(due(&mut last, 10, 250));
    assert!(due(&mut last, i64::MIN, 250));
    assert!(due(&mut last, i64::MAX, 250));
}
