//! A rig's geometry and the bodies placed in it, for recordings and live streams.

mod background_solver;
mod body_placing;
mod camera_watch;
mod instant_store;
mod keeper;
mod lens_faults;
mod median;
mod person_tracker;
mod rig_search;
mod velocity_window;

pub use body_placing::{Placed, Placing, PlacingError};
pub use keeper::Keeper;
pub use lens_faults::lens_faults;
pub use person_tracker::PersonTracker;
pub use rig_search::{FoundGeometry, RigSearch, RigSearchError};
pub use velocity_window::SeenInstant;

pub use median::upper_median;
pub(crate) use rig_search::{GEOMETRY_INSTANTS, MIN_INSTANTS, STANDING_INSTANTS};
