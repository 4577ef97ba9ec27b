//! Markers over time, from any of the files that hold them: TRC and C3D.

use std::path::Path;

use nalgebra::Vector3;

use crate::{PoseError, c3d, trc};

/// The markers of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracks {
    /// Instants per second.
    pub rate_hz: f64,
    /// Marker names, in the order of [`MarkerFrame::markers_mm`].
    pub names: Vec<String>,
    /// In ascending order of their position in the source.
    pub frames: Vec<MarkerFrame>,
}

/// The markers of one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkerFrame {
    /// Position in the source, from 0.
    pub source_index: u32,
    /// In millimetres, in a z-up world. `None` if the marker was not seen.
    pub markers_mm: Vec<Option<Vector3<f64>>>,
}

impl Tracks {
    /// Shifts all positions in the source so that the first one is this.
    pub(crate) fn begin_at(&mut self, first: u32) {
        let Some(begun) = self.frames.first().map(|frame| frame.source_index) else { return };
        for frame in &mut self.frames {
            frame.source_index = (frame.source_index - begun).saturating_add(first);
        }
    }
}

/// Which axis of a file points up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Up {
    /// The file's (x, y, z) are the world's (y, z, x).
    Y,
    /// The file's axes are the world's.
    Z,
}

impl Up {
    /// A position of the file in a z-up world.
    pub(crate) fn to_world(self, [x, y, z]: [f64; 3]) -> Vector3<f64> {
        match self {
            Self::Y => Vector3::new(z, x, y),
            Self::Z => Vector3::new(x, y, z),
        }
    }

    /// A direction of a z-up world in the file's axes.
    pub(crate) fn to_file(self, world: Vector3<f64>) -> Vector3<f64> {
        match self {
            Self::Y => Vector3::new(world.y, world.z, world.x),
            Self::Z => world,
        }
    }
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The tracks.
    pub tracks: Tracks,
    /// Millimetres per unit of the file.
    pub mm_per_unit: f64,
    /// The axis that was taken to point up.
    pub up: Up,
    /// What a user should know of how they were read, one sentence each.
    pub remarks: Vec<String>,
}

/// Reads a TRC or a C3D file, recognised by its content. Unless the axis that points up is given, TRC has y up, and C3D
/// what its `POINT:Y_SCREEN` says, else z.
///
/// # Errors
/// If the file cannot be read, or what in it cannot be understood.
pub fn read(path: &Path, up: Option<Up>) -> Result<Read, PoseError> {
    let bytes = std::fs::read(path);
    let bytes = bytes.map_err(|source| PoseError::Io { action: "read", path: path.to_owned(), source })?;
    let read = if c3d::is_c3d(&bytes) {
        c3d::parse(&bytes, up)
    } else {
        crate::text_file::text_of(&bytes).and_then(|text| trc::parse(&text, up.unwrap_or(Up::Y)))
    };
    read.map_err(|problem| PoseError::file(path, problem))
}

/// Millimetres per unit, by the names that programs write, in lower case.
const UNITS: [(&str, f64); 20] = [
    ("mm", 1.0),
    ("millimeter", 1.0),
    ("millimetre", 1.0),
    ("millimeters", 1.0),
    ("millimetres", 1.0),
    ("cm", 10.0),
    ("centimeter", 10.0),
    ("centimetre", 10.0),
    ("centimeters", 10.0),
    ("centimetres", 10.0),
    ("m", 1000.0),
    ("meter", 1000.0),
    ("metre", 1000.0),
    ("meters", 1000.0),
    ("metres", 1000.0),
    ("in", 25.4),
    ("inch", 25.4),
    ("inches", 25.4),
    ("ft", 304.8),
    ("feet", 304.8),
];

/// Millimetres per unit of this name.
pub(crate) fn mm_per_unit(units: &str) -> Result<f64, String> {
    let unit = UNITS.iter().find(|(name, _)| units.eq_ignore_ascii_case(name));
    unit.map(|(_, mm)| *mm).ok_or_else(|| {
        let known: Vec<&str> = UNITS.iter().map(|(name, _)| *name).collect();
        format!("units are {units:?}; understood are {}", known.join(", "))
    })
}

/// Remarks on markers that are missing from all or some rows.
pub(crate) fn remarks(tracks: &Tracks, at_origin: usize) -> Vec<String> {
    let mut remarks = Vec::new();
    match at_origin {
        0 => {}
        1 => remarks.push("one position is 0 0 0 and was taken for a marker that was not seen".to_owned()),
        _ => remarks.push(format!("{at_origin} positions are 0 0 0 and were taken for markers that were not seen")),
    }
    let never = |marker: &usize| tracks.frames.iter().all(|frame| frame.markers_mm[*marker].is_none());
    let unseen: Vec<&str> = (0..tracks.names.len()).filter(never).map(|marker| tracks.names[marker].as_str()).collect();
    if !unseen.is_empty() {
        remarks.push(format!("no row has a position of {}", unseen.join(", ")));
    }
    remarks
}
