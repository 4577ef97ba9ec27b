//! From a session that is prepared to one that runs.

use frame::{LossLedger, Problem, monotonic_now_ns};
use take::{TakeError, TakeInfo};

use crate::error::SessionError;
use crate::hosts::HostLink;
use crate::plan::{Prepared, RecordingBegins, RecordingPlan};
use crate::recorder::{self, Recorder, TapSwitch};
use crate::session::{Parts, Session};
use crate::sets::assembler::Sinks;
use crate::source::Playback;

/// Time from opening the cameras to the first trigger: all must be armed by then.
const LEAD_NS: i64 = 1_500_000_000;
/// The epoch of a trial's segments, which no session uses.
const TRIAL_EPOCH: u32 = u32::MAX;

impl Prepared {
    /// Starts the cameras; sets go to `sinks`.
    ///
    /// # Errors
    /// The take cannot be made, a camera's description is wrong, a thread does not start.
    pub fn start(self, sinks: Sinks) -> Result<Session, SessionError> {
        let epoch = self.link.epoch();
        self.start_in(epoch, sinks)
    }

    /// Starts the cameras for a trial with another playback. It is not recorded, and shares no segments with the
    /// session that follows.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_trial(mut self, playback: Playback, sinks: Sinks) -> Result<Session, SessionError> {
        self.trial = Some(playback);
        self.start_in(Some(TRIAL_EPOCH), sinks)
    }

    fn start_in(self, epoch: Option<u32>, sinks: Sinks) -> Result<Session, SessionError> {
        let ledgers: Vec<_> = self.names.iter().map(|_| LossLedger::default()).collect();
        let playback = self.trial.unwrap_or(self.playback);
        let (mut cameras, mut pulses) =
            self.rig.cameras(playback, monotonic_now_ns() + LEAD_NS).map_err(Problem::from)?;
        if let HostLink::Peer(peer) = &self.link {
            pulses = peer.take_pulses(&mut cameras);
        }
        let (tap, switch) = recorder::tap(&ledgers[..self.local_cameras()], self.rig.recorder_buffers());
        // Faults of a camera show before a take is created.
        let at_once = self.takes_plan().filter(|plan| plan.begins == RecordingBegins::WithSession);
        let recorder = at_once.map(|plan| self.record(plan, &ledgers, &switch)).transpose();
        let recorder = recorder.map_err(SessionError::NotRecorded)?;
        self.pictures.begin(self.rate_hz());
        Session::start(self, Parts { cameras, pulses, epoch, ledgers, recorder, tap, switch, sinks })
    }

    /// How takes are recorded; `None` where nothing may be, as in a trial.
    pub(crate) fn takes_plan(&self) -> Option<&RecordingPlan> {
        self.recording.as_ref().filter(|_| self.trial.is_none())
    }

    /// Begins a take of this host's cameras.
    pub(crate) fn record(
        &self,
        plan: &RecordingPlan,
        ledgers: &[LossLedger],
        tap: &TapSwitch,
    ) -> Result<Recorder, TakeError> {
        let ledgers = &ledgers[..self.local_cameras()];
        let rig = self.rig.rig();
        let info = TakeInfo {
            name: plan.name.clone(),
            rig_toml: plan.rig_toml.clone().unwrap_or_else(|| rig.to_toml()),
            cameras: self.names[..ledgers.len()].to_vec(),
            host: self.link.name().to_owned(),
            trigger_rate_hz: self.rate_hz(),
            source_rate_hz: self.rig.is_replayed().then_some(rig.trigger.rate_hz),
        };
        let buffers = self.rig.recorder_buffers();
        let recorder = Recorder::start(&plan.folder, &info, ledgers, buffers, plan.budget_bytes, tap.clone())?;
        let budget_gb = plan.budget_bytes as f64 / 1e9;
        tracing::info!("recording into {}, at most {budget_gb} GB", recorder.directory().display());
        Ok(recorder)
    }
}
