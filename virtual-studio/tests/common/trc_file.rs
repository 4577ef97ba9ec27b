//! TRC files as motion capture writes them.

use std::fmt::Write;
use std::path::Path;

use glam::Vec3;
use pose::JOINTS;

/// Markers, each with its joint of Human3.6M.
pub const NAMES: [(&str, usize); 15] = [
    ("RHip", 1),
    ("RKnee", 2),
    ("RAnkle", 3),
    ("LHip", 4),
    ("LKnee", 5),
    ("LAnkle", 6),
    ("Neck", 8),
    ("Nose", 9),
    ("Head", 10),
    ("LShoulder", 11),
    ("LElbow", 12),
    ("LWrist", 13),
    ("RShoulder", 14),
    ("RElbow", 15),
    ("RWrist", 16),
];

/// A TRC file of joints in metres, y up, which is TRC's own frame; with toes and heels of feet that point to `feet`.
pub fn write(path: &Path, frames: &[([Vec3; JOINTS], [Vec3; 2])]) {
    let feet = ["LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel"];
    let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).chain(feet).collect();
    let count = names.len();
    let mut text = format!(
        "PathFileType\t4\t(X/Y/Z)\ta.trc\nDataRate\tNumMarkers\tUnits\tOrigDataStartFrame\n50\t{count}\tm\t0\n\
         Frame#\tTime\t{}\n\n",
        names.join("\t\t\t")
    );
    for (index, (joints, feet)) in frames.iter().enumerate() {
        let ends = |ankle: usize, toes: Vec3| [joints[ankle] + toes, joints[ankle] + toes, joints[ankle]];
        let markers = NAMES.iter().map(|&(_, joint)| joints[joint]);
        write!(text, "{index}\t0").unwrap();
        for at in markers.chain(ends(6, feet[0])).chain(ends(3, feet[1])) {
            write!(text, "\t{}\t{}\t{}", at.x, at.y, at.z).unwrap();
        }
        text.push('\n');
    }
    std::fs::write(path, text).unwrap();
}
