//! The part of a C3D file that holds positions, frame by frame.

use super::BLOCK;
use super::bytes::Bytes;
use super::parameters::Parameters;

/// Numbers of a segment: a matrix of 4 rows, column by column, and how well it is known.
const SEGMENT: usize = 17;

/// Positions of markers, or of the origins of segments.
pub(super) struct Section {
    pub names: Vec<String>,
    start: usize,
    /// Bytes of a frame.
    row: usize,
    kind: Kind,
}

enum Kind {
    /// Points of four integers, and the length of one.
    Integers(f64),
    /// Points of four floats.
    Floats,
    Segments,
}

impl Section {
    /// The points of a file, if it has any.
    pub fn points(bytes: &Bytes<'_>, parameters: &Parameters) -> Result<Option<Self>, String> {
        let [points, analog] = [bytes.u16(2)?, bytes.u16(4)?].map(usize::from);
        if points == 0 {
            return Ok(None);
        }
        let names = parameters.labels(points);
        if names.len() < points {
            return Err(format!("it has {points} points and names {} of them", names.len()));
        }
        let scale = parameters.number("POINT", "SCALE").map_or_else(|| bytes.f32(12).map(f64::from), Ok)?;
        // A negative number says that numbers are floats.
        let (width, kind) = if scale < 0.0 { (4, Kind::Floats) } else { (2, Kind::Integers(scale)) };
        let start = begin_of(usize::from(bytes.u16(16)?))?;
        Ok(Some(Self { names, start, row: width * (4 * points + analog), kind }))
    }

    /// The segments of a file, if it has any.
    pub fn segments(bytes: &Bytes<'_>, parameters: &Parameters) -> Result<Option<Self>, String> {
        let whole = |name: &str| parameters.number("ROTATION", name).filter(|value| (1.0..65536.0).contains(value));
        let (Some(used), Some(block)) = (whole("USED"), whole("DATA_START")) else { return Ok(None) };
        let used = used as usize;
        let names = parameters.texts("ROTATION", "LABELS");
        if names.len() < used {
            return Err(format!("it has {used} segments and names {} of them", names.len()));
        }
        // Of several in a frame, the first is read.
        let point_hz = f64::from(bytes.f32(20)?);
        let ratio = whole("RATIO").or_else(|| Some(whole("RATE")? / point_hz)).unwrap_or(1.0).round();
        if !(1.0..1000.0).contains(&ratio) {
            return Err(format!("its segments have {ratio} samples a frame"));
        }
        let names = names.into_iter().take(used).collect();
        let row = 4 * SEGMENT * used * ratio as usize;
        Ok(Some(Self { names, start: begin_of(block as usize)?, row, kind: Kind::Segments }))
    }

    /// How many whole frames the file has.
    pub fn frames(&self, bytes: &Bytes<'_>) -> usize {
        bytes.file.len().saturating_sub(self.start) / self.row
    }

    /// Where a marker is, in the file's unit; `None` if it was not seen.
    pub fn position(&self, bytes: &Bytes<'_>, frame: usize, marker: usize) -> Result<Option<[f64; 3]>, String> {
        let start = self.start + frame * self.row;
        let integer = |at: usize| bytes.i16(start + 2 * at).map(f64::from);
        let float = |at: usize| bytes.f32(start + 4 * at).map(f64::from);
        let four = 4 * marker;
        let (at, known) = match self.kind {
            Kind::Integers(scale) => {
                let at = [integer(four)?, integer(four + 1)?, integer(four + 2)?];
                (at.map(|value| value * scale), integer(four + 3)?)
            }
            Kind::Floats => ([float(four)?, float(four + 1)?, float(four + 2)?], float(four + 3)?),
            Kind::Segments => {
                let last = SEGMENT * marker + 12;
                ([float(last)?, float(last + 1)?, float(last + 2)?], float(last + 4)?)
            }
        };
        Ok(Some(at).filter(|at| known >= 0.0 && at.iter().all(|value| value.is_finite())))
    }
}

/// Where a block begins; they are counted from 1.
fn begin_of(block: usize) -> Result<usize, String> {
    if block < 2 { Err("its data begin in its header: the file is damaged".into()) } else { Ok(BLOCK * (block - 1)) }
}
