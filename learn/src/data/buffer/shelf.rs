//! Moments by their number in order of arrival, each held by others until none of them needs it.

use std::collections::BTreeMap;

use frame::SegmentId;
use frame_sync::pairs::InstantMeta;
use serde::{Deserialize, Serialize};
use transport::Moment;

/// Views beyond this many have no bit in [`InstantMeta::views`].
const MAX_VIEWS: usize = 32;

/// A moment, and who needs it.
pub(super) struct Held {
    /// Ascending in order of arrival, and never used again.
    pub id: u64,
    pub stretch: Stretch,
    pub moment: Moment,
    holders: u32,
}

/// A segment of a session. Segments of two sessions may have the same identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Stretch {
    pub session: u32,
    pub segment: SegmentId,
}

/// Moments of several sessions, in order of arrival.
#[derive(Default)]
pub(super) struct Shelf {
    held: Vec<Held>,
    /// `metas[i]` belongs to `held[i]`; its segment is unique among all sessions.
    metas: Vec<InstantMeta>,
    bytes: u64,
    next: u64,
    /// The number that stands for each stretch as a segment, and how many of its moments are held.
    numbers: BTreeMap<Stretch, (u32, usize)>,
    next_number: u32,
}

/// What a file says of a shelf beside its moments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ShelfState {
    pub next: u64,
    pub next_number: u32,
    pub numbers: Vec<(Stretch, u32)>,
}

impl Shelf {
    /// Puts a moment on the shelf, held once.
    pub fn put(&mut self, session: u32, moment: Moment) -> u64 {
        let id = self.next;
        self.put_as(id, session, moment);
        id
    }

    /// [`Self::put`] under an identity above all others.
    pub fn put_as(&mut self, id: u64, session: u32, moment: Moment) {
        self.next = id + 1;
        let stretch = Stretch { session, segment: moment.segment };
        let next = &mut self.next_number;
        let (number, held) = self.numbers.entry(stretch).or_insert_with(|| {
            *next += 1;
            (*next - 1, 0)
        });
        *held += 1;
        self.metas.push(meta(&moment, SegmentId::seam(*number)));
        self.bytes += bytes(&moment);
        self.held.push(Held { id, stretch, moment, holders: 1 });
    }

    /// One more needs this moment. Nothing happens if it is not there.
    pub fn hold(&mut self, id: u64) {
        if let Some(at) = self.position(id) {
            self.held[at].holders += 1;
        }
    }

    /// One fewer needs this moment; without anybody it goes.
    pub fn release(&mut self, id: u64) {
        let Some(at) = self.position(id) else { return };
        self.held[at].holders -= 1;
        if self.held[at].holders == 0 {
            let gone = self.held.remove(at);
            self.metas.remove(at);
            self.bytes -= bytes(&gone.moment);
            if let Some((_, held)) = self.numbers.get_mut(&gone.stretch) {
                *held -= 1;
                if *held == 0 {
                    self.numbers.remove(&gone.stretch);
                }
            }
        }
    }

    /// The place of a moment in order of arrival.
    pub fn position(&self, id: u64) -> Option<usize> {
        self.held.binary_search_by_key(&id, |held| held.id).ok()
    }

    pub fn held(&self) -> &[Held] {
        &self.held
    }

    pub fn metas(&self) -> &[InstantMeta] {
        &self.metas
    }

    /// Bytes of pictures and masks.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn state(&self) -> ShelfState {
        let numbers = self.numbers.iter().map(|(stretch, (number, _))| (*stretch, *number)).collect();
        ShelfState { next: self.next, next_number: self.next_number, numbers }
    }

    /// An empty shelf that goes on numbering as another did. Numbers of stretches without a moment are to be forgotten
    /// by [`Self::forget_empty`] once its moments are there.
    pub fn of_state(state: ShelfState) -> Self {
        let numbers = state.numbers.into_iter().map(|(stretch, number)| (stretch, (number, 0))).collect();
        Self { next: state.next, next_number: state.next_number, numbers, ..Self::default() }
    }

    pub fn forget_empty(&mut self, next: u64) {
        self.numbers.retain(|_, (_, held)| *held > 0);
        self.next = self.next.max(next);
    }
}

pub(super) fn bytes(moment: &Moment) -> u64 {
    let samples = moment.views.iter().flat_map(|view| &view.samples);
    samples.map(|sample| (sample.rgb.len() + sample.mask.len()) as u64).sum()
}

fn meta(moment: &Moment, segment: SegmentId) -> InstantMeta {
    let cameras = moment.views.iter().map(|view| view.camera.index());
    let views = cameras.filter(|&index| index < MAX_VIEWS).fold(0, |views, index| views | 1 << index);
    InstantMeta { segment, exposure_ns: moment.exposure.ns, views }
}
