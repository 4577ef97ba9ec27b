//! How a variable's numbers are laid out in its records.

use super::file::{File, MAX_BYTES, Record, ZVDR};

/// The shape and number format of a variable.
pub struct VariableLayout {
    pub records: usize,
    pub dims: Vec<usize>,
    value_bytes: usize,
    big_endian: bool,
}

impl VariableLayout {
    pub fn new(file: &File<'_>, gdr: &Record<'_>, vdr: &Record<'_>, encoding: u32) -> Result<Self, String> {
        let big_endian = match encoding {
            1 | 2 | 5 | 7 | 9 | 11 | 12 | 18 => true,
            4 | 6 | 13 | 16 | 17 => false,
            other => return Err(format!("its numbers have the encoding {other}, which is not supported")),
        };
        let value_bytes = match vdr.u32(20)? {
            21 | 44 => 4,
            22 | 45 => 8,
            other => return Err(format!("its values are of type {other}, and floating point was expected")),
        };
        let (flags, sparse) = (vdr.u32(44)?, vdr.u32(48)?);
        if sparse != 0 {
            return Err("its records are sparse, which is not supported".into());
        }
        if flags & 4 != 0 {
            file.check_gzip(vdr.offset(72)?)?;
        }
        // zVariables have dimensions of their own, rVariables those of the file.
        let (count, sizes, source) =
            if vdr.kind()? == ZVDR { (vdr.u32(340)?, 344, vdr) } else { (gdr.u32(56)?, 84, gdr) };
        let count = count as usize;
        let varies = if vdr.kind()? == ZVDR { 344 + 4 * count } else { 340 };
        let mut dims = Vec::new();
        for dim in 0..count {
            let size = source.u32(sizes + 4 * dim)? as usize;
            if vdr.u32(varies + 4 * dim)? != 0 {
                dims.push(size);
            }
        }
        // The highest record's number, -1 if there is none.
        let records = vdr.u32(24)?.wrapping_add(1) as usize;
        let bytes = dims.iter().chain([&records]).try_fold(value_bytes, |bytes: usize, &n| bytes.checked_mul(n));
        match bytes {
            Some(0) | None => Err("the variable is empty".into()),
            Some(bytes) if bytes > MAX_BYTES => Err(format!("it is damaged: {bytes} bytes in one variable")),
            Some(_) => Ok(Self { records, dims, value_bytes, big_endian }),
        }
    }

    fn record_values(&self) -> usize {
        self.dims.iter().product()
    }

    pub fn record_bytes(&self) -> usize {
        self.record_values() * self.value_bytes
    }

    /// The numbers in row-major order.
    pub fn numbers(&self, raw: &[u8], row_major: bool) -> Vec<f64> {
        let number = |bytes: &[u8]| {
            let mut low_first = [0; 8];
            low_first[..bytes.len()].copy_from_slice(bytes);
            if self.big_endian {
                low_first[..bytes.len()].reverse();
            }
            match bytes.len() {
                4 => f64::from(f32::from_bits(u64::from_le_bytes(low_first) as u32)),
                _ => f64::from_le_bytes(low_first),
            }
        };
        let values: Vec<f64> = raw.chunks_exact(self.value_bytes).map(number).collect();
        if row_major {
            return values;
        }
        values.chunks_exact(self.record_values()).flat_map(|record| to_row_major(record, &self.dims)).collect()
    }
}

/// From column-major to row-major order.
fn to_row_major(values: &[f64], dims: &[usize]) -> Vec<f64> {
    let place = |mut index: usize| {
        let (mut at, mut stride) = (0, values.len());
        for &dim in dims.iter().rev() {
            stride /= dim;
            at += index % dim * stride;
            index /= dim;
        }
        at
    };
    (0..values.len()).map(|index| values[place(index)]).collect()
}
