//! What is valid in a rig file and yet unwise.

use std::fmt;

/// A value that is valid but probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The path of the key, as `trigger.rate-hz`.
    pub key: String,
    /// What is unwise about its value, for people.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}
