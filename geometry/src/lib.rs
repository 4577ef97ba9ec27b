//! Finds where the cameras of a rig stand, from one person who moves in front of them.
//!
//! [`solve`] takes, per instant and camera, the pixels of 19 joints and the view's own estimate of the joints in 3D,
//! and returns rotations, positions, one focal length for all and the points. [`triangulate`] and [`fit_body`] then
//! find the points of later instants, [`fit_body_single`] those that one camera sees alone. Lengths are in millimetres,
//! pictures in pixels (x to the right, y down), times in frames. A solution's world has the axes of camera 0 and the
//! scale of the given 3D joints; [`world()`] places it on the floor, by people who stand, and scales it to their stated
//! height.
//!
//! Besides, [`Selection`] picks varied instants from a stream, [`velocities`] computes what offsets in time need,
//! [`verdict()`] tells whether to trust a rig, [`align_rig`] aligns a refined rig with the old one, [`find_camera`]
//! finds one camera by the points of the others, and [`residual_shapes`] finds faults of lenses and shutters.
//!
//! No I/O, clock or threads.

#![warn(missing_docs)]

mod adjustment;
mod align_rig;
mod camera;
mod error;
mod exchange;
mod find_camera;
mod first_guess;
mod fit_body;
mod fit_body_single;
mod frame_lag;
mod lens_fault;
mod levenberg_marquardt;
mod linear_triangulation;
mod loss;
mod median;
mod normal_equations;
mod observation;
mod options;
mod placed_offsets;
mod points;
mod priors;
mod residual_shapes;
mod rig_fit;
mod rotation;
mod select;
mod sides;
mod similarity;
mod single_view;
mod solution;
mod solve;
mod time_offsets;
mod triangulate;
mod uncertainty;
mod velocity;
mod verdict;
mod world;

pub use align_rig::align_rig;
pub use camera::{Camera, REFERENCE_SIDE_PX};
pub use error::GeometryError;
pub use find_camera::find_camera;
pub use fit_body::{FittedBody, fit_body};
pub use fit_body_single::fit_body_single;
pub use lens_fault::{LensFault, ResidualShape, Trend};
pub use observation::Observation;
pub use options::Options;
pub use placed_offsets::{PlacedOffset, placed_offsets};
pub use points::{BONES, Bone, EXCHANGED, GROUP_COUNT, POINT_COUNT, POINT_NAMES, Points, bone_lengths};
pub use priors::TYPICAL_FOCAL;
pub use residual_shapes::residual_shapes;
pub use select::{MIN_VARIETY, Selection, evenly_spread, variety};
pub use similarity::{Similarity, similarity};
pub use solution::{Solution, SolvedCamera};
pub use solve::solve;
pub use time_offsets::{TimeOffset, time_offsets};
pub use triangulate::{NEAR_PX, Triangulated, triangulate};
pub use uncertainty::Uncertainty;
pub use velocity::velocities;
pub use verdict::{Doubt, MIRROR_GAIN, Verdict, mirrored, verdict};
pub use world::{EARS_TO_CROWN, Up, World, WorldScale, standing_height_mm, up, world};
