//! Settings that people write as TOML: rigs, scenarios, recipes. Keys are kebab-case and unknown ones refused; what is
//! wrong is said with file, line, key and remedy; words of the command line, as `transfer.train=linear`, may change
//! values.

mod document;
mod error;
mod explain;
mod range;

pub use document::Document;
pub use error::{Fault, SettingsError};
pub use range::within;
