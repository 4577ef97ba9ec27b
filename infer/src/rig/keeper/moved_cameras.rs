//! Notices cameras that were moved, and geometries that do not fit any more.

use transport::RigEventKind;

use super::Keeper;
use crate::rig::body_placing::Placed;
use crate::rig::camera_watch::CameraWatch;
use crate::rig::velocity_window::SeenInstant;

/// If a second camera seems to be moved within this time, the geometry is wrong instead, in nanoseconds.
const MOVED_TOGETHER_NS: i64 = 20_000_000_000;

/// A camera that misses the bodies for longer without having been moved was placed inaccurately, in nanoseconds.
const MISSES_NS: i64 = 10_000_000_000;

/// A geometry is doubted if few of the instants with people in this time have a body, in nanoseconds.
const DOUBT_NS: i64 = 4_000_000_000;

/// The fewest instants for such a doubt.
const DOUBT_INSTANTS: usize = 12;

/// The share of instants without a body beyond which the geometry is doubted.
const DOUBT_SHARE: f64 = 0.6;

impl Keeper {
    /// Records how far each camera misses a body, and whether one of them was moved.
    pub(super) fn watch_cameras(&mut self, seen: &SeenInstant, placed: &Placed) {
        let Some(known) = &self.known else { return };
        let mut moved: Option<(usize, f64, f64)> = None;
        for (camera, watch) in self.watches.iter_mut().enumerate() {
            match (placed.misses_px[camera], &seen.views[camera]) {
                (Some(miss_px), _) => {
                    let limit_px = known.placing.limit_px(camera);
                    let same_shape = placed.shapes_px[camera].is_some_and(|shape_px| shape_px <= limit_px);
                    watch.missed(self.now_ns, miss_px, same_shape);
                    let placed_px = known.geometry.cameras.get(&self.names[camera]).map_or(0.0, |of| of.residual_px);
                    // Only the worst, since one moved camera pulls the bodies away from the others, too.
                    let by_limit = |miss_px: f64| miss_px / known.placing.limit_px(camera);
                    let misses =
                        watch.has_moved(placed_px, limit_px).map(|miss_px| (camera, miss_px, by_limit(miss_px)));
                    moved = misses.into_iter().chain(moved).max_by(|a, b| a.2.total_cmp(&b.2));
                }
                // Where others are in view, it may be one of them.
                (None, Some(view)) if !known.placing.is_placed(camera) && !view.others => {
                    watch.saw(self.now_ns, &placed.points_mm, view);
                }
                _ => {}
            }
        }
        // Two cameras do not show which of them was moved, nor do three that all disagree.
        let agrees = |&other: &usize| {
            let watch = &self.watches[other];
            watch.residual_px().is_some() && watch.agrees(known.placing.limit_px(other))
        };
        let moved = moved.filter(|(camera, ..)| {
            let others = (0..self.names.len()).filter(|other| other != camera && known.placing.is_placed(*other));
            others.filter(agrees).count() >= 2
        });
        if let Some((camera, miss_px, _)) = moved {
            self.moved.push(camera);
            self.camera_moved(camera, &format!("it misses the bodies by {miss_px:.0} px"));
            if self.moved_ns.replace(self.now_ns).is_some_and(|before_ns| self.now_ns - before_ns < MOVED_TOGETHER_NS) {
                self.doubt("two cameras seem to have moved, so they were probably placed wrongly");
            }
        }
    }

    /// Goes on without a camera that was moved, which is then found anew.
    pub(super) fn camera_moved(&mut self, camera: usize, why: &str) {
        let name = self.names[camera].clone();
        self.store.forget_camera(camera);
        self.moving_instants.clear();
        self.lens_instants.forget();
        self.watches.iter_mut().for_each(CameraWatch::forget_misses);
        self.watches[camera].lost(self.now_ns);
        let Some(known) = self.known.as_mut().filter(|known| known.placing.is_placed(camera)) else { return };
        known.placing.leave_out(camera);
        let left = (0..self.names.len()).filter(|&other| known.placing.is_placed(other)).count();
        self.report(RigEventKind::CameraMoved, format!("{name} was moved: {why}"));
        if left < 2 {
            self.doubt("fewer than two cameras remain in their places");
        } else {
            self.watches[camera].problem = Some(format!("moved: {why}; it is found anew while somebody moves in view"));
        }
    }

    pub(super) fn doubt(&mut self, why: &str) {
        if self.frozen {
            self.report(
                RigEventKind::GeometryDoubted,
                format!("the geometry does not fit any more, but is frozen: {why}"),
            );
        } else if !self.doubted {
            self.doubted = true;
            self.forget_instants();
            self.agreements.clear();
            self.searched_ns = self.now_ns;
            self.report(
                RigEventKind::GeometryDoubted,
                format!("the geometry does not fit any more and is found anew: {why}"),
            );
        }
    }

    /// Doubts the geometry if people were seen recently and hardly any body was found.
    pub(super) fn look_for_doubt(&mut self) {
        while self.agreements.front().is_some_and(|(at_ns, _)| self.now_ns - at_ns > DOUBT_NS) {
            self.agreements.pop_front();
        }
        self.look_for_misses();
        let long = self.agreements.front().is_some_and(|(first_ns, _)| self.now_ns - first_ns > DOUBT_NS * 3 / 4);
        if long && self.agreements.len() >= DOUBT_INSTANTS && self.withheld_share() > DOUBT_SHARE && !self.frozen {
            self.doubt("people are seen, but hardly any body is found");
        }
    }

    /// The share of the last instants with people that have no body.
    fn withheld_share(&self) -> f64 {
        self.agreements.iter().filter(|(_, agreed)| !agreed).count() as f64 / self.agreements.len().max(1) as f64
    }

    /// Whether the geometry fits what was seen recently. While it does not, a camera may have moved, and instants from
    /// before and after cannot be used together.
    pub(super) fn fits_now(&self) -> bool {
        let misses = self.misses_since_ns.is_some_and(|since_ns| self.now_ns - since_ns < MISSES_NS);
        self.known.is_none() || self.withheld_share() < 0.5 * DOUBT_SHARE && !misses
    }

    fn look_for_misses(&mut self) {
        let Some(known) = &self.known else { return };
        let fits = |(camera, watch): (usize, &CameraWatch)| watch.agrees(known.placing.limit_px(camera));
        if self.watches.iter().enumerate().all(fits) {
            self.misses_since_ns = None;
        } else {
            self.misses_since_ns.get_or_insert(self.now_ns);
        }
    }
}
