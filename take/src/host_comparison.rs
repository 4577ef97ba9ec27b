//! Compares the takes of two hosts that captured one rig: their clocks, and the pictures of common triggers.

use std::collections::{BTreeMap, BTreeSet};

use frame::{CameraId, FrameInfo, SegmentId};
use serde::Serialize;

use crate::{ClockRelation, TakeError, TakeReader};

/// How well the takes of two hosts that captured one rig together agree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HostComparison {
    /// The longest common session, as in [`ClockRelation::session`].
    pub session: String,
    /// The names of the hosts.
    pub hosts: [String; 2],
    /// To be added to times of the second take to get times of the first: the median over the session, ns.
    pub offset_ns: i64,
    /// The uncertainty of such an offset: the median over the session, ns.
    pub uncertainty_ns: u32,
    /// Triggers of which both takes have a picture.
    pub common_triggers: u64,
    /// Triggers of which only the one or the other take has a picture, from the first to the last common one.
    pub only_in: [u64; 2],
    /// The largest difference between exposures of one trigger on the common clock, ns.
    pub farthest_ns: u64,
}

type Trigger = (SegmentId, u64);

/// Compares two takes of one session.
///
/// # Errors
/// [`TakeError::NoCommonSession`] if the hosts did not capture together.
pub fn compare_hosts(one: &TakeReader, other: &TakeReader) -> Result<HostComparison, TakeError> {
    let unrelated = || TakeError::NoCommonSession { one: one.directory().into(), other: other.directory().into() };
    // There are several if the first host was restarted in between; the longest counts.
    let sessions: BTreeSet<_> = one.relations().iter().map(|relation| &relation.session).collect();
    let length = |session: &String| other.relations().iter().filter(|relation| relation.session == *session).count();
    let session = sessions.into_iter().max_by_key(|session| length(session)).filter(|session| length(session) > 0);
    let session = session.ok_or_else(unrelated)?;
    let (a, b) = (SessionPart::new(one, session), SessionPart::new(other, session));
    let (ours, theirs) = (a.exposures(), b.exposures());
    let common: Vec<_> = ours.keys().filter(|trigger| theirs.contains_key(trigger)).copied().collect();
    let span = common.first().copied().zip(common.last().copied());
    let only = |these: &BTreeMap<Trigger, Vec<i64>>| {
        span.map_or(0, |(first, last)| these.range(first..=last).count() as u64 - common.len() as u64)
    };
    let farthest = common.iter().map(|trigger| spread(&ours[trigger], &theirs[trigger])).max();
    Ok(HostComparison {
        session: session.clone(),
        hosts: [one, other].map(|take| take.info().host.clone()),
        offset_ns: b.median(|relation| relation.offset_ns) - a.median(|relation| relation.offset_ns),
        uncertainty_ns: a.median(|relation| relation.uncertainty_ns).saturating_add(b.median(|r| r.uncertainty_ns)),
        common_triggers: common.len() as u64,
        only_in: [only(&ours), only(&theirs)],
        farthest_ns: farthest.unwrap_or(0),
    })
}

/// The difference between the earliest and the latest of all times.
fn spread(these: &[i64], those: &[i64]) -> u64 {
    let all = these.iter().chain(those);
    all.clone().max().zip(all.min()).map_or(0, |(last, first)| last.abs_diff(*first))
}

/// The part of a take that belongs to one session.
struct SessionPart<'a> {
    take: &'a TakeReader,
    relations: Vec<&'a ClockRelation>,
    /// When the host joined another session.
    until_ns: i64,
}

impl<'a> SessionPart<'a> {
    fn new(take: &'a TakeReader, session: &str) -> Self {
        let all = take.relations();
        let relations: Vec<_> = all.iter().filter(|relation| relation.session == *session).collect();
        let last_ns = relations.last().map_or(i64::MIN, |relation| relation.at_ns);
        let until_ns = all.iter().find(|r| r.session != *session && r.at_ns > last_ns).map_or(i64::MAX, |r| r.at_ns);
        Self { take, relations, until_ns }
    }

    fn median<T: Ord + Copy>(&self, of: impl Fn(&ClockRelation) -> T) -> T {
        let mut values: Vec<_> = self.relations.iter().map(|relation| of(relation)).collect();
        values.sort_unstable();
        values[values.len() / 2]
    }

    /// By trigger, the starts of exposure of all cameras on the common clock.
    fn exposures(&self) -> BTreeMap<Trigger, Vec<i64>> {
        let first_ns = self.relations.first().map_or(i64::MAX, |relation| relation.at_ns);
        let mut exposures = BTreeMap::<Trigger, Vec<i64>>::new();
        for camera in (0..self.take.cameras().len()).map(|index| CameraId(index as u16)) {
            let infos = (0..self.take.len(camera)).filter_map(|index| self.take.frame_info(camera, index));
            let in_session = |info: &&FrameInfo| (first_ns..self.until_ns).contains(&info.arrival_ns);
            for info in infos.filter(in_session) {
                if let Some(pulse) = info.trigger.pulse() {
                    exposures.entry((info.segment, pulse)).or_default().push(self.shared_ns(info.exposure.ns));
                }
            }
        }
        exposures
    }

    /// A time of this take on the common clock, interpolated between relations.
    fn shared_ns(&self, ns: i64) -> i64 {
        let after = self.relations.partition_point(|relation| relation.at_ns <= ns);
        let (Some(last), Some(next)) = (after.checked_sub(1).map(|i| self.relations[i]), self.relations.get(after))
        else {
            let nearest = self.relations[after.min(self.relations.len() - 1)];
            return ns + nearest.offset_ns;
        };
        let share = (ns - last.at_ns) as f64 / (next.at_ns - last.at_ns) as f64;
        ns + last.offset_ns + (share * (next.offset_ns - last.offset_ns) as f64).round() as i64
    }
}
