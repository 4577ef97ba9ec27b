//! When the learner scores the sync of the cameras: it never takes more than a tenth of the learner's time.

use std::time::{Duration, Instant};

use frame_sync::health::{CameraHealth, SyncState};
use learn::data::Correction;
use learn::health::LiveHealth;
use transport::{Moment, RigEvent, RigEventKind, SyncHealthStatus};

/// After a turn, the learner has the time for itself for so many times as long.
const OTHERS: u32 = 9;

/// A slip is put right if its shift is so near to whole frames, in frames; else the views are left out.
const NEAR: f64 = 0.3;

/// Evidence from before a slip may hide it so long, in nanoseconds.
const HIDDEN_NS: i64 = 30_000_000_000;

pub struct HealthTurns {
    health: LiveHealth,
    /// The cameras' names, in the rig's order.
    names: Vec<String>,
    /// Why it ended.
    ended: Option<String>,
    not_before: Instant,
    corrected: Vec<Correction>,
}

/// Unknown changes nothing.
fn correction(camera: &CameraHealth, before: Correction) -> Correction {
    match (camera.state, camera.shift_frames) {
        (SyncState::Unknown, _) => before,
        (SyncState::Well, _) => Correction::None,
        (SyncState::Slipped, Some(frames)) if (frames - frames.round()).abs() <= NEAR => {
            Correction::Late(frames.round() as i32)
        }
        (SyncState::Slipped, _) => Correction::LeaveOut,
    }
}

impl HealthTurns {
    pub fn new(health: LiveHealth, names: Vec<String>) -> Self {
        let corrected = vec![Correction::None; names.len()];
        Self { health, names, ended: None, not_before: Instant::now(), corrected }
    }

    pub fn push(&mut self, moment: &Moment) {
        if self.ended.is_none()
            && let Err(error) = self.health.push(moment)
        {
            self.end(&error);
        }
    }

    /// Scores a stretch if one is due, and returns what there is to tell.
    pub fn turn(&mut self) -> Vec<RigEvent> {
        let begun = Instant::now();
        if self.ended.is_some() || begun < self.not_before || !self.health.is_due() {
            return Vec::new();
        }
        let before: Vec<SyncState> = self.health.cameras().iter().map(|camera| camera.state).collect();
        match self.health.score() {
            Ok(changed) => {
                self.not_before = begun + (OTHERS + 1) * begun.elapsed().max(Duration::from_millis(1));
                changed.into_iter().filter_map(|camera| self.event(camera, before[camera])).collect()
            }
            Err(error) => {
                self.end(&error);
                Vec::new()
            }
        }
    }

    fn event(&self, camera: usize, before: SyncState) -> Option<RigEvent> {
        let CameraHealth { state, shift_frames, uncertainty_frames, .. } = self.health.cameras()[camera];
        let name = &self.names[camera];
        match state {
            SyncState::Slipped => {
                let (frames, uncertainty) = (shift_frames?, uncertainty_frames?);
                let text = format!(
                    "{name} shows what happened {frames:+.1} ± {uncertainty:.1} frames later than most other cameras' pictures \
                     of the same pulse, as sync health sees it"
                );
                Some(RigEvent { kind: RigEventKind::CameraSlipped, text })
            }
            SyncState::Well if before == SyncState::Slipped => Some(RigEvent {
                kind: RigEventKind::CameraInSync,
                text: format!("{name} shows the same instants as the other cameras again, as sync health sees it"),
            }),
            SyncState::Well | SyncState::Unknown => None,
        }
    }

    /// How the learner should correct each camera's views, if that changed.
    pub fn new_corrections(&mut self) -> Option<Vec<Correction>> {
        let cameras = self.health.cameras().iter().zip(&self.corrected);
        let corrections: Vec<Correction> = cameras.map(|(camera, before)| correction(camera, *before)).collect();
        (corrections != self.corrected).then(|| {
            self.corrected.clone_from(&corrections);
            corrections
        })
    }

    /// Until when all cameras were certainly well, if one of them is not any more. A slip hides in the evidence from
    /// before it for a while.
    pub fn known_good_ns(&self) -> Option<i64> {
        let slipped = self.health.cameras().iter().filter(|camera| camera.state == SyncState::Slipped);
        slipped.map(|camera| camera.last_well_ns.map_or(i64::MIN, |well_ns| well_ns - HIDDEN_NS)).min()
    }

    /// The learner goes on without it.
    fn end(&mut self, error: &learn::LearnError) {
        tracing::error!(%error, "sync health is no longer watched");
        self.ended = Some(format!("ended: {error}"));
    }

    pub fn status(&self) -> SyncHealthStatus {
        let status = self.health.status();
        match &self.ended {
            Some(why) => SyncHealthStatus { state: why.clone(), ..status },
            None => status,
        }
    }
}
