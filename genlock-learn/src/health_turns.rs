//! When the learner scores the sync of the cameras: it never takes more than a tenth of the learner's time.

use std::time::{Duration, Instant};

use frame_sync::health::{CameraHealth, SyncState};
use learn::data::Correction;
use learn::health::LiveHealth;
use transport::{Moment, RigEvent, RigEventKind, SyncHealthStatus};

/// After a turn, the learner has the time for itself for so many times as long.
const OTHERS: u32 = 9;

/// A slip is put right if its shift is so near to whole frames, in frames,
const NEAR: f64 = 0.3;

/// and to the same ones in so many stretches in a row: at first, evidence from before the slip is among it. Else the
/// views are left out.
const SETTLED: usize = 8;

/// Evidence from before a slip may hide it so long, in nanoseconds.
const HIDDEN_NS: i64 = 30_000_000_000;

pub struct HealthTurns {
    health: LiveHealth,
    /// The cameras' names, in the rig's order.
    names: Vec<String>,
    /// Why it ended.
    ended: Option<String>,
    not_before: Instant,
    slips: Vec<Slip>,
    /// What the learner does not know yet.
    changed: Option<Change>,
}

/// How the learner should correct the cameras' views from now on.
#[derive(Debug, PartialEq)]
pub struct Change {
    pub corrections: Vec<Correction>,
    /// If a camera has just slipped: until when it was certainly well.
    pub known_good_ns: Option<i64>,
}

/// What is done about one camera.
#[derive(Clone, Copy, Default)]
struct Slip {
    correction: Correction,
    /// The whole frames that its shift is near to, and for how many stretches it has been.
    near: Option<(i32, usize)>,
}

impl Slip {
    fn after_a_stretch(self, camera: &CameraHealth) -> Self {
        let near = camera.shift_frames.filter(|frames| (frames - frames.round()).abs() <= NEAR);
        let near = near.map(|frames| {
            let frames = frames.round() as i32;
            let before = self.near.filter(|(before, _)| *before == frames).map_or(0, |(_, stretches)| stretches);
            (frames, before + 1)
        });
        let correction = match (camera.state, near) {
            (SyncState::Well, _) => Correction::None,
            (SyncState::Slipped, Some((frames, stretches))) if stretches >= SETTLED => Correction::Late(frames),
            (SyncState::Slipped, _) => Correction::LeaveOut,
            // After a seam its pulses are counted anew.
            (SyncState::Unknown, _) if camera.shift_frames.is_none() && self.correction != Correction::None => {
                Correction::LeaveOut
            }
            (SyncState::Unknown, _) => self.correction,
        };
        Self { correction, near }
    }
}

impl HealthTurns {
    pub fn new(health: LiveHealth, names: Vec<String>) -> Self {
        let slips = vec![Slip::default(); names.len()];
        Self { health, names, ended: None, not_before: Instant::now(), slips, changed: None }
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
                self.correct();
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

    fn correct(&mut self) {
        let before = self.slips.clone();
        let mut known_good_ns = None;
        for (slip, camera) in self.slips.iter_mut().zip(self.health.cameras()) {
            let was_right = slip.correction == Correction::None;
            *slip = slip.after_a_stretch(camera);
            if was_right && slip.correction != Correction::None {
                // A slip hides in the evidence from before it for a while.
                let well_ns = camera.last_well_ns.map_or(i64::MIN, |well_ns| well_ns - HIDDEN_NS);
                known_good_ns = Some(known_good_ns.map_or(well_ns, |other: i64| other.min(well_ns)));
            }
        }
        if before.iter().zip(&self.slips).any(|(before, now)| before.correction != now.correction) {
            let corrections = self.slips.iter().map(|slip| slip.correction).collect();
            self.changed = Some(Change { corrections, known_good_ns });
        }
    }

    /// What changed since the last call.
    pub fn take_change(&mut self) -> Option<Change> {
        self.changed.take()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(state: SyncState, shift_frames: Option<f64>) -> CameraHealth {
        CameraHealth { state, shift_frames, ..CameraHealth::default() }
    }

    #[test]
    fn views_are_left_out_until_the_shift_has_settled() {
        let mut slip = Slip::default();
        let mut corrections = Vec::new();
        // The shift grows while evidence from before the slip leaves.
        let shifts = [0.9, 2.1, 3.5].into_iter().chain([4.0; SETTLED]);
        for frames in shifts {
            slip = slip.after_a_stretch(&camera(SyncState::Slipped, Some(frames)));
            corrections.push(slip.correction);
        }
        assert_eq!(corrections.pop(), Some(Correction::Late(4)));
        assert!(corrections.iter().all(|correction| *correction == Correction::LeaveOut), "{corrections:?}");

        assert_eq!(slip.after_a_stretch(&camera(SyncState::Unknown, Some(4.0))).correction, Correction::Late(4));
        let after_a_seam = slip.after_a_stretch(&camera(SyncState::Unknown, None));
        assert_eq!(after_a_seam.correction, Correction::LeaveOut);
        assert_eq!(after_a_seam.after_a_stretch(&camera(SyncState::Well, Some(0.0))).correction, Correction::None);
        let untouched = Slip::default().after_a_stretch(&camera(SyncState::Unknown, None));
        assert_eq!(untouched.correction, Correction::None);
    }
}
