//! Watches over the cameras of a rig as stretches come.

use std::collections::VecDeque;

use super::estimate::{Shift, shifts};
use super::evidence::Stretch;
use super::settings::HealthSettings;
use super::state::{CameraHealth, SyncState};

/// Half a frame: nearer to no shift than to one of a frame.
const HALF: f64 = 0.5;

/// Watches over the synchrony of the cameras of a rig. It has no clock: its time is that of the stretches.
#[derive(Clone, Debug)]
pub struct SyncWatch {
    settings: HealthSettings,
    stretches: VecDeque<Stretch>,
    cameras: Vec<CameraHealth>,
    /// How many stretches in a row said that each camera slipped.
    beyond: Vec<usize>,
    /// When each camera's state was last confirmed, ns.
    confirmed_ns: Vec<i64>,
}

impl SyncWatch {
    /// For so many cameras.
    pub fn new(cameras: usize, settings: HealthSettings) -> Self {
        Self {
            settings,
            stretches: VecDeque::new(),
            cameras: vec![CameraHealth::default(); cameras],
            beyond: vec![0; cameras],
            confirmed_ns: vec![i64::MIN; cameras],
        }
    }

    /// What is known about each camera.
    pub fn cameras(&self) -> &[CameraHealth] {
        &self.cameras
    }

    /// Drops all evidence, as after a seam, when cameras began to count anew.
    pub fn forget(&mut self) {
        self.stretches.clear();
        self.cameras.fill(CameraHealth::default());
        self.beyond.fill(0);
        self.confirmed_ns.fill(i64::MIN);
    }

    /// Takes the scores of one more stretch, which ended after all earlier ones. Returns the cameras whose state changed.
    pub fn push(&mut self, stretch: Stretch) -> Vec<usize> {
        let (now_ns, before) = (stretch.at_ns, self.cameras.clone());
        let HealthSettings { reach, min_motion, .. } = self.settings;
        if stretch.pairs.iter().any(|pair| pair.is_usable(reach, min_motion)) {
            self.stretches.push_back(stretch);
            while self.stretches.len() > self.settings.windows.last().copied().unwrap_or(1) {
                self.stretches.pop_front();
            }
            self.judge(now_ns);
        }
        for (camera, confirmed_ns) in self.cameras.iter_mut().zip(&self.confirmed_ns) {
            if now_ns.saturating_sub(*confirmed_ns) > self.settings.holds_ns {
                camera.state = SyncState::Unknown;
            }
        }
        (0..before.len()).filter(|&camera| before[camera].state != self.cameras[camera].state).collect()
    }

    fn judge(&mut self, now_ns: i64) {
        let held: Vec<&Stretch> = self.stretches.iter().collect();
        let windows = self.settings.windows.iter().filter(|&&window| window <= held.len());
        let of = |&window: &usize| shifts(self.cameras.len(), &held[held.len() - window..], &self.settings);
        let each: Vec<Vec<Option<Shift>>> = windows.map(of).collect();
        for camera in 0..self.cameras.len() {
            let found: Vec<Shift> = each.iter().filter_map(|shifts| shifts[camera]).collect();
            let Some(best) = best(&found) else { continue };
            let health = &mut self.cameras[camera];
            health.shift_frames = Some(best.frames);
            health.uncertainty_frames = Some(best.uncertainty_frames);
            let beyond =
                |shift: &&Shift| shift.frames.abs() > HALF.max(self.settings.slipped_sigmas * shift.uncertainty_frames);
            let within =
                |shift: &Shift| shift.frames.abs() + self.settings.well_sigmas * shift.uncertainty_frames < HALF;
            let slipped = found.iter().find(beyond);
            self.beyond[camera] = if slipped.is_some() { self.beyond[camera] + 1 } else { 0 };
            if let Some(slipped) = slipped {
                health.shift_frames = Some(slipped.frames);
                health.uncertainty_frames = Some(slipped.uncertainty_frames);
                if self.beyond[camera] >= self.settings.confirmations {
                    health.state = SyncState::Slipped;
                    self.confirmed_ns[camera] = now_ns;
                }
            } else if within(&best) {
                health.state = SyncState::Well;
                health.last_well_ns = Some(now_ns);
                self.confirmed_ns[camera] = now_ns;
            }
        }
    }
}

/// The most certain one.
fn best(shifts: &[Shift]) -> Option<Shift> {
    shifts.iter().copied().min_by(|a, b| a.uncertainty_frames.total_cmp(&b.uncertainty_frames))
}
