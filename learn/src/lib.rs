//! Training and evaluation: SYNC (Jenni & Favaro, ACCV 2020) without labels, then transfer to 3D poses with labels.
//!
//! - [`trainer`] – the training loop, and its interface to training objectives.
//! - [`objectives`] – training objectives.
//! - [`data`] – training and evaluation data.
//! - [`runs`] – complete training runs, as commands start them.
//! - [`eval`] – evaluation.
//! - [`health`] – how far a trained network sees cameras apart in time.
//! - [`chance`] – checks for shortcuts: baselines that must stay at chance level.

pub mod chance;
pub mod data;
mod error;
pub mod eval;
mod from_recipe;
pub mod health;
pub mod objectives;
pub mod runs;
mod seeds;
pub mod trainer;

pub use error::LearnError;
pub use from_recipe::NetRecipe;
