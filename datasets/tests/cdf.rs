//! The CDF reader on all kinds of files that it supports, and on damaged ones.

mod common;

use common::cdf::Cdf;
use common::{table, write};
use datasets::cdf::{Variable, read_variable};

fn read(bytes: &[u8], name: &str) -> Result<Variable, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.cdf");
    write(&path, bytes);
    read_variable(&path, name).map_err(|error| {
        let text = error.to_string();
        assert!(text.contains("a.cdf"), "{text}");
        text
    })
}

fn all_kinds() -> impl Iterator<Item = Cdf> {
    (0..128_u32).map(|bits| {
        let bit = |n: u32| bits >> n & 1 == 1;
        Cdf {
            z: bit(0),
            row_major: bit(1),
            little_endian: bit(2),
            double: bit(3),
            one_record: bit(4),
            packed_values: bit(5),
            packed_file: bit(6),
        }
    })
}

#[test]
fn every_kind_gives_the_table() {
    let rows = table(1, 5, 4, 3);
    for kind in all_kinds() {
        let variable = read(&kind.bytes("Pose", &rows), "Pose").unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!(variable.values, rows.concat(), "{kind:?}");
        assert_eq!(variable.shape, if kind.one_record { vec![1, 5, 12] } else { vec![5, 12] }, "{kind:?}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let bytes = Cdf::default().bytes("Pose", &table(0, 2, 2, 2));
    let said = read(&bytes, "Angles").unwrap_err();
    assert!(said.contains("\"Angles\"") && said.contains("\"Other\", \"Pose\""), "{said}");
    assert!(read(&bytes, "Other").unwrap_err().contains("empty"));
    assert!(read(b"no", "Pose").unwrap_err().contains("not a CDF"));
    assert!(read(b"\xcd\xf2\x60\x02\0\0\xff\xff", "Pose").unwrap_err().contains("version 2"));
    let missing = read_variable(std::path::Path::new("gone.cdf"), "Pose").unwrap_err();
    assert!(missing.to_string().contains("gone.cdf"));
}

#[test]
fn a_file_that_was_cut_is_an_error_wherever_it_was_cut() {
    for (packed_values, packed_file) in [(false, false), (true, false), (false, true)] {
        let kind = Cdf { one_record: false, packed_values, packed_file, ..Cdf::default() };
        let bytes = kind.bytes("Pose", &table(0, 4, 2, 3));
        for length in 0..bytes.len() {
            // Behind the packed file comes only the kind of its compression, which must be there, too.
            assert!(read(&bytes[..length], "Pose").is_err(), "{kind:?} cut to {length} of {}", bytes.len());
        }
    }
}

#[test]
fn a_damaged_file_is_an_error_or_other_numbers_but_never_a_panic() {
    let rows = table(0, 4, 2, 3);
    for (packed_values, packed_file) in [(false, false), (true, false), (false, true)] {
        let kind = Cdf { one_record: false, packed_values, packed_file, ..Cdf::default() };
        let bytes = kind.bytes("Pose", &rows);
        for at in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                if let Ok(variable) = read(&damaged, "Pose") {
                    assert_eq!(variable.values.len(), variable.shape.iter().product::<usize>());
                }
            }
        }
    }
}
