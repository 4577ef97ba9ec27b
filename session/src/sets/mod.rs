//! Frame sets: which views belong together, and where the sets go.

pub mod assembler;
pub mod matching;
