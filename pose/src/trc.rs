//! TRC files: tab-separated marker tracks (Motion Analysis; OpenSim and Pose2Sim write them).
//!
//! The position of a row in the source is `OrigDataStartFrame` plus the distance from the first `Frame#`. Writers disagree
//! on whether `Frame#` starts at 0 or 1; the distance is the same.

mod read;

use std::path::Path;

pub(crate) use self::read::parse;
use crate::PoseError;
use crate::markers::{MarkerFrame, Tracks, Up};
use crate::text_file::read_text;

/// Reads a TRC file that has y up.
///
/// # Errors
/// If the file cannot be read, or which line is not TRC.
pub fn read(path: &Path) -> Result<Tracks, PoseError> {
    let read = parse(&read_text(path)?, Up::Y);
    read.map(|read| read.tracks).map_err(|problem| PoseError::file(path, problem))
}

/// The numbers of frames at these times, which ascend, by time from the first: lost ones are missing. No two are the same.
pub fn numbers_by_time(times_ns: impl IntoIterator<Item = i64>, rate_hz: f64) -> Vec<u32> {
    let (mut begun_ns, mut next) = (None, 0);
    let number = |time_ns: i64| {
        let since_ns = time_ns - *begun_ns.get_or_insert(time_ns);
        let due = (since_ns as f64 * rate_hz / 1e9).round().max(0.0) as u32;
        let number = due.max(next);
        next = number.saturating_add(1);
        number
    };
    times_ns.into_iter().map(number).collect()
}

/// Writes a TRC file, in metres and with y up. `name` is the file name in its header.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, name: &str, trc: &Tracks) -> Result<(), PoseError> {
    std::fs::write(path, render(name, trc)).map_err(|error| PoseError::file(path, error.to_string()))
}

fn render(name: &str, trc: &Tracks) -> String {
    let (rate, frames, markers) = (trc.rate_hz, trc.frames.len(), trc.names.len());
    let start = trc.frames.first().map_or(0, |frame| frame.source_index);
    let mut text = format!(
        "PathFileType\t4\t(X/Y/Z)\t{name}\n\
         DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n\
         {rate}\t{rate}\t{frames}\t{markers}\tm\t{rate}\t{start}\t{frames}\nFrame#\tTime"
    );
    for marker in &trc.names {
        text += &format!("\t{marker}\t\t");
    }
    text += "\n\t";
    for marker in 1..=markers {
        text += &format!("\tX{marker}\tY{marker}\tZ{marker}");
    }
    for frame in &trc.frames {
        let since = frame.source_index - start;
        text += &format!("\n{}\t{:.6}", since + 1, f64::from(since) / rate);
        for marker in &frame.markers_mm {
            match marker.map(|world| world / 1000.0) {
                Some(world) => text += &format!("\t{:.6}\t{:.6}\t{:.6}", world.y, world.z, world.x),
                None => text += "\t\t\t",
            }
        }
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use nalgebra::Vector3;

    use super::*;

    #[test]
    fn what_is_written_reads_the_same() {
        let frame = |source_index, markers_mm| MarkerFrame { source_index, markers_mm };
        let written = Tracks {
            rate_hz: 30.0,
            names: vec!["RHip".into(), "Nose".into()],
            frames: vec![
                frame(7, vec![Some(Vector3::new(1.5, -2.25, 1234.125)), None]),
                frame(9, vec![None, Some(Vector3::new(0.0, 3.0, -4.0))]),
            ],
        };
        assert_eq!(parse(&render("bodies", &written), Up::Y).unwrap().tracks, written);
    }
}
