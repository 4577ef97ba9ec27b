//! A strict reader of tables of numbers, and cells of them, in MATLAB's MAT-files of level 5, which MATLAB writes with
//! `-v6` and `-v7`.
//!
//! Source: "MAT-File Format", The MathWorks, chapter "Level 5 MAT-File Format".

use std::io::Read;
use std::path::Path;

use flate2::read::ZlibDecoder;

use crate::DatasetError;

/// The value of a variable.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A table.
    Matrix(Matrix),
    /// In column-major order, as in MATLAB.
    Cells(Vec<Value>),
    /// Text, structures and other types, which are not read.
    Other,
}

/// A table of real numbers. A third and further dimensions become columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    /// Column-major.
    values: Vec<f64>,
}

impl Matrix {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All numbers, column by column.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// One number, if it is inside the table.
    pub fn get(&self, row: usize, column: usize) -> Option<f64> {
        (row < self.rows).then(|| self.values.get(column * self.rows + row).copied()).flatten()
    }
}

/// Reads the variables of these names, in their order.
///
/// # Errors
/// If the file cannot be read, is damaged or not a MAT-file of level 5, or lacks a variable.
pub fn read<const N: usize>(path: &Path, names: [&str; N]) -> Result<[Value; N], DatasetError> {
    let bytes = std::fs::read(path).map_err(|e| DatasetError::io("read", path, e))?;
    parse(&bytes, names).map_err(|problem| DatasetError::file(path, problem))
}

const HEADER_BYTES: usize = 128;
/// Limits cells within cells, against damaged files.
const MAX_DEPTH: usize = 8;
/// Limits what a damaged file can make us allocate; annotations are smaller.
const MAX_BYTES: u64 = 4 << 30;

const INT8: u32 = 1;
const INT32: u32 = 5;
const UINT32: u32 = 6;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;

const CUT: &str = "it is damaged: it ends in the middle of a variable";

fn parse<const N: usize>(bytes: &[u8], names: [&str; N]) -> Result<[Value; N], String> {
    let mut elements = open(bytes)?;
    let mut found = [const { None }; N];
    while let Some((kind, data)) = elements.next()? {
        let big_endian = elements.big_endian;
        let (name, value) = match kind {
            MATRIX => variable(data, big_endian, &names, 0)?,
            COMPRESSED => {
                let mut unpacked = Vec::new();
                let read = ZlibDecoder::new(data).take(MAX_BYTES).read_to_end(&mut unpacked);
                read.map_err(|e| format!("it is damaged: a compressed variable does not unpack: {e}"))?;
                match (Elements { rest: &unpacked, big_endian }).next()? {
                    Some((MATRIX, data)) => variable(data, big_endian, &names, 0)?,
                    _ => return Err("it is damaged: no variable in a compressed element".into()),
                }
            }
            other => return Err(format!("it is damaged: an element of kind {other} where a variable was expected")),
        };
        if let Some(place) = names.iter().position(|wanted| *wanted == name) {
            found[place] = Some(value);
        }
    }
    if let Some(missing) = found.iter().position(Option::is_none) {
        return Err(format!("it has no variable {:?}; was it cut short, or is it another file?", names[missing]));
    }
    Ok(found.map(|value| value.unwrap_or(Value::Other)))
}

fn open(bytes: &[u8]) -> Result<Elements<'_>, String> {
    if bytes.starts_with(b"MATLAB 7.3") || bytes.starts_with(b"\x89HDF") {
        return Err("this is a MAT-file of version 7.3 (HDF5); save it again in MATLAB with save(…, '-v7')".into());
    }
    let (header, rest) = bytes.split_at_checked(HEADER_BYTES).ok_or("this is not a MAT-file")?;
    let big_endian = match &header[HEADER_BYTES - 2..] {
        b"IM" => false,
        b"MI" => true,
        _ => return Err("this is not a MAT-file of level 5".into()),
    };
    Ok(Elements { rest, big_endian })
}

/// A sequence of data elements.
struct Elements<'a> {
    rest: &'a [u8],
    big_endian: bool,
}

impl<'a> Elements<'a> {
    /// The next element's kind and data, or `None` at the end.
    fn next(&mut self) -> Result<Option<(u32, &'a [u8])>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (tag, behind) = self.rest.split_first_chunk::<8>().ok_or(CUT)?;
        let first = self.u32(&tag[..4]);
        // The small form: kind, length and up to four bytes of data in the tag itself.
        if first >> 16 != 0 {
            let data =
                self.rest[4..8].get(..(first >> 16) as usize).ok_or("it is damaged: a small element too long")?;
            self.rest = behind;
            return Ok(Some((first & 0xffff, data)));
        }
        let length = self.u32(&tag[4..]) as usize;
        let data = behind.get(..length).ok_or(CUT)?;
        // All but compressed ones are padded to eight bytes; the last may lack its padding.
        let padded = if first == COMPRESSED { length } else { length.next_multiple_of(8) };
        self.rest = behind.get(padded..).unwrap_or_default();
        Ok(Some((first, data)))
    }

    fn expect(&mut self, kind: u32, what: &str) -> Result<&'a [u8], String> {
        match self.next()? {
            Some((found, data)) if found == kind => Ok(data),
            _ => Err(format!("it is damaged: a variable without {what}")),
        }
    }

    fn u32(&self, bytes: &[u8]) -> u32 {
        number::<4, _>(bytes, self.big_endian, u32::from_le_bytes)
    }
}

/// A variable's name and value. The value is read only if the variable is wanted or inside a cell.
fn variable(data: &[u8], big_endian: bool, wanted: &[&str], depth: usize) -> Result<(String, Value), String> {
    const CELL: u32 = 1;
    const NUMBERS: std::ops::RangeInclusive<u32> = 6..=15;
    const COMPLEX: u32 = 0x800;
    if data.is_empty() {
        return Ok((String::new(), Value::Other));
    }
    if depth > MAX_DEPTH {
        return Err("it is damaged: cells within cells within cells".into());
    }
    let mut parts = Elements { rest: data, big_endian };
    let flags = parts.expect(UINT32, "flags")?;
    let flags = parts.u32(flags.get(..4).ok_or(CUT)?);
    let dims: Vec<usize> =
        parts.expect(INT32, "dimensions")?.chunks_exact(4).map(|dim| parts.u32(dim) as usize).collect();
    let name = String::from_utf8_lossy(parts.expect(INT8, "a name")?).into_owned();
    if depth == 0 && !wanted.contains(&name.as_str()) {
        return Ok((name, Value::Other));
    }
    let count = dims.iter().try_fold(1_usize, |count, &dim| count.checked_mul(dim)).ok_or(CUT)?;
    let value = match flags & 0xff {
        CELL => {
            let mut cells = Vec::new();
            while let Some((kind, data)) = parts.next()? {
                if kind != MATRIX {
                    return Err(format!("it is damaged: an element of kind {kind} in the cells of {name:?}"));
                }
                cells.push(variable(data, big_endian, wanted, depth + 1)?.1);
            }
            if cells.len() != count {
                return Err(format!("it is damaged: {} of {count} cells in {name:?}", cells.len()));
            }
            Value::Cells(cells)
        }
        class if NUMBERS.contains(&class) && flags & COMPLEX == 0 => {
            let (kind, data) = parts.next()?.ok_or(CUT)?;
            let values = numbers(kind, data, big_endian)?;
            if values.len() != count {
                return Err(format!("it is damaged: {} of {count} numbers in {name:?}", values.len()));
            }
            let rows = *dims.first().ok_or(CUT)?;
            Value::Matrix(Matrix { rows, columns: count.checked_div(rows).unwrap_or(0), values })
        }
        _ => Value::Other,
    };
    Ok((name, value))
}

/// Reads numbers, which are stored in the smallest type that holds them, whatever the class of their matrix.
fn numbers(kind: u32, data: &[u8], big_endian: bool) -> Result<Vec<f64>, String> {
    fn all<const N: usize>(data: &[u8], big_endian: bool, read: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        data.chunks_exact(N).map(|bytes| number(bytes, big_endian, &read)).collect()
    }
    Ok(match kind {
        1 => all::<1>(data, big_endian, |b| f64::from(i8::from_le_bytes(b))),
        2 => all::<1>(data, big_endian, |b| f64::from(u8::from_le_bytes(b))),
        3 => all::<2>(data, big_endian, |b| f64::from(i16::from_le_bytes(b))),
        4 => all::<2>(data, big_endian, |b| f64::from(u16::from_le_bytes(b))),
        5 => all::<4>(data, big_endian, |b| f64::from(i32::from_le_bytes(b))),
        6 => all::<4>(data, big_endian, |b| f64::from(u32::from_le_bytes(b))),
        7 => all::<4>(data, big_endian, |b| f64::from(f32::from_le_bytes(b))),
        9 => all::<8>(data, big_endian, f64::from_le_bytes),
        12 => all::<8>(data, big_endian, |b| i64::from_le_bytes(b) as f64),
        13 => all::<8>(data, big_endian, |b| u64::from_le_bytes(b) as f64),
        other => return Err(format!("it is damaged: numbers of kind {other}")),
    })
}

/// `bytes` must be `N` long.
fn number<const N: usize, T>(bytes: &[u8], big_endian: bool, read: impl Fn([u8; N]) -> T) -> T {
    let mut low_first = [0; N];
    low_first.copy_from_slice(bytes);
    if big_endian {
        low_first.reverse();
    }
    read(low_first)
}
