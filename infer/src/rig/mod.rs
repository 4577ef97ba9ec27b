//! The rig's geometry and the bodies that come of it, for recordings and for live streams alike.

mod followed;
mod keeper;
mod lenses;
mod memory;
mod motion;
mod placing;
mod search;
mod solver;
mod witness;

pub use followed::Followed;
pub use keeper::Keeper;
pub use lenses::lens_faults;
pub use motion::Seen;
pub use placing::{Placed, Placing, PlacingError};
pub use search::{Rig, RigError, RigSearch};

pub(crate) use placing::median;
pub(crate) use search::LEAST_INSTANTS;
