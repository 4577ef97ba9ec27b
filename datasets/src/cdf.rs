//! A strict reader of the part of NASA's Common Data Format that holds tables of numbers: version 3, one file, a
//! variable of floating-point numbers, whole files or variables with or without GZIP.
//!
//! Source: "CDF Internal Format Description", version 3.9, NASA/GSFC. Names of records and fields are that document's.

mod file;
mod layout;

use std::path::Path;

use crate::DatasetError;
use file::{CDR, FIRST, File, GDR};
use layout::Layout;

/// A variable's numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Records first, then the dimensions of each record.
    pub shape: Vec<usize>,
    /// The last dimension runs fastest, whatever the file says about rows and columns.
    pub values: Vec<f64>,
}

/// Reads one variable of a file.
///
/// # Errors
/// A file that cannot be read, is no CDF or a damaged one, lacks the variable, or stores it in a way that this reader
/// does not know: other numbers than 4 and 8 byte floating point, VAX floating point, sparse records, RLE or Huffman
/// compression, several files.
pub fn read_variable(path: &Path, name: &str) -> Result<Variable, DatasetError> {
    let bytes = std::fs::read(path).map_err(|e| DatasetError::io("read", path, e))?;
    parse(&bytes, name).map_err(|problem| DatasetError::file(path, problem))
}

fn parse(bytes: &[u8], name: &str) -> Result<Variable, String> {
    let file = File::open(bytes)?;
    let cdr = file.record(FIRST, &[CDR])?;
    let (encoding, flags) = (cdr.u32(28)?, cdr.u32(32)?);
    let (row_major, single_file) = (flags & 1 != 0, flags & 2 != 0);
    if !single_file {
        return Err("its variables are in files of their own, which is not supported".into());
    }
    let gdr = file.record(cdr.offset(12)?.ok_or("it has no global description")?, &[GDR])?;
    let vdr = file.find_variable(&gdr, name)?;
    let layout = Layout::new(&file, &gdr, &vdr, encoding)?;
    let raw = file.values(&vdr, &layout)?;
    let values = layout.numbers(&raw, row_major);
    let shape = std::iter::once(layout.records).chain(layout.dims.iter().copied()).collect();
    Ok(Variable { shape, values })
}
