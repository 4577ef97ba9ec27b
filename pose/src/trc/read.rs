//! Reads TRC files as programs really write them: any unit, tabs or spaces, decimal points or commas.

use nalgebra::Vector3;

use super::{MarkerFrame, Tracks};
use crate::markers::{self, Read, Up};

const HEADER_LINES: usize = 5;
/// By which part the rate of the times may differ from that of the header.
const RATE_TOLERANCE: f64 = 0.02;
/// To how many seconds programs round times, at worst.
const ROUNDING_S: f64 = 0.011;

pub(crate) fn parse(text: &str, up: Up) -> Result<Read, String> {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() < HEADER_LINES || !lines[0].starts_with("PathFileType") {
        return Err("this is no TRC file: its first line does not start with PathFileType".into());
    }
    let header = |key: &str| {
        let column = fields(lines[1]).iter().position(|name| *name == key);
        let value = column.and_then(|column| fields(lines[2]).get(column).copied());
        value.ok_or_else(|| format!("line 2 and 3: the header has no {key}"))
    };
    let rate_hz = number(header("DataRate")?, 3)?;
    if rate_hz <= 0.0 {
        return Err(format!("line 3: a rate of {rate_hz} Hz"));
    }
    let markers = number(header("NumMarkers")?, 3)? as usize;
    let announced = header("NumFrames").ok().map(|frames| number(frames, 3)).transpose()?;
    let start = header("OrigDataStartFrame").map_or(Ok(0.0), |start| number(start, 3))?;
    let mm_per_unit = markers::mm_per_unit(header("Units")?).map_err(|problem| format!("line 3: {problem}"))?;
    // Each name spans three columns, after frame number and time.
    let names: Vec<String> =
        fields(lines[3]).into_iter().skip(2).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if names.len() != markers {
        return Err(format!("line 4 names {} markers where the header announces {markers}", names.len()));
    }

    let mut rows = Rows { markers, mm_per_unit, up, at_origin: 0 };
    let mut remarks = Vec::new();
    let mut frames: Vec<MarkerFrame> = Vec::new();
    let mut first = None;
    // Of the first row and the last, where they have one.
    let mut times: [Option<(f64, f64)>; 2] = [None; 2];
    let body = lines.iter().enumerate().skip(HEADER_LINES).filter(|(_, line)| !line.trim().is_empty());
    for (index, line) in body {
        let number_of_line = index + 1;
        let cells = fields(line);
        if index + 1 == lines.len() && !text.ends_with('\n') && cells.len() < rows.cells() && !frames.is_empty() {
            remarks.push(format!("line {number_of_line}, the last one, is cut off and was left out"));
            continue;
        }
        let frame = number(cells[0], number_of_line)?;
        let source_index = start + frame - *first.get_or_insert(frame);
        let earliest = frames.last().map_or(0.0, |last| f64::from(last.source_index) + 1.0);
        if source_index < earliest || source_index > f64::from(u32::MAX) || source_index.fract() != 0.0 {
            return Err(format!("line {number_of_line}: frame number {} is out of order", cells[0]));
        }
        if let Some(time_s) = cells.get(1).filter(|cell| !cell.is_empty()) {
            let stands = Some((source_index, number(time_s, number_of_line)?));
            times = [times[0].or(stands), stands];
        }
        let markers_mm = rows.markers_mm(&cells, line.contains('\t'), number_of_line)?;
        frames.push(MarkerFrame { source_index: source_index as u32, markers_mm });
    }
    if frames.is_empty() {
        return Err("it has no rows of markers".into());
    }
    if let [Some((first, begin_s)), Some((last, end_s))] = times
        && last > first
        && end_s > begin_s
    {
        let by_times_hz = (last - first) / (end_s - begin_s);
        let tolerance = RATE_TOLERANCE + ROUNDING_S / (end_s - begin_s);
        if (by_times_hz / rate_hz - 1.0).abs() > tolerance {
            return Err(format!("its DataRate is {rate_hz} Hz, and by its times rows follow at {by_times_hz:.2} Hz"));
        }
    }
    if let Some(announced) = announced.filter(|announced| *announced != frames.len() as f64) {
        remarks.push(format!("the header announces {announced} frames, and {} are there", frames.len()));
    }
    if start == 1.0 && first == Some(1.0) {
        let words = "frames are counted from 1, and the first row was taken for the source's second frame, since \
                     OrigDataStartFrame is 1; give --first 0 if it is the first one";
        remarks.push(words.to_owned());
    }
    let tracks = Tracks { rate_hz, names, frames };
    remarks.extend(markers::remarks(&tracks, rows.at_origin));
    Ok(Read { tracks, mm_per_unit, up, remarks })
}

/// The cells of a line. Where there are no tabs, spaces separate them.
fn fields(line: &str) -> Vec<&str> {
    if line.contains('\t') { line.split('\t').map(str::trim).collect() } else { line.split_whitespace().collect() }
}

/// How rows are read.
struct Rows {
    markers: usize,
    mm_per_unit: f64,
    up: Up,
    /// Positions that are all zero.
    at_origin: usize,
}

impl Rows {
    /// How many cells a whole row has.
    fn cells(&self) -> usize {
        2 + 3 * self.markers
    }

    fn markers_mm(&mut self, cells: &[&str], by_tabs: bool, line: usize) -> Result<Vec<Option<Vector3<f64>>>, String> {
        // Between spaces, nothing can be left out.
        if !by_tabs && cells.len() != self.cells() {
            return Err(format!("line {line} has {} numbers, and {} are needed", cells.len(), self.cells()));
        }
        (0..self.markers).map(|marker| self.marker_mm(cells, 2 + 3 * marker, line)).collect()
    }

    fn marker_mm(&mut self, cells: &[&str], column: usize, line: usize) -> Result<Option<Vector3<f64>>, String> {
        let cells: Vec<&str> = (column..column + 3).map(|column| cells.get(column).copied().unwrap_or("")).collect();
        if cells.iter().any(|cell| cell.is_empty() || cell.eq_ignore_ascii_case("nan")) {
            return Ok(None);
        }
        let [x, y, z] = [number(cells[0], line)?, number(cells[1], line)?, number(cells[2], line)?];
        if [x, y, z] == [0.0; 3] {
            self.at_origin += 1;
            return Ok(None);
        }
        let marker = self.up.to_world([x, y, z]) * self.mm_per_unit;
        if !marker.iter().all(|value| value.is_finite()) {
            return Err(format!("line {line}: {cells:?} is no position in millimetres"));
        }
        Ok(Some(marker))
    }
}

/// A number, with a decimal point or comma.
fn number(cell: &str, line: usize) -> Result<f64, String> {
    let point = cell.replacen(',', ".", 1);
    let cell_or = if cell.contains('.') { cell } else { &point };
    let value = cell_or.parse().ok().filter(|value: &f64| value.is_finite());
    value.ok_or_else(|| format!("line {line}: {cell:?} is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "PathFileType\t4\t(X/Y/Z)\ta.trc\n\
        DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n\
        60\t60\t2\t2\tm\t60\t5\t2\nFrame#\tTime\tA\t\t\tB\t\t\n\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n";

    fn read(rows: &str) -> Read {
        parse(&format!("{HEAD}{rows}"), Up::Y).unwrap()
    }

    #[test]
    fn axes_units_indices_and_gaps() {
        let Read { tracks: trc, remarks, .. } = read("1\t0.0\t1\t2\t3\t4\t5\t6\n3\t0.033\t1\t2\t3\t\t\t\n");
        assert_eq!((trc.rate_hz, trc.names), (60.0, vec!["A".to_owned(), "B".to_owned()]));
        assert_eq!(trc.frames[0].source_index, 5);
        assert_eq!(trc.frames[0].markers_mm[0], Some(Vector3::new(3000.0, 1000.0, 2000.0)));
        assert_eq!(trc.frames[1].source_index, 7);
        assert_eq!(trc.frames[1].markers_mm[1], None);
        assert_eq!(remarks, Vec::<String>::new());
    }

    #[test]
    fn units_commas_spaces_and_z_up_read_the_same() {
        let plain = read("1\t0.0\t1.5\t2\t3\t4\t5\t6.25\n2\t0.0167\t1\t2\t3\t4\t5\t6\n").tracks;
        assert_eq!(read("1\t0,0\t1,5\t2\t3\t4\t5\t6,25\n2\t0,0167\t1\t2\t3\t4\t5\t6\n").tracks, plain);
        assert_eq!(read("1 0.0 1.5 2 3 4 5 6.25\n2 0.0167 1 2 3 4 5 6\n").tracks, plain);
        let cm = HEAD.replace("\tm\t", "\tcm\t");
        let rows = "1\t0.0\t150\t200\t300\t400\t500\t625\n2\t0.0167\t100\t200\t300\t400\t500\t600\n";
        assert_eq!(parse(&format!("{cm}{rows}"), Up::Y).unwrap().tracks, plain);
        let z_up = "1\t0.0\t3\t1.5\t2\t6.25\t4\t5\n2\t0.0167\t3\t1\t2\t6\t4\t5\n";
        assert_eq!(parse(&format!("{HEAD}{z_up}"), Up::Z).unwrap().tracks, plain);
    }

    #[test]
    fn what_is_missing_is_said() {
        let Read { tracks: trc, remarks, .. } = read("1\t0\t1\t2\t3\t0\t0\t0.000\n");
        assert_eq!(trc.frames[0].markers_mm[1], None);
        let said = remarks.join("; ");
        assert!(said.contains("announces 2 frames, and 1 are there"), "{said}");
        assert!(said.contains("one position is 0 0 0") && said.contains("no row has a position of B"), "{said}");
        let Read { tracks: trc, remarks, .. } =
            read("1\t0\t1\t2\t3\t4\t5\t6\n2\t0.0167\t1\t2\t3\t4\t5\t6\n3\t0.0333\t1\t2.");
        assert_eq!(trc.frames.len(), 2);
        assert!(remarks[0].contains("line 8, the last one, is cut off"), "{remarks:?}");
    }

    #[test]
    fn errors_name_the_line() {
        let check = |text: &str, expect: &str| {
            let error = parse(text, Up::Y).unwrap_err();
            assert!(error.starts_with(expect), "{error}");
        };
        check("{}", "this is no TRC file: its first line does not start with PathFileType");
        check(HEAD, "it has no rows of markers");
        check(&format!("{HEAD}1\t0\t1\tx\t3\t4\t5\t6"), "line 6: \"x\" is not a number");
        check(&format!("{HEAD}1\t0\t1\t1,000.5\t3\t4\t5\t6"), "line 6: \"1,000.5\" is not a number");
        check(&format!("{HEAD}1 0 1 2 3 4 5\n"), "line 6 has 7 numbers, and 8 are needed");
        check(&HEAD.replace("\tm\t", "\tfurlongs\t"), "line 3: units are \"furlongs\"; understood are mm,");
        check(&HEAD.replace("\tB\t", "\t\t"), "line 4 names 1 markers where the header announces 2");
        let rows = "1\t0\t1\t2\t3\t4\t5\t6\n61\t2.0\t1\t2\t3\t4\t5\t6\n";
        check(&format!("{HEAD}{rows}"), "its DataRate is 60 Hz, and by its times rows follow at 30.00 Hz");
        check(&format!("{HEAD}9\t0\n1\t0\n"), "line 7: frame number 1 is out of order");
        check(&format!("{HEAD}1\t0\n5000000000\t0\n"), "line 7: frame number 5000000000 is out of order");
    }
}
