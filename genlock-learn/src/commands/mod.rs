//! One file for each subcommand.

pub mod ablate;
pub mod bodies;
pub mod check;
pub mod device;
pub mod eval;
mod finder;
pub mod finetune;
pub mod infer;
pub mod labels;
mod leg;
pub mod pack_assets;
mod precision;
pub mod pretrain;
mod progress;
mod reading;
pub mod render;
mod rendered_table;
mod results;
mod spread;
pub mod stream_study;
pub mod sync_offset;
pub mod sync_report;
pub mod train;
