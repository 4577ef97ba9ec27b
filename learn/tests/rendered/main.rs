//! Training on a small rendered session of stick figures with exact labels.

mod chance;
mod data;
mod pictures;
mod studio;
mod training;
mod trial;
mod variants;
