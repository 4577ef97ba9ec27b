//! How pictures are varied in training.

use serde::{Deserialize, Serialize};

/// How pictures are varied in training. Shares are of pictures, each decided by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AugmentConfig {
    /// Crops are rolled in their plane by up to this, either way; half of them by less than an eighth of it.
    pub roll_deg: f64,
    /// Least and largest side of a crop in units of the one that live use takes.
    pub scale: [f64; 2],
    /// Crops are shifted by up to this part of their side, each way.
    pub shift: f64,
    /// Whether transfer mirrors pictures at random. Pretraining draws its mirroring itself.
    pub flip: bool,
    /// Share that is shown without its background; the others are shown plain.
    pub removed: f64,
    /// Share that keeps the background it was rendered with, in transfer; pretraining replaces all of them, or the
    /// room would reveal whether a picture is mirrored.
    pub own_background: f64,
    /// Backgrounds to choose from.
    pub backgrounds: usize,
    /// Share of masks with faults.
    pub mask_faults: f64,
    /// Share with another brightness, contrast and colour; some of those get gamma, blur, low resolution and noise.
    pub photometric: f64,
    /// Share with a bystander at the side.
    pub bystanders: f64,
    /// Share with a block before the subject.
    pub occluders: f64,
}

impl Default for AugmentConfig {
    fn default() -> Self {
        Self {
            roll_deg: 45.0,
            scale: [0.85, 1.25],
            shift: 0.08,
            flip: true,
            removed: 0.5,
            own_background: 0.3,
            backgrounds: 2048,
            mask_faults: 0.8,
            photometric: 0.8,
            bystanders: 0.1,
            occluders: 0.25,
        }
    }
}

impl AugmentConfig {
    /// Nothing is varied: the crops of live use with exact masks.
    pub fn none(removed: bool) -> Self {
        Self {
            roll_deg: 0.0,
            scale: [1.0, 1.0],
            shift: 0.0,
            flip: false,
            removed: f64::from(u8::from(removed)),
            own_background: 1.0,
            backgrounds: 2,
            mask_faults: 0.0,
            photometric: 0.0,
            bystanders: 0.0,
            occluders: 0.0,
        }
    }

    /// The first value that is out of range.
    pub(crate) fn problem(&self) -> Option<String> {
        let shares = [
            ("removed", self.removed),
            ("own-background", self.own_background),
            ("mask-faults", self.mask_faults),
            ("photometric", self.photometric),
            ("bystanders", self.bystanders),
            ("occluders", self.occluders),
        ];
        let [low, high] = self.scale;
        if let Some((name, value)) = shares.into_iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            Some(format!("has {name} = {value}, which must be 0 to 1"))
        } else if !(0.0..=180.0).contains(&self.roll_deg) {
            Some(format!("has roll-deg = {}, which must be 0 to 180", self.roll_deg))
        } else if !(0.2 <= low && low <= high && high <= 5.0) {
            Some(format!("has scale = [{low}, {high}], which must ascend within 0.2 to 5"))
        } else if !(0.0..=0.5).contains(&self.shift) {
            Some(format!("has shift = {}, which must be 0 to 0.5", self.shift))
        } else if !(2..=65_536).contains(&self.backgrounds) {
            Some(format!("has backgrounds = {}, which must be 2 to 65536", self.backgrounds))
        } else {
            None
        }
    }
}
