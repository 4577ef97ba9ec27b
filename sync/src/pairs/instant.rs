//! An instant of a stream, as the sampler sees it.

use frame::SegmentId;

/// What the sampler needs to know about an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstantMeta {
    /// Its segment; no pair spans two.
    pub segment: SegmentId,
    /// Start of exposure, in ns.
    pub exposure_ns: i64,
    /// Bit `v` is set when the instant has a picture of view `v`.
    pub views: u32,
}
