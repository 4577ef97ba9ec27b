//! What a stream says of its channels: by the recommendations of XDF for motion capture.

use pose::{JOINT_NAMES, JOINTS, LANDMARK_NAMES, LANDMARKS};

use super::library::Element;

/// Three for each joint and landmark.
pub const CHANNELS: usize = 3 * (JOINTS + LANDMARKS);

/// Writes the description.
pub fn write(description: &Element) {
    description.text("manufacturer", "genlock");
    let setup = description.child("setup");
    let axes = "right-handed, z up, the floor at z = 0; the rig's world, which the geometry of the session defines";
    setup.text("axes", axes);
    setup.text("time", "the start of the exposure of the earliest view");
    let channels = description.child("channels");
    for name in JOINT_NAMES.iter().chain(&LANDMARK_NAMES) {
        for axis in ["X", "Y", "Z"] {
            let channel = channels.child("channel");
            channel.text("label", &format!("{}_{axis}", name.replace(' ', "_")));
            channel.text("marker", name);
            channel.text("type", &format!("Position{axis}"));
            channel.text("unit", "millimeters");
        }
    }
}
