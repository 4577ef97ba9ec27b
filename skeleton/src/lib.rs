//! From the 17 joints and seven landmarks of a body to the rotations of a humanoid skeleton's bones, and back.
//!
//! [`solve`] finds the rotation of each [`Bone`], [`forward`] the joints and landmarks that rotations and a person's
//! [`Proportions`] lead to, and [`bvh::write`] the text of a BVH file.
//!
//! # World and rest pose
//!
//! The world is right-handed, in millimetres, with z up. At rest the person stands in a T-pose and faces +x, left is
//! +y. The arms are horizontal, palms down, the legs straight down, the feet forward. There the world rotation of every
//! bone is the identity, so the rotation of a bone in the world is what turns it from the rest pose to where it is.
//!
//! Finders of joints place ears before the neck and the nose below the ears, in people who look straight ahead, too.
//! The rest pose has both: [`NECK_LEANS_DEGREES`], [`NOSE_BELOW_EARS_DEGREES`].
//!
//! ```
//! use skeleton::{Bone, Proportions, forward, solve};
//! # use skeleton::{Landmarks, Posed, Turn};
//! # use nalgebra::Vector3;
//! # let proportions = Proportions::of_height(1750.0);
//! # let rest = Posed::from_local(Vector3::new(0.0, 0.0, 930.0), &[Turn::identity(); Bone::COUNT]);
//! # let (joints, landmarks) = forward(&proportions, &rest);
//! let proportions = Proportions::of_body(&joints, &landmarks).expect("no joint is missing");
//! let posed = solve(&joints, &landmarks).expect("hips and spine are there");
//! assert!(posed.rotation(Bone::LeftUpperArm).angle() < 1e-6, "this person is in the rest pose");
//! let (again, _) = forward(&proportions, &posed);
//! assert!((again[13] - joints[13]).norm() < 1e-6, "the wrist is where it was");
//! ```
//!
//! No I/O, no clock, no threads.

#![warn(missing_docs)]

mod bone;
pub mod bvh;
mod forward;
mod landmarks;
mod median;
mod posed;
mod proportions;
mod rest;
mod solve;
mod t_pose;
mod turn;

pub use bone::Bone;
pub use forward::forward;
pub use pose::Landmarks;
pub use posed::{Posed, local};
pub use proportions::Proportions;
pub use rest::{NECK_LEANS_DEGREES, NOSE_BELOW_EARS_DEGREES};
pub use solve::solve;
pub use t_pose::{NotTPose, TPose};
pub use turn::Turn;
