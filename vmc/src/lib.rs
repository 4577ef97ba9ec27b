//! Sends bodies to other programs by the [Virtual Motion Capture protocol](https://protocol.vmc.info/english): OSC over
//! UDP, as VSeeFace, Warudo, Unity's EVMC4U and plug-ins for Unreal and Blender read it.
//!
//! Each body becomes `/VMC/Ext/OK`, `/VMC/Ext/T`, `/VMC/Ext/Root/Pos` and one `/VMC/Ext/Bone/Pos` for each bone of
//! [`skeleton`], in bundles that fit into one packet of a network.
//!
//! Axes are Unity's: left-handed, x right, y up, z forward, in metres. The world's (x, y, z) are (z, -x, y) there. At
//! rest the avatar stands in a T-pose and faces +z, as VRM avatars do. Bones have their position and rotation relative
//! to their parent; the hips' are those in the world, so they carry the motion through the room, and the root stays at
//! zero.

#![warn(missing_docs)]

mod axes;
mod messages;
mod proportions;
mod sender;

pub use axes::{position, rotation};
pub use messages::bundles;
pub use sender::{Delivery, VmcError, VmcSender};
