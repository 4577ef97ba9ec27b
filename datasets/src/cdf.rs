//! A strict reader of tables of numbers in NASA's Common Data Format: version 3, a single file, variables of
//! floating-point numbers, with or without GZIP on the file or the variable.
//!
//! Source: "CDF Internal Format Description", version 3.9, NASA/GSFC. Names of records and fields are that document's.

mod file;
mod variable_layout;

use std::path::Path;

use crate::DatasetError;
use file::{CDR, FIRST, File, GDR};
use variable_layout::VariableLayout;

/// A variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Records first, then the dimensions of each record.
    pub shape: Vec<usize>,
    /// In row-major order (the last dimension runs fastest), whatever the file's order is.
    pub values: Vec<f64>,
}

/// Reads one variable of a file.
///
/// # Errors
/// If the file cannot be read, is damaged or not a CDF file, lacks the variable, or stores it in an unsupported way:
/// other types than 4 and 8 byte floating point, VAX floating point, sparse records, RLE or Huffman compression,
/// several files.
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
    let layout = VariableLayout::new(&file, &gdr, &vdr, encoding)?;
    let raw = file.values(&vdr, layout.records, layout.record_bytes())?;
    let values = layout.numbers(&raw, row_major);
    let shape = std::iter::once(layout.records).chain(layout.dims.iter().copied()).collect();
    Ok(Variable { shape, values })
}
