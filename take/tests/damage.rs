//! Takes that were cut off, damaged or are not takes at all.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{assert_frame, frame, take_info};
use frame::CameraId;
use take::{TakeError, TakeReader, TakeWriter, inspect};

const FRAMES: u64 = 12;

/// A finished take of one camera, and after how many bytes of its recording each frame was whole.
fn take_with_lengths(parent: &Path) -> (PathBuf, PathBuf, Vec<u64>) {
    let mut writer = TakeWriter::create(parent, &take_info(1)).unwrap();
    let mut whole_after = Vec::new();
    for sequence in 0..FRAMES {
        let (info, bytes) = frame(0, sequence);
        writer.write_frame(&info, &bytes).unwrap();
        whole_after.push(writer.bytes_written());
    }
    let directory = writer.finish().unwrap().directory;
    let recording = directory.join("lab-one.mcap");
    (directory, recording, whole_after)
}

#[test]
fn a_cut_anywhere_loses_only_what_comes_after_it() {
    let parent = tempfile::tempdir().unwrap();
    let (directory, recording, whole_after) = take_with_lengths(parent.path());
    let whole = fs::read(&recording).unwrap();
    for cut in 0..whole.len() {
        fs::write(&recording, &whole[..cut]).unwrap();
        let take = TakeReader::open(&directory).unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        let expected = whole_after.iter().filter(|&&end| end <= cut as u64).count();
        assert_eq!(take.len(CameraId(0)), expected, "cut at {cut}");
        for index in 0..expected {
            assert_frame(&take, 0, index, &frame(0, index as u64));
        }
        assert!(!take.complete(), "cut at {cut}");
        if let [tail] = take.torn() {
            assert_eq!(tail.offset + tail.bytes, cut as u64);
        }
    }
}

#[test]
fn zeros_or_noise_behind_the_last_whole_record_are_ignored() {
    let parent = tempfile::tempdir().unwrap();
    let (directory, recording, whole_after) = take_with_lengths(parent.path());
    let whole = fs::read(&recording).unwrap();
    let kept = whole_after[7] as usize;
    for filler in [0x00, 0x05, 0x5a, 0xff] {
        let mut torn = whole[..kept].to_vec();
        torn.resize(kept + 5000, filler);
        fs::write(&recording, &torn).unwrap();
        let take = TakeReader::open(&directory).unwrap();
        assert_eq!(take.len(CameraId(0)), 8, "filled with {filler:#x}");
        assert_eq!(take.torn()[0].bytes, 5000);
        assert_eq!(inspect(&directory).unwrap().torn_bytes, 5000);
    }
}

#[test]
fn damage_inside_a_finished_recording_is_an_error_that_says_where() {
    let parent = tempfile::tempdir().unwrap();
    let (directory, recording, whole_after) = take_with_lengths(parent.path());
    let whole = fs::read(&recording).unwrap();
    let at = whole_after[4];
    for (byte, value) in [(0, 0x00), (8, 0xff), (9 + 22, 0xee)] {
        let mut damaged = whole.clone();
        damaged[at as usize + byte] = value;
        fs::write(&recording, &damaged).unwrap();
        let Err(TakeError::Corrupt { path, offset, .. }) = TakeReader::open(&directory) else {
            panic!("byte {byte} set to {value:#x} was not noticed")
        };
        assert_eq!((path, offset), (recording.clone(), at));
    }
    // The remedy that the message names.
    fs::write(&recording, &whole[..at as usize]).unwrap();
    assert_eq!(TakeReader::open(&directory).unwrap().len(CameraId(0)), 5);
}

fn message(directory: &Path) -> String {
    match TakeReader::open(directory) {
        Ok(_) => panic!("{} was opened", directory.display()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_no_readable_take_is_named_with_a_remedy() {
    let parent = tempfile::tempdir().unwrap();
    let (directory, recording, _) = take_with_lengths(parent.path());
    let toml = directory.join("take.toml");
    let text = fs::read_to_string(&toml).unwrap();
    let path = toml.display().to_string();

    fs::write(&toml, text.replace("format_version = 1", "format_version = 2\nunheard_of = true")).unwrap();
    assert!(matches!(TakeReader::open(&directory), Err(TakeError::NewerFormat { found: 2, supported: 1, .. })));
    assert!(message(&directory).contains(&path) && message(&directory).contains("install a newer genlock"));

    fs::write(&toml, text.replace("cameras = [\"cam0\"]", "cameras = []")).unwrap();
    assert!(matches!(TakeReader::open(&directory), Err(TakeError::NoCameras { .. })));

    fs::write(&toml, "format_version = ").unwrap();
    assert!(matches!(TakeReader::open(&directory), Err(TakeError::BadDescription { .. })));

    fs::remove_file(&toml).unwrap();
    assert!(matches!(TakeReader::open(&directory), Err(TakeError::MissingDescription { .. })));
    assert!(message(&directory).contains(&path) && message(&directory).contains("name the folder of one take"));
    assert!(matches!(TakeReader::open(&recording), Err(TakeError::MissingDescription { .. })));

    fs::write(&toml, &text).unwrap();
    fs::write(&recording, "these are not the bytes of a recording").unwrap();
    assert!(message(&directory).contains("not an MCAP file"));
    fs::remove_file(&recording).unwrap();
    assert!(matches!(TakeReader::open(&directory), Err(TakeError::NoRecording { .. })));

    let twice = take::TakeInfo { cameras: vec!["a".into(), "a".into()], ..take_info(1) };
    assert!(matches!(TakeWriter::create(parent.path(), &twice), Err(TakeError::DuplicateCamera { .. })));
    assert!(matches!(TakeWriter::create(parent.path(), &take_info(0)), Err(TakeError::NoCameras { .. })));
}
