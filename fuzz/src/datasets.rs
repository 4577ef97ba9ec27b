//! Parsers of data set files.

use ::datasets::cdf;
use ::datasets::mat::{self, Value};

use crate::scratch;

/// A CDF file of poses.
pub fn cdf(data: &[u8]) -> bool {
    scratch::file("poses.cdf", data, |path| {
        let Ok(variable) = cdf::read_variable(path, "Pose") else { return false };
        assert_eq!(variable.shape.iter().product::<usize>(), variable.values.len());
        assert!(!variable.values.is_empty());
        true
    })
}

/// A MATLAB file of annotations.
pub fn mat(data: &[u8]) -> bool {
    scratch::file("annotations.mat", data, |path| {
        let Ok(values) = mat::read(path, ["annot", "frames"]) else { return false };
        values.iter().for_each(check);
        true
    })
}

fn check(value: &Value) {
    match value {
        Value::Matrix(matrix) => {
            assert_eq!(matrix.rows() * matrix.columns(), matrix.values().len());
            assert_eq!(matrix.get(matrix.rows(), 0), None);
            let last = matrix.rows().checked_sub(1).zip(matrix.columns().checked_sub(1));
            assert!(last.is_none_or(|(row, column)| matrix.get(row, column).is_some()));
        }
        Value::Cells(cells) => cells.iter().for_each(check),
        Value::Other => {}
    }
}
