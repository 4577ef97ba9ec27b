//! What the rig's own network adds to a stream of bodies: labels, its judgement, and its service.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use body::{frame_label, joints, views_to_label};
use joints::FinderError;
use transport::{
    BodyLabel, BodyLabels, CommandSource, FinderSet, FinderSetSource, Hint, HintSink, ModelOrigin, PoseSink,
    RigEventKind, TransportError,
};

use super::LiveBodies;
use crate::InferError;
use crate::live_poses::is_due;
use crate::not_known;
use crate::own_network::{Look, OwnNetwork, Views};
use crate::pace::Pace;
use crate::rig::Placed;

/// How often the finder looks while the own network serves.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The longest wait for a moment while the finder's pictures may come, too.
const WAIT: Duration = Duration::from_millis(20);

impl<S: FinderSetSource, P: PoseSink, H: HintSink, C: CommandSource> LiveBodies<S, P, H, C> {
    pub(super) fn own_network_serves(&self) -> bool {
        self.own.as_ref().is_some_and(|own| own.serves())
    }

    /// Sends labels of the views that agree with a body.
    pub(super) fn send_labels(&mut self, set: &FinderSet, placed: &Placed) {
        let Some((geometry, _)) = self.keeper.known().filter(|_| self.own.is_some()) else { return };
        let names = self.keeper.names();
        let joints = joints(&placed.points_mm);
        let label = |camera: usize| {
            let label = frame_label(geometry.cameras.get(&names[camera])?, &joints, 0)?;
            let (joints_mm, joints_px) = (label.joints_mm.to_vec(), label.joints_px.to_vec());
            Some(BodyLabel { camera: camera as u16, joints_mm, joints_px })
        };
        let views = views_to_label(geometry, names, &placed.misses_px).into_iter().filter_map(label).collect();
        let labels = BodyLabels {
            set_index: set.set.0,
            exposure_ns: set.exposure.ns,
            geometry_id: geometry.id.clone(),
            bones_mm: geometry.bone_lengths_mm.iter().sum(),
            finder: self.finder_name.clone(),
            views,
        };
        if !labels.views.is_empty() {
            self.hint(&Hint::Labels(Box::new(labels)));
        }
    }

    /// Keeps what the finder saw at a held-back instant.
    pub(super) fn hold_back(&mut self, set: &FinderSet, by_finder: &Views) {
        let (Some(own), Some((_, placing))) = (&mut self.own, self.keeper.known()) else { return };
        take_moments(own);
        let sizes_px = self.keeper.sizes_px();
        own.hold_back(Look { set, by_finder, points: &self.points, placing, sizes_px });
    }

    /// Judges one held-back instant, after which the own network, or a newer one, may serve.
    pub(super) fn judge(&mut self) {
        let searches = self.keeper.is_searching();
        let (Some(own), Some((geometry, placing))) = (&mut self.own, self.keeper.known()) else { return };
        own.others_compute(searches);
        match own.judge_next(&geometry.id, placing, self.keeper.sizes_px()) {
            Ok(None) => {}
            Ok(Some(why)) => {
                let name = own.name();
                self.switched(RigEventKind::OwnNetworkServes, format!("{name} serves from now on: {why}"));
            }
            Err(error) => self.own_failed(&error),
        }
    }

    /// Loads the own network if its file changed.
    pub(super) fn refresh_own_network(&mut self) {
        if let Some(why) = self.own.as_mut().and_then(|own| own.refresh()) {
            self.keeper.tell(RigEventKind::OwnNetworkRefused, why);
        }
    }

    /// Answers the newest moment, and lets the finder look once a second.
    pub(super) fn own_turn(&mut self, wait: Duration) -> Result<ControlFlow<()>, InferError> {
        let now = Instant::now();
        if is_due(self.looked, LOOK_EVERY, now)
            && let Some(requests) = &mut self.requests
        {
            self.looked = Some(now);
            let wanted = requests.request_one(now);
            self.hint(&Hint::WantedPictures(wanted));
        }
        match self.links.pictures.receive(Duration::ZERO) {
            Ok(Some(set)) => self.look(&set)?,
            Ok(None) => {}
            Err(TransportError::Closed) => return Ok(ControlFlow::Break(())),
            Err(error) => tracing::error!(%error, "pictures cannot be decoded"),
        }
        let Some(own) = self.own.as_mut().filter(|own| own.serves()) else { return Ok(ControlFlow::Continue(())) };
        match own.take_moments(wait.min(WAIT)) {
            Ok(0) => {}
            Ok(taken) => {
                self.received += taken as u64;
                self.superseded += taken as u64 - 1;
                let begun = Pace::begin();
                self.answer_by_own();
                self.judge();
                self.pace.end(begun);
            }
            Err(TransportError::Closed) => return Ok(ControlFlow::Break(())),
            Err(error) => tracing::error!(%error, "moments cannot be decoded"),
        }
        Ok(ControlFlow::Continue(()))
    }

    fn answer_by_own(&mut self) {
        let Some(own) = &mut self.own else { return };
        let Some(crops) = own.newest() else { return };
        if self.says_not_known(&crops) {
            return;
        }
        let Some(own) = &mut self.own else { return };
        if self.segment.replace(crops.segment) != Some(crops.segment) {
            self.filter.restart();
            self.finder.forget();
        }
        let observations = match own.find(&crops, self.keeper.sizes_px()) {
            Ok(observations) => observations,
            Err(error) => return self.own_failed(&error),
        };
        if observations.iter().flatten().next().is_none() {
            return;
        }
        let (name, max_residual) = (own.name(), own.max_residual());
        let Some((_, placing)) = self.keeper.known() else {
            own.close();
            let text = "the finder serves again: the geometry is being found anew";
            self.switched(RigEventKind::FinderServes, text.into());
            return;
        };
        let placed = placing.clone().allowing(max_residual).body(&observations).unwrap_or_else(|error| {
            tracing::error!(%error, "no body can be found in what the own network saw");
            None
        });
        self.stream(&crops, &observations, placed.as_ref(), name, Some(ModelOrigin::Own));
    }

    /// The finder looks, for the geometry, for labels, and to compare.
    fn look(&mut self, set: &FinderSet) -> Result<(), InferError> {
        if let Some(requests) = &mut self.requests {
            requests.rest();
        }
        if not_known::why(set, self.keeper.names()).is_some() {
            return Ok(());
        }
        let begun = Pace::begin();
        let by_finder = self.see(set)?.map_or_else(|| vec![None; self.keeper.cameras()], |(views, _)| views);
        let decided = match (&mut self.own, self.keeper.known()) {
            (Some(own), Some((_, placing))) => {
                // Those before the newest are not answered any more.
                let taken = take_moments(own) as u64;
                self.received += taken;
                self.superseded += taken.saturating_sub(1);
                let (by_finder, sizes_px) = (&by_finder, self.keeper.sizes_px());
                own.look(Look { set, by_finder, points: &self.points, placing, sizes_px })
            }
            _ => Ok(None),
        };
        self.pace.end(begun);
        match decided {
            Ok(None) => {}
            Ok(Some(why)) => {
                self.switched(RigEventKind::FinderServes, format!("the finder serves again: of the own network {why}"));
            }
            Err(error) => self.own_failed(&error),
        }
        Ok(())
    }

    /// The own network cannot compute; the finder goes on without it until the next one is written.
    fn own_failed(&mut self, error: &FinderError) {
        let served = self.own_network_serves();
        if let Some(own) = &mut self.own {
            own.drop_network();
        }
        let text = format!("the rig's own network cannot compute: {error}");
        if served {
            self.switched(RigEventKind::FinderServes, format!("the finder serves again: {text}"));
        } else {
            self.keeper.tell(RigEventKind::OwnNetworkRefused, text);
        }
    }

    fn switched(&mut self, kind: RigEventKind, text: String) {
        tracing::info!("{text}");
        // Both differ, and the difference must not be smoothed into a movement.
        self.filter.restart();
        self.looked = None;
        if let Some(requests) = &mut self.requests {
            requests.rest();
        }
        self.keeper.tell(kind, text);
    }
}

/// Takes the moments that came; that of a set comes after its pictures.
fn take_moments(own: &mut OwnNetwork) -> usize {
    match own.take_moments(Duration::ZERO) {
        Ok(taken) => taken,
        Err(TransportError::Closed) => 0,
        Err(error) => {
            tracing::error!(%error, "moments cannot be decoded");
            0
        }
    }
}
