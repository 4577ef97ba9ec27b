//! What a stream of bodies reports about itself.

use std::time::Instant;

use transport::{CommandSource, FinderSetSource, Hint, HintSink, InferStatus, ModelOrigin, PoseSink};

use super::LiveBodies;
use crate::own_network::OwnNetwork;

/// An unchanged geometry is sent again with every tenth report, since messages may be lost.
const SEND_GEOMETRY_EVERY: u32 = 10;

impl<S: FinderSetSource, P: PoseSink, H: HintSink, C: CommandSource> LiveBodies<S, P, H, C> {
    pub(super) fn report(&mut self, now: Instant) {
        self.reported = Some(now);
        self.reports = self.reports.wrapping_add(1);
        self.refresh_own_network();
        for event in self.keeper.take_events() {
            self.hint(&Hint::RigEvent(event));
        }
        let again = self.reports.is_multiple_of(SEND_GEOMETRY_EVERY);
        let changed = self.keeper.take_changed().or_else(|| self.keeper.geometry().filter(|_| again).cloned());
        if let Some(geometry) = changed {
            self.hint(&Hint::Geometry(Box::new(geometry)));
        }
        let (fps, percentiles) = (self.recent.per_s(now), self.recent.percentiles(now));
        let status = self.status(fps, percentiles.map(|of| of.p50), percentiles.map(|of| of.p99));
        self.hint(&Hint::Infer(status));
    }

    /// The last report is about the whole run.
    pub(super) fn report_end(&mut self) {
        let (fps, percentiles) = self.recent.whole();
        let status = self.status(fps, percentiles.map(|of| of.p50), percentiles.map(|of| of.p99));
        self.hint(&Hint::Infer(status));
    }

    fn status(&self, fps: f64, latency_ms_p50: Option<f64>, latency_ms_p99: Option<f64>) -> InferStatus {
        let rig = self.keeper.status();
        let own_network = self.own.as_ref().map(OwnNetwork::status);
        let own = self.own.as_ref().filter(|own| own.serves());
        let network = own.map_or_else(|| self.finder_name.clone(), |own| own.name());
        InferStatus {
            state: format!("joints by {network}: {}", self.not_known.as_ref().unwrap_or(&rig.state)),
            model_version: Some(network),
            model_origin: own.map(|_| ModelOrigin::Own),
            precision: "f32".into(),
            poses: self.answered,
            moments_received: self.received,
            moments_superseded: self.superseded,
            fps,
            latency_ms_p50,
            latency_ms_p99,
            rig: Some(rig),
            own_network,
            no_finder: None,
        }
    }
}
