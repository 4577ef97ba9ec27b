//! Settings that people write as TOML: rigs, scenarios, recipes. Keys are kebab-case and unknown ones are refused;
//! errors name file, line, key and remedy; words of the command line such as `transfer.train=linear` override values. And
//! [`environment`]: paths that environment variables name, and [`FolderLock`]: folders that one program at a time uses.
//!
//! ```
//! use serde::Deserialize;
//! use settings::Document;
//!
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields, rename_all = "kebab-case")]
//! struct Lamp {
//!     power_w: f64,
//! }
//!
//! let file = Document::new("power-w = 4.5", "lamp.toml");
//! let lamp: Lamp = file.set(&["power-w=6.0".into()])?.parse()?;
//! assert_eq!(lamp.power_w, 6.0);
//!
//! let error = Document::new("powr-w = 4.5", "lamp.toml").parse::<Lamp>().err().expect("the key is misspelt");
//! assert_eq!(
//!     error.to_string(),
//!     "lamp.toml, line 1, powr-w: there is no key `powr-w`; did you mean `power-w`?"
//! );
//! # Ok::<(), settings::SettingsError>(())
//! ```

#![warn(missing_docs)]

mod document;
pub mod environment;
mod error;
mod explain;
mod folder_lock;
mod range;

pub use document::Document;
pub use error::{Fault, SettingsError};
pub use folder_lock::FolderLock;
pub use range::within;
