//! Takes what is seen, and places bodies in it.

use geometry::GeometryError;

use super::Keeper;
use crate::rig::body_placing::Placed;
use crate::rig::velocity_window::SeenInstant;

/// How many instants with velocities are kept for offsets in time.
const MOVING_INSTANTS: usize = 30;

impl Keeper {
    /// Takes what was seen at an instant, and returns the body in it, if the geometry is known and enough views agree.
    ///
    /// # Errors
    /// As [`Placing::body`](crate::rig::Placing::body).
    pub fn see(&mut self, seen: SeenInstant) -> Result<Option<Placed>, GeometryError> {
        self.now_ns = seen.exposure_ns;
        let body = self.place(&seen)?;
        if seen.views.iter().flatten().next().is_some() {
            self.seen += 1;
            self.first_seen_ns.get_or_insert(self.now_ns);
        }
        if let Some(complete) = self.velocities.push(seen) {
            self.store.offer(&complete.views);
            self.lens_instants.offer(self.now_ns, &complete.views);
            if complete.views.iter().flatten().any(|view| view.velocity_px.is_some()) {
                if self.moving_instants.len() == MOVING_INSTANTS {
                    self.moving_instants.remove(0);
                }
                self.moving_instants.push(complete.views);
            }
        }
        self.work();
        Ok(body)
    }

    fn place(&mut self, seen: &SeenInstant) -> Result<Option<Placed>, GeometryError> {
        let Some(known) = &self.known else { return Ok(None) };
        let body = known.placing.body(&seen.views)?;
        let placed_views = (0..self.names.len()).filter(|&c| known.placing.is_placed(c) && seen.views[c].is_some());
        let views = placed_views.count();
        let Some(placed) = body.filter(|body| self.person.is_same(seen.segment, seen.exposure_ns, body)) else {
            self.withheld += u64::from(views >= 1);
            if views >= 2 {
                self.agreements.push_back((self.now_ns, false));
            }
            return Ok(None);
        };
        self.bodies += 1;
        // A body of a single view does not test the geometry.
        if placed.is_alone() {
            return Ok(Some(placed));
        }
        self.agreements.push_back((self.now_ns, true));
        self.last_body = Some(placed.points_mm);
        self.watch_cameras(seen, &placed);
        Ok(Some(placed))
    }
}
