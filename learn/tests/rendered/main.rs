//! Learning from a rendered session, in small: stick figures with exact labels.

mod data;
mod pictures;
mod studio;
mod training;
mod trial;
