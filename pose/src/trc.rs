//! TRC files: tab-separated marker tracks (Motion Analysis; OpenSim and Pose2Sim write them).

use std::path::Path;

use nalgebra::Vector3;

use crate::PoseError;
use crate::text_file::read_text;

/// The markers of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Trc {
    /// Frames per second.
    pub rate_hz: f64,
    /// Marker names, in the order of [`TrcFrame::markers_mm`].
    pub names: Vec<String>,
    /// In ascending order of their position in the source.
    pub frames: Vec<TrcFrame>,
}

/// The markers of one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct TrcFrame {
    /// Position in the source, from 0: `OrigDataStartFrame` plus the distance from the first `Frame#`. Writers disagree
    /// on whether `Frame#` starts at 0 or 1; the distance is the same.
    pub source_index: u32,
    /// In millimetres, in a z-up world: TRC has y up, and its (x, y, z) are the world's (y, z, x). `None` if the marker
    /// was not seen.
    pub markers_mm: Vec<Option<Vector3<f64>>>,
}

/// Reads a TRC file.
///
/// # Errors
/// If the file cannot be read, or which line is not TRC.
pub fn read(path: &Path) -> Result<Trc, PoseError> {
    parse(&read_text(path)?).map_err(|problem| PoseError::file(path, problem))
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
pub fn write(path: &Path, name: &str, trc: &Trc) -> Result<(), PoseError> {
    std::fs::write(path, render(name, trc)).map_err(|error| PoseError::file(path, error.to_string()))
}

fn render(name: &str, trc: &Trc) -> String {
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

const HEADER_LINES: usize = 5;

fn parse(text: &str) -> Result<Trc, String> {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() < HEADER_LINES || !lines[0].starts_with("PathFileType") {
        return Err("this is no TRC file: its first line does not start with PathFileType".into());
    }
    let header = |key: &str| {
        let column = lines[1].split('\t').position(|name| name.trim() == key);
        let value = column.and_then(|column| lines[2].split('\t').nth(column)).map(str::trim);
        value.ok_or_else(|| format!("line 2 and 3: the header has no {key}"))
    };
    let rate_hz = number(header("DataRate")?, 3)?;
    let markers = number(header("NumMarkers")?, 3)? as usize;
    let start = number(header("OrigDataStartFrame")?, 3)?;
    let mm_per_unit = match header("Units")? {
        "m" => 1000.0,
        "mm" => 1.0,
        other => return Err(format!("line 3: units are {other:?}; m and mm are understood")),
    };
    // Each name spans three columns, after frame number and time.
    let names: Vec<String> =
        lines[3].split('\t').skip(2).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if names.len() != markers {
        return Err(format!("line 4 names {} markers where the header announces {markers}", names.len()));
    }

    let mut frames: Vec<TrcFrame> = Vec::new();
    let mut first = None;
    for (index, line) in lines.iter().enumerate().skip(HEADER_LINES).filter(|(_, line)| !line.trim().is_empty()) {
        let line_number = index + 1;
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        let frame = number(cells[0], line_number)?;
        let source_index = start + frame - *first.get_or_insert(frame);
        let earliest = frames.last().map_or(0.0, |last| f64::from(last.source_index) + 1.0);
        if source_index < earliest || source_index > f64::from(u32::MAX) || source_index.fract() != 0.0 {
            return Err(format!("line {line_number}: frame number {} is out of order", cells[0]));
        }
        let markers_mm = (0..markers)
            .map(|marker| marker_mm(&cells, 2 + 3 * marker, mm_per_unit, line_number))
            .collect::<Result<_, _>>()?;
        frames.push(TrcFrame { source_index: source_index as u32, markers_mm });
    }
    Ok(Trc { rate_hz, names, frames })
}

fn marker_mm(cells: &[&str], column: usize, scale: f64, line: usize) -> Result<Option<Vector3<f64>>, String> {
    let cells: Vec<&str> = (column..column + 3).map(|column| cells.get(column).copied().unwrap_or("")).collect();
    if cells.iter().any(|cell| cell.is_empty() || cell.eq_ignore_ascii_case("nan")) {
        return Ok(None);
    }
    let (x, y, z) = (number(cells[0], line)?, number(cells[1], line)?, number(cells[2], line)?);
    let marker = Vector3::new(z, x, y) * scale;
    if !marker.iter().all(|value| value.is_finite()) {
        return Err(format!("line {line}: {cells:?} is no position in millimetres"));
    }
    Ok(Some(marker))
}

fn number(cell: &str, line: usize) -> Result<f64, String> {
    let value = cell.parse().ok().filter(|value: &f64| value.is_finite());
    value.ok_or_else(|| format!("line {line}: {cell:?} is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "PathFileType\t4\t(X/Y/Z)\ta.trc\n\
        DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n\
        60\t60\t2\t2\tm\t60\t5\t2\nFrame#\tTime\tA\t\t\tB\t\t\n\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n";

    #[test]
    fn axes_units_indices_and_gaps() {
        let trc = parse(&format!("{HEAD}1\t0.0\t1\t2\t3\t4\t5\t6\n3\t0.05\t1\t2\t3\t\t\t\n")).unwrap();
        assert_eq!((trc.rate_hz, trc.names), (60.0, vec!["A".to_owned(), "B".to_owned()]));
        assert_eq!(trc.frames[0].source_index, 5);
        assert_eq!(trc.frames[0].markers_mm[0], Some(Vector3::new(3000.0, 1000.0, 2000.0)));
        assert_eq!(trc.frames[1].source_index, 7);
        assert_eq!(trc.frames[1].markers_mm[1], None);
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let frame = |source_index, markers_mm| TrcFrame { source_index, markers_mm };
        let written = Trc {
            rate_hz: 30.0,
            names: vec!["RHip".into(), "Nose".into()],
            frames: vec![
                frame(7, vec![Some(Vector3::new(1.5, -2.25, 1234.125)), None]),
                frame(9, vec![None, Some(Vector3::new(0.0, 3.0, -4.0))]),
            ],
        };
        assert_eq!(parse(&render("bodies", &written)).unwrap(), written);
    }

    #[test]
    fn errors_name_the_line() {
        let check = |text: &str, expect: &str| assert_eq!(parse(text).unwrap_err(), expect);
        check("{}", "this is no TRC file: its first line does not start with PathFileType");
        check(&format!("{HEAD}1\t0\t1\tx\t3\t4\t5\t6"), "line 6: \"x\" is not a number");
        check(&HEAD.replace("\tm\t", "\tin\t"), "line 3: units are \"in\"; m and mm are understood");
        check(&HEAD.replace("\tB\t", "\t\t"), "line 4 names 1 markers where the header announces 2");
        check(&format!("{HEAD}9\t0\n1\t0"), "line 7: frame number 1 is out of order");
        check(&format!("{HEAD}1\t0\n5000000000\t0"), "line 7: frame number 5000000000 is out of order");
    }
}
