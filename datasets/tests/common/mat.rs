//! A writer of MAT-files of level 5, by "MAT-File Format".

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

#[derive(Clone, Copy, Debug, Default)]
pub struct Mat {
    pub packed: bool,
    pub big_endian: bool,
    /// Numbers as 4 byte floats.
    pub single: bool,
}

#[derive(Clone, Debug)]
pub enum Variable {
    /// A column of cells, each a table given by rows.
    Cells(Vec<Vec<Vec<f64>>>),
    /// A table given by rows.
    Table(Vec<Vec<f64>>),
    /// A row of uint8.
    Bytes(Vec<u8>),
    /// A column of uint16.
    Shorts(Vec<u16>),
    Text(&'static str),
}

impl Mat {
    pub fn file(&self, variables: &[(&str, Variable)]) -> Vec<u8> {
        let mut out = b"MATLAB 5.0 MAT-file, Platform: GLNXA64, Created by a test".to_vec();
        out.resize(124, b' ');
        out.extend(self.short(0x0100));
        out.extend(if self.big_endian { b"MI" } else { b"IM" });
        for (name, variable) in variables {
            let matrix = self.variable(name, variable);
            if self.packed {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
                encoder.write_all(&matrix).unwrap();
                let packed = encoder.finish().unwrap();
                out.extend([self.word(15), self.word(packed.len() as u32), packed].concat());
            } else {
                out.extend(matrix);
            }
        }
        out
    }

    fn variable(&self, name: &str, variable: &Variable) -> Vec<u8> {
        match variable {
            Variable::Cells(cells) => {
                let data: Vec<u8> = cells.iter().flat_map(|rows| self.table("", rows)).collect();
                self.matrix(name, 1, &[cells.len() as u32, 1], data)
            }
            Variable::Table(rows) => self.table(name, rows),
            Variable::Bytes(bytes) => self.matrix(name, 9, &[1, bytes.len() as u32], self.element(2, bytes)),
            Variable::Shorts(shorts) => {
                let data: Vec<u8> = shorts.iter().flat_map(|&short| self.short(short)).collect();
                self.matrix(name, 11, &[shorts.len() as u32, 1], self.element(4, &data))
            }
            Variable::Text(text) => {
                let data: Vec<u8> = text.encode_utf16().flat_map(|unit| self.short(unit)).collect();
                self.matrix(name, 4, &[1, text.len() as u32], self.element(4, &data))
            }
        }
    }

    fn table(&self, name: &str, rows: &[Vec<f64>]) -> Vec<u8> {
        let (class, kind) = if self.single { (7, 7) } else { (6, 9) };
        let columns = rows[0].len();
        let mut data = Vec::new();
        for column in 0..columns {
            for row in rows {
                let mut bytes = if self.single {
                    (row[column] as f32).to_be_bytes().to_vec()
                } else {
                    row[column].to_be_bytes().to_vec()
                };
                if !self.big_endian {
                    bytes.reverse();
                }
                data.extend(bytes);
            }
        }
        self.matrix(name, class, &[rows.len() as u32, columns as u32], self.element(kind, &data))
    }

    fn matrix(&self, name: &str, class: u32, dims: &[u32], data: Vec<u8>) -> Vec<u8> {
        let flags = self.element(6, &[self.word(class), self.word(0)].concat());
        let dims = self.element(5, &dims.iter().flat_map(|&dim| self.word(dim)).collect::<Vec<_>>());
        self.element(14, &[flags, dims, self.element(1, name.as_bytes()), data].concat())
    }

    /// The small form for what fits.
    fn element(&self, kind: u32, data: &[u8]) -> Vec<u8> {
        let mut out = if (1..=4).contains(&data.len()) {
            self.word((data.len() as u32) << 16 | kind)
        } else {
            [self.word(kind), self.word(data.len() as u32)].concat()
        };
        out.extend(data);
        out.resize(out.len().next_multiple_of(8), 0);
        out
    }

    fn word(&self, value: u32) -> Vec<u8> {
        if self.big_endian { value.to_be_bytes().to_vec() } else { value.to_le_bytes().to_vec() }
    }

    fn short(&self, value: u16) -> Vec<u8> {
        if self.big_endian { value.to_be_bytes().to_vec() } else { value.to_le_bytes().to_vec() }
    }
}
