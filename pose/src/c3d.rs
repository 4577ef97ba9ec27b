//! C3D files: markers as motion capture systems keep them, by the format's description at c3d.org.
//!
//! Read are the points with their labels, in integers or floats and any of the three byte orders, and the origins of
//! segments, which Theia writes as matrices. What else such a file may hold, such as forces, is left alone. The crates
//! that read C3D panic on damaged files.

mod bytes;
mod parameters;
mod section;

use std::path::Path;

use self::bytes::Bytes;
use self::parameters::Parameters;
use self::section::Section;
use crate::PoseError;
use crate::markers::{self, MarkerFrame, Read, Tracks, Up};

/// Size of what blocks are counted in.
const BLOCK: usize = 512;
/// The second byte of every file.
const KEY: u8 = 0x50;

/// Whether a file is C3D, by its first bytes.
pub(crate) fn is_c3d(file: &[u8]) -> bool {
    file.len() > BLOCK && file[1] == KEY && file[0] > 1
}

pub(crate) fn parse(file: &[u8], up: Option<Up>) -> Result<Read, String> {
    let parameters = Parameters::parse(file)?;
    let bytes = Bytes { file, processor: parameters.processor };
    let [first, last] = [bytes.u16(6)?, bytes.u16(8)?].map(usize::from);
    let rate_hz = parameters.number("POINT", "RATE").map_or_else(|| bytes.f32(20).map(f64::from), Ok)?;
    if !(rate_hz.is_finite() && rate_hz > 0.0) {
        return Err(format!("a rate of {rate_hz} Hz"));
    }
    let mm_per_unit = parameters.text("POINT", "UNITS").map_or(Ok(1.0), |units| markers::mm_per_unit(&units))?;
    let up = up.map_or_else(|| up_of(&parameters), Ok)?;
    let sections = [Section::points(&bytes, &parameters)?, Section::segments(&bytes, &parameters)?];
    let sections: Vec<Section> = sections.into_iter().flatten().collect();
    let names: Vec<String> = sections.iter().flat_map(|section| section.names.iter().cloned()).collect();
    if names.is_empty() {
        return Err("this C3D file has neither points nor segments".into());
    }

    let there = sections.iter().map(|section| section.frames(&bytes)).min().unwrap_or_default();
    let announced = parameters.frames().unwrap_or(0).max((last + 1).saturating_sub(first));
    let mut remarks = Vec::new();
    if there < announced {
        remarks.push(format!("the header announces {announced} frames, and {there} are there"));
    }
    let mut at_origin = 0;
    let mut frames = Vec::new();
    for frame in 0..there.min(announced) {
        let mut markers_mm = Vec::with_capacity(names.len());
        for section in &sections {
            for marker in 0..section.names.len() {
                let at = section.position(&bytes, frame, marker)?;
                at_origin += usize::from(at == Some([0.0; 3]));
                let seen = at.filter(|at| *at != [0.0; 3]);
                markers_mm.push(seen.map(|at| up.to_world(at.map(|value| value * mm_per_unit))));
            }
        }
        frames.push(MarkerFrame { source_index: (first.saturating_sub(1) + frame) as u32, markers_mm });
    }
    if frames.is_empty() {
        return Err("it has no frames of points".into());
    }
    let tracks = Tracks { rate_hz, names, frames };
    remarks.extend(markers::remarks(&tracks, at_origin));
    Ok(Read { tracks, mm_per_unit, up, remarks })
}

/// The axis that is vertical on the screen of the program that wrote the file; z where none is said, as most have it.
fn up_of(parameters: &Parameters) -> Result<Up, String> {
    match parameters.text("POINT", "Y_SCREEN").as_deref() {
        None | Some("" | "+Z" | "Z") => Ok(Up::Z),
        Some("+Y" | "Y") => Ok(Up::Y),
        Some(other) => Err(format!("its axis {other:?} points up (POINT:Y_SCREEN); y and z are understood: give --up")),
    }
}

/// The most bytes of positions that are written.
const MAX_BYTES: usize = 1 << 31;

/// Writes a C3D file of floats in millimetres, with z up. Instants between frames have no markers.
///
/// # Errors
/// If the file cannot be written, or the format cannot hold that many markers or instants.
pub fn write(path: &Path, tracks: &Tracks) -> Result<(), PoseError> {
    let file = render(tracks).map_err(|problem| PoseError::file(path, problem))?;
    std::fs::write(path, file).map_err(|source| PoseError::Io { action: "write", path: path.to_owned(), source })
}

fn render(tracks: &Tracks) -> Result<Vec<u8>, String> {
    let points = tracks.names.len();
    let frames = tracks.frames.last().map_or(0, |last| last.source_index - tracks.frames[0].source_index + 1) as usize;
    if points == 0 || points > 255 || frames == 0 || frames > MAX_BYTES / (16 * points) {
        return Err(format!("{points} markers at {frames} instants cannot be written as C3D"));
    }
    let parameters = parameters::render(tracks, frames);
    let data_block = 2 + parameters.len() / BLOCK;
    let first = tracks.frames[0].source_index + 1;
    let word = |value: usize| u16::try_from(value).unwrap_or(u16::MAX).to_le_bytes();
    let mut file = vec![0; BLOCK];
    file[0] = 2;
    file[1] = KEY;
    file[2..4].copy_from_slice(&word(points));
    file[6..8].copy_from_slice(&word(first as usize));
    file[8..10].copy_from_slice(&word(first as usize + frames - 1));
    file[12..16].copy_from_slice(&(-1.0f32).to_le_bytes());
    file[16..18].copy_from_slice(&word(data_block));
    file[20..24].copy_from_slice(&(tracks.rate_hz as f32).to_le_bytes());
    file.extend(parameters);
    let mut rows = tracks.frames.iter().peekable();
    for index in (0..frames as u32).map(|frame| first - 1 + frame) {
        let row = rows.next_if(|row| row.source_index == index);
        for marker in 0..points {
            let at = row.and_then(|row| row.markers_mm[marker]);
            let [x, y, z, residual] = at.map_or([0.0, 0.0, 0.0, -1.0], |at| [at.x, at.y, at.z, 0.0]);
            file.extend([x, y, z, residual].into_iter().flat_map(|value: f64| (value as f32).to_le_bytes()));
        }
    }
    file.resize(file.len().next_multiple_of(BLOCK), 0);
    Ok(file)
}
