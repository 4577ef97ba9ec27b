//! The accounts of loss: what entered each edge, what left it, and why the rest did not.

use std::collections::BTreeMap;
use std::fmt;

use crate::sync::{Arc, AtomicU64, Ordering};

/// Why a frame did not go further. Every loss has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(usize)]
pub enum LossReason {
    /// All buffers of the camera's pool were in use.
    PoolEmpty,
    /// The ring to the router was full.
    RingFull,
    /// The camera or its link reported missing units.
    MissingAtSource,
    /// The host was too late to request it from the camera.
    NotAsked,
    /// The camera ignored a pulse without reporting it.
    MissedPulse,
    /// The camera delivered an incomplete unit.
    Incomplete,
    /// The recorder held its whole quota: the disk was too slow.
    RecorderQuota,
    /// The disk was full, or writing failed.
    DiskFull,
    /// The byte budget of the recording was used up.
    Budget,
    /// A newer frame took its place where only the newest counts.
    Superseded,
    /// It arrived after its frame set was closed.
    Late,
    /// A second frame of one camera for the same pulse.
    Duplicate,
    /// No trigger could be assigned.
    Unresolved,
    /// The picture could not be decoded.
    Undecodable,
    /// There was no background model yet, or no subject in the picture.
    NoSubject,
    /// The camera did not see the room whose background was learned: it was moved, or the light changed, and so on.
    UnsteadyScene,
    /// It was lost on the network between two hosts.
    Link,
    /// The session was ending.
    Shutdown,
}

impl LossReason {
    /// All reasons, in the order of their declaration.
    pub const ALL: [Self; 18] = [
        Self::PoolEmpty,
        Self::RingFull,
        Self::MissingAtSource,
        Self::NotAsked,
        Self::MissedPulse,
        Self::Incomplete,
        Self::RecorderQuota,
        Self::DiskFull,
        Self::Budget,
        Self::Superseded,
        Self::Late,
        Self::Duplicate,
        Self::Unresolved,
        Self::Undecodable,
        Self::NoSubject,
        Self::UnsteadyScene,
        Self::Link,
        Self::Shutdown,
    ];

    /// The name in reports and takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::PoolEmpty => "pool-empty",
            Self::RingFull => "ring-full",
            Self::MissingAtSource => "missing-at-source",
            Self::NotAsked => "not-asked",
            Self::MissedPulse => "missed-pulse",
            Self::Incomplete => "incomplete",
            Self::RecorderQuota => "recorder-quota",
            Self::DiskFull => "disk-full",
            Self::Budget => "budget",
            Self::Superseded => "superseded",
            Self::Late => "late",
            Self::Duplicate => "duplicate",
            Self::Unresolved => "unresolved",
            Self::Undecodable => "undecodable",
            Self::NoSubject => "no-subject",
            Self::UnsteadyScene => "unsteady-scene",
            Self::Link => "link",
            Self::Shutdown => "shutdown",
        }
    }
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The account of one edge on a camera's path: `entered = left + lost + in flight`. Shared by the threads at both
/// ends; counting never blocks.
///
/// ```
/// use frame::{EdgeAccount, LossReason};
///
/// let edge = EdgeAccount::default();
/// edge.enter_many(3);
/// edge.leave();
/// edge.lose(LossReason::RingFull);
/// assert_eq!(edge.counts().in_flight(), 1);
/// ```
#[derive(Clone, Default)]
pub struct EdgeAccount {
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Counters {
    entered: AtomicU64,
    left: AtomicU64,
    lost: [AtomicU64; LossReason::ALL.len()],
}

impl EdgeAccount {
    /// Counts a frame that came in.
    pub fn enter(&self) {
        self.enter_many(1);
    }

    /// Counts frames that came in.
    pub fn enter_many(&self, frames: u64) {
        self.counters.entered.fetch_add(frames, Ordering::Release);
    }

    /// Counts a frame that got through.
    pub fn leave(&self) {
        self.counters.left.fetch_add(1, Ordering::Release);
    }

    /// Counts a frame that was lost.
    pub fn lose(&self, reason: LossReason) {
        self.lose_many(reason, 1);
    }

    /// Counts frames that were lost for the same reason.
    pub fn lose_many(&self, reason: LossReason, frames: u64) {
        self.counters.lost[reason as usize].fetch_add(frames, Ordering::Release);
    }

    /// The counters as they are now.
    pub fn counts(&self) -> EdgeCounts {
        // Outflow before inflow: a reading taken while frames move never shows more out than in.
        let left = self.counters.left.load(Ordering::Acquire);
        let lost = LossReason::ALL
            .into_iter()
            .map(|reason| (reason, self.counters.lost[reason as usize].load(Ordering::Acquire)))
            .filter(|&(_, frames)| frames > 0)
            .collect();
        EdgeCounts { entered: self.counters.entered.load(Ordering::Acquire), left, lost }
    }
}

/// One reading of an [`EdgeAccount`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EdgeCounts {
    /// Frames that came in.
    pub entered: u64,
    /// Frames that got through.
    pub left: u64,
    /// Frames lost, by reason; reasons that did not occur are absent.
    pub lost: BTreeMap<LossReason, u64>,
}

impl EdgeCounts {
    /// Frames lost for any reason.
    pub fn lost_total(&self) -> u64 {
        self.lost.values().sum()
    }

    /// Frames neither through nor lost; zero after an orderly end.
    pub fn in_flight(&self) -> i64 {
        self.entered as i64 - self.left as i64 - self.lost_total() as i64
    }
}

/// The accounts of one camera. Up to the router a frame has one fate; after it each consumer keeps its own account.
#[derive(Clone, Default)]
pub struct LossLedger {
    /// From the driver to the router.
    pub capture: EdgeAccount,
    /// From the router to the disk.
    pub recorder: EdgeAccount,
    /// From the router through the crop to a closed frame set.
    pub subject: EdgeAccount,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_holds() {
        let edge = EdgeAccount::default();
        edge.enter_many(5);
        edge.leave();
        edge.lose(LossReason::RingFull);
        edge.lose_many(LossReason::PoolEmpty, 2);
        let counts = edge.counts();
        assert_eq!((counts.lost_total(), counts.in_flight()), (3, 1));
    }

    #[test]
    fn reasons_index_their_counters() {
        for (i, reason) in LossReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, i);
        }
    }
}
