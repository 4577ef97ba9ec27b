//! Learning and measuring: SYNC (Jenni & Favaro, ACCV 2020) without labels, transfer to 3D poses with them, and how good
//! what was learned is.
//!
//! - [`trainer`] – the one trainer, and what it must be told about a thing to learn.
//! - [`objectives`] – the things to learn.
//! - [`data`] – what is learned from and measured on.
//! - [`runs`] – whole trainings, as commands start them.
//! - [`eval`] – measures.
//! - [`chance`] – checks that nothing but the relation of two views can be learned.

pub mod chance;
pub mod data;
mod error;
pub mod eval;
mod from_recipe;
pub mod objectives;
pub mod runs;
mod seeds;
pub mod trainer;

pub use error::LearnError;
pub use from_recipe::NetRecipe;
