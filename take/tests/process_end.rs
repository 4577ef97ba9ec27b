//! What remains when the writing process is killed or reaches a file-size limit. That process is this binary, started
//! again to run one of the ignored tests.

mod common;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use common::{assert_frame, frame, take_info};
use frame::{CameraId, LossReason};
use take::{Gap, TakeError, TakeReader, TakeWriter, inspect};

const PARENT: &str = "TAKE_TEST_PARENT";

fn start(role: &str, parent: &std::path::Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", role, "--nocapture"])
        .env(PARENT, parent)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Lines of the child's output that report something, without the word before it.
fn reports(child: &mut Child, word: &'static str) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.filter_map(move |line| Some(line.split_once(word)?.1.trim().to_owned()))
}

fn only_take(parent: &std::path::Path) -> PathBuf {
    let mut takes = std::fs::read_dir(parent).unwrap();
    let take = takes.next().unwrap().unwrap().path();
    assert!(takes.next().is_none());
    take
}

#[test]
fn a_killed_writer_loses_nothing_that_it_accepted() {
    for stop_after in [1_u64, 10, 333] {
        let parent = tempfile::tempdir().unwrap();
        let mut child = start("write_until_killed", parent.path());
        let mut accepted = reports(&mut child, "accepted:");
        let last: u64 = accepted.nth(stop_after as usize).unwrap().parse().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let last = accepted.last().map_or(last, |later| later.parse().unwrap_or(last));

        let take = TakeReader::open(only_take(parent.path())).unwrap();
        assert!(!take.complete());
        let found = take.len(CameraId(0));
        assert!(found as u64 > last, "frame {last} was accepted, {found} frames were found");
        for index in 0..found {
            assert_frame(&take, 0, index, &frame(0, index as u64));
        }
    }
}

#[test]
#[ignore = "run by another test as a process of its own"]
fn write_until_killed() {
    let Some(parent) = std::env::var_os(PARENT) else { return };
    let mut writer = TakeWriter::create(&PathBuf::from(parent), &take_info(1)).unwrap();
    for sequence in 0.. {
        let (info, bytes) = frame(0, sequence);
        writer.write_frame(&info, &bytes).unwrap();
        println!("accepted: {sequence}");
    }
}

#[test]
fn a_file_size_limit_ends_a_take_that_can_be_read() {
    let parent = tempfile::tempdir().unwrap();
    let mut child = start("write_until_limited", parent.path());
    let frames: usize = reports(&mut child, "full after:").last().unwrap().parse().unwrap();
    assert!(child.wait().unwrap().success());
    let take = TakeReader::open(only_take(parent.path())).unwrap();
    assert_eq!((take.len(CameraId(0)), take.torn()), (frames, &[][..]));
    for index in 0..frames {
        assert_frame(&take, 0, index, &frame(0, index as u64));
    }
}

#[test]
#[ignore = "run by another test as a process of its own"]
fn write_until_limited() {
    let Some(parent) = std::env::var_os(PARENT) else { return };
    let limit = libc::rlimit { rlim_cur: 150_000, rlim_max: 150_000 };
    // SAFETY: both calls take plain values and change only this process, which is there for nothing else.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
    let mut writer = TakeWriter::create(&PathBuf::from(parent), &take_info(1)).unwrap();
    let mut frames = 0;
    let error = loop {
        let (info, bytes) = frame(0, frames);
        match writer.write_frame(&info, &bytes) {
            Ok(()) => frames += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, TakeError::DiskFull { .. }), "{error}");
    // Either the end still fits or it does not; neither may harm what is there.
    let _ = writer.finish();
    println!("full after: {frames}");
}

#[test]
fn a_full_disk_ends_a_take_that_is_closed_in_order() {
    let mount_point = tempfile::tempdir().unwrap();
    let Some(_mounted) = Tmpfs::mount(mount_point.path(), "size=1m") else {
        eprintln!("skipped: a small file system to fill cannot be mounted here");
        return;
    };
    let mut writer = TakeWriter::create(mount_point.path(), &take_info(1)).unwrap();
    let directory = writer.directory().to_owned();
    let unit = vec![7; 10_000];
    let mut frames = 0;
    let error = loop {
        match writer.write_frame(&frame(0, frames).0, &unit) {
            Ok(()) => frames += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, TakeError::DiskFull { .. }), "{error}");
    let gap = Gap { camera: CameraId(0), reason: LossReason::DiskFull, first_sequence: frames, frames: 3, at_ns: 9 };
    writer.write_gap(&gap).unwrap();
    assert_eq!(writer.finish().unwrap().frames, frames);
    let inspection = inspect(&directory).unwrap();
    assert!(inspection.complete);
    assert_eq!((inspection.cameras[0].frames, inspection.cameras[0].gaps.len()), (frames, 1));
}

#[test]
fn no_take_is_made_on_a_full_disk() {
    let mount_point = tempfile::tempdir().unwrap();
    let Some(_mounted) = Tmpfs::mount(mount_point.path(), "size=1m") else {
        eprintln!("skipped: a small file system to fill cannot be mounted here");
        return;
    };
    assert!(std::fs::write(mount_point.path().join("filler"), vec![1; 2_000_000]).is_err());
    let refusal = TakeWriter::create(mount_point.path(), &take_info(1)).err().unwrap();
    assert!(matches!(refusal, TakeError::DiskFull { .. }), "{refusal}");
    assert_eq!(std::fs::read_dir(mount_point.path()).unwrap().count(), 1, "an empty take was left behind");
}

/// A file system in memory, for as long as this lives.
struct Tmpfs(std::ffi::CString);

impl Tmpfs {
    fn mount(at: &std::path::Path, options: &str) -> Option<Self> {
        use std::os::unix::ffi::OsStrExt;
        let target = std::ffi::CString::new(at.as_os_str().as_bytes()).unwrap();
        let options = std::ffi::CString::new(options).unwrap();
        // SAFETY: all pointers are to strings that end with NUL and outlive the call.
        let mounted =
            unsafe { libc::mount(c"tmpfs".as_ptr(), target.as_ptr(), c"tmpfs".as_ptr(), 0, options.as_ptr().cast()) };
        (mounted == 0).then(|| Self(target))
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // SAFETY: the string ends with NUL and outlives the call.
        unsafe { libc::umount2(self.0.as_ptr(), libc::MNT_DETACH) };
    }
}
