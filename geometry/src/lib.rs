//! Where the cameras of a rig stand, found from one person who moves in front of them.
//!
//! Pure logic: [`solve`] takes, per instant and camera, the pixels of 19 joints and that view's own guess of the
//! joints in 3D, and hands back rotations, positions, one focal length for all and the points themselves.
//! [`triangulate`] and [`label`] then find the points of later instants with the cameras known, [`place_alone`] those that
//! one camera sees. Lengths are in
//! millimetres, pictures in pixels (x to the right, y down), times in frames. A solution's world is camera 0's axes and
//! its scale is the one of the given 3D joints; [`world()`] stands it on the floor, from people who stand, and takes
//! their stated height.
//!
//! Around it: [`Selection`] keeps varied instants out of a stream, [`velocities`] makes what offsets in time need,
//! [`verdict()`] says whether to believe a rig, [`lay_onto`] lays a refined rig onto the old one, [`find_camera`] finds
//! one camera by the points of the others, and [`residual_shapes`] what residuals say of lenses and shutters.

mod adjustment;
mod alone;
mod attempt;
mod camera;
mod coarse;
mod error;
mod exchange;
mod label;
mod lay;
mod linear;
mod loss;
mod median;
mod normal;
mod observation;
mod offsets;
mod own_body;
mod placed_offsets;
mod points;
mod resect;
mod residual_shape;
mod rotation;
mod select;
mod sides;
mod similarity;
mod solve;
mod start;
mod triangulate;
mod uncertainty;
mod velocity;
mod verdict;
mod world;

pub use alone::place_alone;
pub use camera::{Camera, REFERENCE_SIDE_PX};
pub use error::GeometryError;
pub use label::{Labelled, label};
pub use lay::lay_onto;
pub use observation::Observation;
pub use offsets::{TimeOffset, time_offsets};
pub use placed_offsets::{PlacedOffset, placed_offsets};
pub use points::{BONES, Bone, EXCHANGED, GROUP_COUNT, POINT_COUNT, POINT_NAMES, bone_lengths};
pub use resect::find_camera;
pub use residual_shape::{LensFault, ResidualShape, Trend, residual_shapes};
pub use select::{LEAST_VARIETY, Selection, variety};
pub use similarity::{Similarity, similarity};
pub use solve::{Options, Solution, SolvedCamera, solve};
pub use triangulate::{NEAR_PX, Triangulated, triangulate};
pub use uncertainty::Uncertainty;
pub use velocity::velocities;
pub use verdict::{Doubt, MIRROR_GAIN, Verdict, mirrored, verdict};
pub use world::{EARS_TO_CROWN, Scale, Up, World, standing_height_mm, up, world};
