//! Which markers stand for which joint, in each of the usual sets.

/// Markers and their weights, whose sum is 1. Names are lower case, without anything but letters and digits; `@` stands
/// for `r` or `l`, `#` for `right` or `left`.
pub(super) type Mean = &'static [(&'static str, f64)];

/// The first of these whose markers a file has.
pub(super) type Choices = &'static [Mean];

/// Points of one side.
pub(super) const KNEE: Choices = &[
    &[("@knee", 0.5), ("@kneemedial", 0.5)],
    &[("@knee", 1.0)],
    &[("#knee", 1.0)],
    &[("@kjc", 1.0)],
    &[("@feo", 1.0)],
    &[("@lfc", 0.5), ("@mfc", 0.5)],
    &[("@kne", 0.5), ("@knm", 0.5)],
    &[("@kne", 1.0)],
    &[("@shank4x4", 1.0)],
];
pub(super) const ANKLE: Choices = &[
    &[("@ankle", 0.5), ("@anklemedial", 0.5)],
    &[("@ankle", 1.0)],
    &[("#ankle", 1.0)],
    &[("@ajc", 1.0)],
    &[("@tio", 1.0)],
    &[("@lmal", 0.5), ("@mmal", 0.5)],
    &[("@ank", 1.0)],
    &[("@foot4x4", 1.0)],
];
pub(super) const HIP: Choices =
    &[&[("@hip", 1.0)], &[("#hip", 1.0)], &[("@hjc", 1.0)], &[("@fep", 1.0)], &[("@thigh4x4", 1.0)]];
pub(super) const SHOULDER: Choices = &[
    &[("@shoulder", 1.0)],
    &[("#shoulder", 1.0)],
    &[("@sjc", 1.0)],
    &[("@clo", 1.0)],
    &[("@sho", 1.0)],
    &[("@acr", 1.0)],
    &[("@acromium", 1.0)],
    &[("@acromion", 1.0)],
    &[("@uarm4x4", 1.0)],
];
pub(super) const ELBOW: Choices = &[
    &[("@elbow", 1.0)],
    &[("#elbow", 1.0)],
    &[("@ejc", 1.0)],
    &[("@huo", 1.0)],
    &[("@lel", 0.5), ("@mel", 0.5)],
    &[("@elbowlat", 0.5), ("@elbowmed", 0.5)],
    &[("@elb", 1.0)],
    &[("@larm4x4", 1.0)],
];
pub(super) const WRIST: Choices = &[
    &[("@wrist", 1.0)],
    &[("#wrist", 1.0)],
    &[("@wjc", 1.0)],
    &[("@rao", 1.0)],
    &[("@wra", 0.5), ("@wrb", 0.5)],
    &[("@faradius", 0.5), ("@faulna", 0.5)],
    &[("@hand4x4", 1.0)],
];

/// Points of the middle.
pub(super) const THORAX: Choices = &[
    &[("neck", 1.0)],
    &[("c7", 0.5), ("clav", 0.5)],
    &[("rshoulder", 0.5), ("lshoulder", 0.5)],
    &[("rightshoulder", 0.5), ("leftshoulder", 0.5)],
    &[("racr", 0.5), ("lacr", 0.5)],
    &[("ruarm4x4", 0.5), ("luarm4x4", 0.5)],
];
/// Below the middle of the forehead by three tenths of the way from the head band to the neck.
pub(super) const NOSE: Choices = &[
    &[("nose", 1.0)],
    &[("rfhd", 0.425), ("lfhd", 0.425), ("rbhd", -0.075), ("lbhd", -0.075), ("c7", 0.15), ("clav", 0.15)],
    &[("head4x4", 1.0)],
];
/// Above the ears by six, above the eyes by 4.5, above the head band by four and above the nose by 6.5 tenths of the way
/// from the shoulders or the neck.
pub(super) const HEAD: Choices = &[
    &[("head", 1.0)],
    &[("headtop", 1.0)],
    &[("tophead", 1.0)],
    &[("rear", 0.8), ("lear", 0.8), ("rshoulder", -0.3), ("lshoulder", -0.3)],
    &[("rightear", 0.8), ("leftear", 0.8), ("rightshoulder", -0.3), ("leftshoulder", -0.3)],
    &[("reye", 0.725), ("leye", 0.725), ("rshoulder", -0.225), ("lshoulder", -0.225)],
    &[("righteye", 0.725), ("lefteye", 0.725), ("rightshoulder", -0.225), ("leftshoulder", -0.225)],
    &[("rfhd", 0.35), ("lfhd", 0.35), ("rbhd", 0.35), ("lbhd", 0.35), ("c7", -0.2), ("clav", -0.2)],
    &[("nose", 1.65), ("rshoulder", -0.325), ("lshoulder", -0.325)],
    &[("head4x4", 1.6), ("ruarm4x4", -0.3), ("luarm4x4", -0.3)],
];

/// Markers of the pelvis: front right, front left, back right, back left; the first set that a file has.
pub(super) const PELVIS: [[&str; 4]; 2] = [["rasi", "lasi", "rpsi", "lpsi"], ["rasis", "lasis", "rpsis", "lpsis"]];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_means() {
        let all = [KNEE, ANKLE, HIP, SHOULDER, ELBOW, WRIST, THORAX, NOSE, HEAD];
        for mean in all.iter().flat_map(|choices| choices.iter()) {
            let sum: f64 = mean.iter().map(|(_, weight)| weight).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{mean:?}");
        }
    }
}
