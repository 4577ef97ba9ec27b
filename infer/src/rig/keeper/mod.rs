//! Keeps a live rig's geometry: finds it, refines it, and notices cameras that were moved.

mod commands;
mod lens_faults;
mod lens_instants;
mod moved_cameras;
mod results;
mod searches;
mod see;
mod state;
mod status;
mod time_offsets;

pub use state::Keeper;
