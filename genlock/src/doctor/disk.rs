//! The folder of recordings: is it writable, and fast enough?

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::finding::Finding;
use super::host::{free_bytes, megabytes};
use super::rate::DataRate;

const CHUNK: usize = 4 << 20;
const MOST_BYTES: u64 = 256 << 20;
const LONGEST: Duration = Duration::from_secs(2);
/// As often as the recorder syncs.
const SYNC_EVERY: Duration = Duration::from_millis(250);

/// Bytes per second with regular syncs, and the longest single write or sync.
#[derive(Clone, Copy, Debug)]
struct Speed {
    bytes_per_s: f64,
    longest: Duration,
}

/// The folder, or its nearest existing parent: the recorder creates the rest.
pub fn existing(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    absolute.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/")).to_owned()
}

pub fn check(folder: &Path, rate: &DataRate) -> Finding {
    let existing = existing(folder);
    let most = MOST_BYTES.min(free_bytes(&existing).unwrap_or(0) / 4);
    match measure(&existing, most) {
        Ok(speed) => judge(folder, speed, rate),
        Err(error) => {
            let chown = format!("sudo chown $USER {}, or ", existing.display());
            let chown = if error.kind() == io::ErrorKind::PermissionDenied { &*chown } else { "" };
            let remedy = format!("{chown}`directory = \"FOLDER\"` in [recording], or --record FOLDER");
            Finding::failure("disk", format!("{} cannot be written: {error}", folder.display()), remedy)
        }
    }
}

/// Writes an unnamed file, so that nothing is left behind in any case.
fn measure(folder: &Path, most: u64) -> io::Result<Speed> {
    if !folder.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, format!("{} is no folder", folder.display())));
    }
    let mut file = tempfile::tempfile_in(folder)?;
    let mut chunk = noise();
    let (start, mut synced, mut written) = (Instant::now(), Instant::now(), 0);
    let mut longest = Duration::ZERO;
    let mut timed = |file: &mut File, work: &dyn Fn(&mut File) -> io::Result<()>| {
        let begun = Instant::now();
        work(file)?;
        longest = longest.max(begun.elapsed());
        Ok::<_, io::Error>(())
    };
    while written < most && start.elapsed() < LONGEST {
        // No two chunks are equal, in case the disk deduplicates.
        chunk[..8].copy_from_slice(&u64::to_le_bytes(written));
        timed(&mut file, &|file| file.write_all(&chunk))?;
        written += chunk.len() as u64;
        if synced.elapsed() > SYNC_EVERY {
            timed(&mut file, &|file| file.sync_data())?;
            synced = Instant::now();
        }
    }
    timed(&mut file, &|file| file.sync_data())?;
    Ok(Speed { bytes_per_s: written as f64 / start.elapsed().as_secs_f64(), longest })
}

/// Incompressible bytes (xorshift).
fn noise() -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut words = vec![];
    while words.len() < CHUNK {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        words.extend(state.to_le_bytes());
    }
    words
}

fn judge(folder: &Path, speed: Speed, rate: &DataRate) -> Finding {
    let found = format!(
        "{} writes {} a second, longest wait {:.0} ms; the rig sends {} ({})",
        folder.display(),
        megabytes(speed.bytes_per_s),
        speed.longest.as_secs_f64() * 1e3,
        megabytes(rate.bytes_per_s),
        rate.how
    );
    let remedy = "a faster disk by `directory = \"FOLDER\"` in [recording] or --record FOLDER, or a lower `rate-hz`, or \
                  `format = \"mjpeg\"`";
    let held_up = speed.longest.as_secs_f64() * rate.bytes_per_s;
    if speed.bytes_per_s < rate.bytes_per_s {
        Finding::failure("disk", found, remedy)
    } else if speed.bytes_per_s < 2.0 * rate.bytes_per_s || held_up > session::QUEUED_BYTES as f64 {
        Finding::warning("disk", found, remedy)
    } else {
        Finding::ok("disk", found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::State;

    fn verdict(disk_mb: f64, longest_ms: u64, rig_mb: f64) -> State {
        let rate = DataRate { bytes_per_s: rig_mb * 1e6, pixels_per_s: 0.0, how: "measured".into() };
        let speed = Speed { bytes_per_s: disk_mb * 1e6, longest: Duration::from_millis(longest_ms) };
        judge(Path::new("takes"), speed, &rate).state
    }

    #[test]
    fn the_disk_must_keep_up_with_the_rig() {
        assert_eq!(verdict(500.0, 10, 100.0), State::Ok);
        assert_eq!(verdict(150.0, 10, 100.0), State::Warning);
        assert_eq!(verdict(90.0, 10, 100.0), State::Failure);
        // Three seconds at 100 MB a second are more than may wait.
        assert_eq!(verdict(500.0, 3000, 100.0), State::Warning);
    }

    #[test]
    fn writing_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let speed = measure(folder.path(), 8 << 20).unwrap();
        assert!(speed.bytes_per_s > 0.0 && speed.longest > Duration::ZERO);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_below_a_file_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let rate = DataRate { bytes_per_s: 1.0, pixels_per_s: 0.0, how: String::new() };
        let finding = check(&folder.path().join("file/takes"), &rate);
        assert_eq!(finding.state, State::Failure);
        assert!(finding.found.contains("is no folder") && finding.remedy.unwrap().contains("--record"));
    }
}
