//! The MAT reader on all kinds of files that it supports, and on damaged ones.

mod common;

use common::mat::{Mat, Variable};
use common::{table, write};
use datasets::mat::{Matrix, Value, read};

fn parse(bytes: &[u8]) -> Result<[Value; 3], String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mat");
    write(&path, bytes);
    read(&path, ["cells", "shorts", "bytes"]).map_err(|error| {
        let text = error.to_string();
        assert!(text.contains("a.mat"), "{text}");
        text
    })
}

fn variables() -> [(&'static str, Variable); 5] {
    [
        ("text", Variable::Text("not a number")),
        ("cells", Variable::Cells(vec![table(0, 5, 4, 2), table(1, 3, 4, 2)])),
        ("unasked", Variable::Table(table(2, 2, 2, 2))),
        ("bytes", Variable::Bytes(vec![3, 1, 4, 1, 5])),
        ("shorts", Variable::Shorts(vec![10, 30000])),
    ]
}

fn rows(matrix: &Matrix) -> Vec<Vec<f64>> {
    let row = |row| (0..matrix.columns()).map(|column| matrix.get(row, column).unwrap()).collect();
    (0..matrix.rows()).map(row).collect()
}

fn check(value: &Value, expected: &[Vec<f64>]) {
    let Value::Matrix(matrix) = value else { panic!("{value:?} is no matrix") };
    assert_eq!(rows(matrix), expected);
    assert_eq!(matrix.get(expected.len(), 0), None);
    assert_eq!(matrix.get(0, expected[0].len()), None);
}

#[test]
fn every_kind_gives_the_tables() {
    for bits in 0..8 {
        let kind = Mat { packed: bits & 1 == 1, big_endian: bits & 2 == 2, single: bits & 4 == 4 };
        let [cells, shorts, bytes] = parse(&kind.file(&variables())).unwrap_or_else(|e| panic!("{kind:?}: {e}"));
        let Value::Cells(cells) = cells else { panic!("{cells:?}") };
        assert_eq!(cells.len(), 2);
        check(&cells[0], &table(0, 5, 4, 2));
        check(&cells[1], &table(1, 3, 4, 2));
        check(&shorts, &[vec![10.0], vec![30000.0]]);
        check(&bytes, &[vec![3.0, 1.0, 4.0, 1.0, 5.0]]);
    }
}

#[test]
fn what_is_not_there_is_named() {
    let said = parse(&Mat::default().file(&variables()[..4])).unwrap_err();
    assert!(said.contains("\"shorts\""), "{said}");
    let mut newer = b"MATLAB 7.3 MAT-file".to_vec();
    newer.resize(600, 0);
    assert!(parse(&newer).unwrap_err().contains("-v7"));
    assert!(parse(&[0; 400]).unwrap_err().contains("not a MAT-file"));
    assert!(parse(b"short").unwrap_err().contains("not a MAT-file"));
}

#[test]
fn a_file_that_was_cut_is_an_error_wherever_it_was_cut() {
    for packed in [false, true] {
        let kind = Mat { packed, ..Mat::default() };
        let bytes = kind.file(&variables());
        let padding = if packed { 0 } else { 4 };
        for length in 0..bytes.len() - padding {
            assert!(parse(&bytes[..length]).is_err(), "{kind:?} cut to {length} of {}", bytes.len());
        }
    }
}

#[test]
fn a_damaged_file_is_an_error_or_other_numbers_but_never_a_panic() {
    for packed in [false, true] {
        let bytes = Mat { packed, ..Mat::default() }.file(&variables());
        for at in 0..bytes.len() {
            for flip in [0x01, 0x08, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                let _ = parse(&damaged);
            }
        }
    }
}
