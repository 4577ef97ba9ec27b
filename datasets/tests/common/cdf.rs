//! A writer of CDF version 3, by the "CDF Internal Format Description".

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// How a table is stored.
#[derive(Clone, Copy, Debug)]
pub struct Cdf {
    /// A zVariable, or an rVariable.
    pub z: bool,
    pub row_major: bool,
    pub little_endian: bool,
    pub double: bool,
    /// One record that holds the whole table, or one record per row.
    pub one_record: bool,
    /// GZIP on the variable.
    pub packed_values: bool,
    /// GZIP on the file.
    pub packed_file: bool,
}

impl Default for Cdf {
    /// As MATLAB writes it, to all that is known.
    fn default() -> Self {
        Self {
            z: true,
            row_major: false,
            little_endian: true,
            double: false,
            one_record: true,
            packed_values: false,
            packed_file: false,
        }
    }
}

const MAGIC: [u8; 4] = [0xcd, 0xf3, 0, 1];

impl Cdf {
    pub fn bytes(&self, name: &str, rows: &[Vec<f64>]) -> Vec<u8> {
        let columns = rows[0].len();
        let dims: Vec<u32> =
            if self.one_record { vec![rows.len() as u32, columns as u32] } else { vec![columns as u32] };
        let records: Vec<Vec<f64>> = if !self.one_record {
            rows.to_vec()
        } else if self.row_major {
            vec![rows.concat()]
        } else {
            vec![(0..columns).flat_map(|column| rows.iter().map(move |row| row[column])).collect()]
        };

        let r_dims = if self.z { vec![] } else { dims.clone() };
        let gdr_at = 8 + 312;
        let first_vdr = gdr_at + 84 + 4 * r_dims.len();
        let vdr_size = if self.z { 344 + 8 * dims.len() } else { 340 + 4 * dims.len() };
        let second_vdr = first_vdr + vdr_size;
        let cpr_at = second_vdr + vdr_size;
        let vxr_at = cpr_at + 28;

        let mut out = [MAGIC, [0, 0, 0xff, 0xff]].concat();
        let mut cdr = u64s(&[gdr_at as u64]);
        let encoding = if self.little_endian { 6 } else { 1 };
        cdr.extend(u32s(&[3, 3, encoding, u32::from(self.row_major) | 2, 0, 0, 0, u32::MAX, u32::MAX]));
        cdr.resize(cdr.len() + 256, b'c');
        out.extend(record(1, &cdr));

        // One variable without a value comes first, so that the wanted one has to be looked for.
        let (r_head, z_head) = if self.z { (0, first_vdr) } else { (first_vdr, 0) };
        let mut gdr = u64s(&[r_head as u64, z_head as u64, 0, 0]);
        let (r_vars, z_vars) = if self.z { (0, 2) } else { (2, 0) };
        gdr.extend(u32s(&[r_vars, 0, records.len() as u32 - 1, r_dims.len() as u32, z_vars]));
        gdr.extend(u64s(&[0]));
        gdr.extend(u32s(&[0, 0, u32::MAX]));
        gdr.extend(u32s(&r_dims));
        out.extend(record(2, &gdr));
        assert_eq!(out.len(), first_vdr);

        out.extend(self.variable("Other", second_vdr, u32::MAX, 0, 0, &dims));
        let cpr = if self.packed_values { cpr_at } else { 0 };
        out.extend(self.variable(name, 0, records.len() as u32 - 1, vxr_at, cpr, &dims));
        out.extend(record(11, &u32s(&[5, 0, 1, 6])));
        assert_eq!(out.len(), vxr_at);
        self.values(&mut out, &records);
        if self.packed_file { packed_file(&out) } else { out }
    }

    fn variable(&self, name: &str, next: usize, max: u32, vxr: usize, cpr: usize, dims: &[u32]) -> Vec<u8> {
        let mut vdr = u64s(&[next as u64]);
        vdr.extend(u32s(&[if self.double { 45 } else { 44 }, max]));
        vdr.extend(u64s(&[vxr as u64, vxr as u64]));
        let flags = 1 | if cpr == 0 { 0 } else { 4 };
        vdr.extend(u32s(&[flags, 0, 0, u32::MAX, u32::MAX, 1, 0]));
        vdr.extend(if cpr == 0 { u64s(&[u64::MAX]) } else { u64s(&[cpr as u64]) });
        vdr.extend(u32s(&[0]));
        let mut text = name.as_bytes().to_vec();
        text.resize(256, 0);
        vdr.extend(text);
        if self.z {
            vdr.extend(u32s(&[dims.len() as u32]));
            vdr.extend(u32s(dims));
        }
        vdr.extend(dims.iter().flat_map(|_| u32::MAX.to_be_bytes()));
        record(if self.z { 8 } else { 3 }, &vdr)
    }

    /// The index and the values, in two blocks where there are several records: the second behind an index of its own.
    fn values(&self, out: &mut Vec<u8>, records: &[Vec<f64>]) {
        let half = records.len().div_ceil(2);
        let blocks: Vec<(usize, &[Vec<f64>])> =
            if records.len() > 1 { vec![(0, &records[..half]), (half, &records[half..])] } else { vec![(0, records)] };
        for (number, (first, block)) in blocks.iter().enumerate() {
            // One used entry out of two, 28 + 2 × (4 + 4 + 8) bytes.
            let values_at = out.len() + 60;
            let body: Vec<u8> = block.iter().flatten().flat_map(|&value| self.number(value)).collect();
            let values = if self.packed_values {
                let packed = gzip(&body);
                record(13, &[u32s(&[0]), u64s(&[packed.len() as u64]), packed].concat())
            } else {
                record(7, &body)
            };
            let next = if number + 1 < blocks.len() { values_at + values.len() } else { 0 };
            let mut vxr = u64s(&[next as u64]);
            vxr.extend(u32s(&[2, 1, *first as u32, u32::MAX, (first + block.len() - 1) as u32, u32::MAX]));
            vxr.extend(u64s(&[values_at as u64, u64::MAX]));
            out.extend(record(6, &vxr));
            assert_eq!(out.len(), values_at);
            out.extend(values);
        }
    }

    fn number(&self, value: f64) -> Vec<u8> {
        let mut bytes = if self.double { value.to_be_bytes().to_vec() } else { (value as f32).to_be_bytes().to_vec() };
        if self.little_endian {
            bytes.reverse();
        }
        bytes
    }
}

fn packed_file(file: &[u8]) -> Vec<u8> {
    let mut out = [MAGIC, [0xcc, 0xcc, 0, 1]].concat();
    let packed = gzip(&file[8..]);
    let cpr_at = 8 + 32 + packed.len();
    let ccr = [u64s(&[cpr_at as u64, file.len() as u64 - 8]), u32s(&[0]), packed].concat();
    out.extend(record(10, &ccr));
    out.extend(record(11, &u32s(&[5, 0, 1, 6])));
    out
}

fn record(kind: u32, body: &[u8]) -> Vec<u8> {
    [u64s(&[body.len() as u64 + 12]), u32s(&[kind]), body.to_vec()].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn u64s(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}
