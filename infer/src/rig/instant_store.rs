//! The instants of a live stream that a rig's geometry is found from.

use geometry::{Observation, Selection, evenly_spread};

use super::rig_search::{GEOMETRY_INSTANTS, STANDING_INSTANTS, without_others};

type Views = Vec<Option<Observation>>;

/// Varied instants, and evenly spread ones.
#[derive(Clone, Debug)]
pub struct InstantStore {
    sizes_px: Vec<[f64; 2]>,
    varied: Selection,
    standing: Vec<Views>,
    /// Every `stride`-th instant is kept in `standing`.
    stride: u64,
    offered: u64,
    /// Varied instants since the last search.
    new: usize,
    /// How many instants had been offered at the last search.
    offered_then: u64,
}

impl InstantStore {
    pub fn new(cameras: usize) -> Self {
        let sizes_px = vec![[0.0; 2]; cameras];
        let varied = Selection::new(&sizes_px, GEOMETRY_INSTANTS);
        Self { sizes_px, varied, standing: Vec::new(), stride: 1, offered: 0, new: 0, offered_then: 0 }
    }

    /// Width and height of each camera's pictures; zero if unknown.
    pub fn sizes_px(&self) -> &[[f64; 2]] {
        &self.sizes_px
    }

    /// Sets the size of a camera's pictures. Its views with another size are dropped.
    pub fn set_size(&mut self, camera: usize, size_px: [f64; 2]) {
        if self.sizes_px[camera] != size_px {
            let was_known = self.sizes_px[camera][0] > 0.0;
            self.sizes_px[camera] = size_px;
            if was_known { self.forget_camera(camera) } else { self.rebuild(self.varied.instants()) }
        }
    }

    /// Offers an instant. It is dropped unless two cameras see somebody.
    pub fn offer(&mut self, views: &Views) {
        if views.iter().flatten().count() < 2 {
            return;
        }
        if self.offered.is_multiple_of(self.stride) {
            if self.standing.len() == STANDING_INSTANTS {
                let mut at = 0;
                self.standing.retain(|_| {
                    at += 1;
                    at % 2 == 1
                });
                self.stride *= 2;
            }
            self.standing.push(views.clone());
        }
        self.new += usize::from(self.varied.offer(self.offered, views));
        self.offered += 1;
    }

    /// How many varied instants are kept.
    pub fn len(&self) -> usize {
        self.varied.len()
    }

    /// How many of them are new since [`Self::mark_searched`].
    pub fn new_instants(&self) -> usize {
        self.new
    }

    /// Whether the number of instants has doubled since then. Even if few are varied, more of them average out errors,
    /// and somebody may have stood upright.
    pub fn has_doubled(&self) -> bool {
        self.offered >= 2 * self.offered_then
    }

    /// Marks all instants as searched.
    pub fn mark_searched(&mut self) {
        (self.new, self.offered_then) = (0, self.offered);
    }

    /// The varied instants, and others if these are few.
    pub fn instants(&self) -> Vec<Views> {
        let mut instants = self.varied.instants();
        let wanted = GEOMETRY_INSTANTS.saturating_sub(instants.len());
        instants.extend(evenly_spread(self.standing.len(), wanted).map(|at| self.standing[at].clone()));
        instants
    }

    /// Evenly spread instants in order.
    pub fn standing(&self) -> &[Views] {
        &self.standing
    }

    /// Drops the views of a camera that was moved.
    pub fn forget_camera(&mut self, camera: usize) {
        self.forget_views(|mut views| {
            views[camera] = None;
            views
        });
    }

    /// Drops the views that show more than one person.
    pub fn forget_others(&mut self) {
        self.forget_views(without_others);
    }

    /// Keeps what `without` leaves of each instant, where two cameras still see somebody.
    fn forget_views(&mut self, without: impl Fn(Views) -> Views) {
        self.standing = std::mem::take(&mut self.standing).into_iter().map(&without).collect();
        self.standing.retain(|views| views.iter().flatten().count() >= 2);
        self.rebuild(self.varied.instants().into_iter().map(&without).collect());
    }

    /// Drops all instants.
    pub fn forget(&mut self) {
        let sizes_px = std::mem::take(&mut self.sizes_px);
        let varied = Selection::new(&sizes_px, GEOMETRY_INSTANTS);
        *self = Self { sizes_px, varied, ..Self::new(0) };
    }

    fn rebuild(&mut self, instants: Vec<Views>) {
        self.varied = Selection::new(&self.sizes_px, GEOMETRY_INSTANTS);
        for (name, views) in instants.iter().enumerate() {
            self.varied.offer(name as u64, views);
        }
    }
}
