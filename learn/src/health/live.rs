//! Watches over the cameras of a live session.

use std::collections::VecDeque;

use frame::SegmentId;
use frame_sync::health::{CameraHealth, HealthSettings, Stretch, SyncState, SyncWatch};
use model::PictureBatch;
use subject::Sample;
use tch::Kind;
use transport::{CameraSync, CameraSyncStatus, Moment, SyncHealthStatus};

use super::Witness;
use super::seen::{MOTION_S, Seen, pair_scores};
use crate::LearnError;
use crate::error::during;

/// Scores consecutive moments and keeps what is known of each camera. It needs numbered pulses.
pub struct LiveHealth {
    witness: Witness,
    settings: HealthSettings,
    watch: SyncWatch,
    cameras: usize,
    segment: Option<SegmentId>,
    /// Consecutive instants, the newest last.
    run: VecDeque<Instant>,
    /// The pulse of the first instant that belongs to no stretch yet.
    next: u64,
    stretches: u64,
    without_pulses: bool,
}

struct Instant {
    pulse: u64,
    exposure_ns: i64,
    /// By camera.
    views: Vec<Option<Sample>>,
}

impl LiveHealth {
    /// For a rig of so many cameras.
    pub fn new(witness: Witness, cameras: usize) -> Self {
        let settings = HealthSettings::default();
        let watch = SyncWatch::new(cameras, settings.clone());
        Self {
            witness,
            settings,
            watch,
            cameras,
            segment: None,
            run: VecDeque::new(),
            next: 0,
            stretches: 0,
            without_pulses: false,
        }
    }

    /// Takes a moment. After a seam nothing is known any more, and after a hole a stretch begins anew.
    ///
    /// # Errors
    /// If its crops are of another size than those that the network learned from.
    pub fn push(&mut self, moment: &Moment) -> Result<(), LearnError> {
        let Some(pulse) = moment.trigger.pulse() else {
            self.without_pulses = true;
            return Ok(());
        };
        self.without_pulses = false;
        if self.segment.replace(moment.segment) != Some(moment.segment) {
            self.watch.forget();
            self.run.clear();
            self.next = 0;
        }
        if self.run.back().is_some_and(|last| pulse != last.pulse + 1) {
            self.run.clear();
        }
        let mut views = vec![None; self.cameras];
        for view in &moment.views {
            let (Some(to), Some(sample)) = (views.get_mut(view.camera.index()), view.samples.first()) else { continue };
            if sample.size_px != self.witness.crop_px() {
                return Err(LearnError::CropSize { got: sample.size_px, wanted: self.witness.crop_px() });
            }
            *to = Some(sample.clone());
        }
        self.run.push_back(Instant { pulse, exposure_ns: moment.exposure.ns, views });
        while self.run.len() > self.settings.instants + 2 * self.settings.reach {
            self.run.pop_front();
        }
        Ok(())
    }

    /// Whether a stretch can be scored.
    pub fn is_due(&self) -> bool {
        let whole = self.run.len() == self.settings.instants + 2 * self.settings.reach;
        whole && self.run.front().is_some_and(|first| first.pulse >= self.next)
    }

    /// Scores the newest stretch, and returns the cameras whose state changed.
    ///
    /// # Errors
    /// If the device fails, or the network gives scores that are no numbers.
    pub fn score(&mut self) -> Result<Vec<usize>, LearnError> {
        let (Some(first), Some(last)) = (self.run.front(), self.run.back()) else { return Ok(Vec::new()) };
        let (at_ns, next) = (last.exposure_ns, first.pulse + self.settings.instants as u64);
        let rate_hz = (self.run.len() - 1) as f64 * 1e9 / (last.exposure_ns - first.exposure_ns).max(1) as f64;
        let lag = (MOTION_S * rate_hz).round().max(1.0) as usize;
        let seen = (0..self.cameras).map(|camera| self.seen(camera, lag)).collect::<Result<Vec<_>, _>>()?;
        let instants = self.settings.reach..self.settings.reach + self.settings.instants;
        let mut pairs = Vec::new();
        for first in 0..self.cameras {
            for second in first + 1..self.cameras {
                let (Some(a), Some(b)) = (&seen[first], &seen[second]) else { continue };
                let reach = self.settings.reach;
                let scores = pair_scores(&self.witness, [first, second], [a, b], instants.clone(), reach)?;
                pairs.extend(scores);
            }
        }
        (self.next, self.stretches) = (next, self.stretches + 1);
        Ok(self.watch.push(Stretch { at_ns, pairs }))
    }

    fn seen(&self, camera: usize, lag: usize) -> Result<Option<Seen>, LearnError> {
        let mut batch = PictureBatch::new(self.witness.crop_px().into());
        let (mut instants, mut masks) = (Vec::new(), Vec::new());
        for (at, instant) in self.run.iter().enumerate() {
            let Some(sample) = &instant.views[camera] else { continue };
            batch.push(&sample.rgb, &sample.mask, false).map_err(during("filling a batch"))?;
            instants.push(at);
            masks.push(&*sample.mask);
        }
        if instants.is_empty() {
            return Ok(None);
        }
        let input = batch.to_input(self.witness.device(), Kind::Float, self.witness.background());
        let features = input.and_then(|input| self.witness.features(&input)).map_err(during("encoding pictures"))?;
        Ok(Some(Seen { motion: motion(&masks, lag), features, instants, all: self.run.len() }))
    }

    /// What is known of each camera.
    pub fn cameras(&self) -> &[CameraHealth] {
        self.watch.cameras()
    }

    pub fn status(&self) -> SyncHealthStatus {
        let cameras = self.watch.cameras();
        let all = |state| cameras.iter().filter(|camera| camera.state == state).count();
        let state = if self.without_pulses {
            "waiting: pictures have no certain pulse numbers".to_owned()
        } else if self.stretches == 0 {
            "waiting for consecutive instants".to_owned()
        } else {
            let [well, slipped] = [all(SyncState::Well), all(SyncState::Slipped)];
            format!("{well} of {} cameras are in sync, {slipped} slipped", cameras.len())
        };
        SyncHealthStatus { state, stretches: self.stretches, cameras: cameras.iter().map(status_of).collect() }
    }
}

fn status_of(health: &CameraHealth) -> CameraSyncStatus {
    CameraSyncStatus {
        state: match health.state {
            SyncState::Unknown => CameraSync::Unknown,
            SyncState::Well => CameraSync::Well,
            SyncState::Slipped => CameraSync::Slipped,
        },
        shift_frames: health.shift_frames,
        uncertainty_frames: health.uncertainty_frames,
    }
}

/// For each mask the share of it that is another `lag` masks later; the last ones have that of the last known.
fn motion(masks: &[&[u8]], lag: usize) -> Vec<f32> {
    let changed = |(now, later): (&&[u8], &&[u8])| {
        let pixels = || now.iter().zip(later.iter()).map(|(now, later)| (*now > 127, *later > 127));
        let changed = pixels().filter(|(now, later)| now != later).count();
        let either = pixels().filter(|(now, later)| *now || *later).count();
        changed as f32 / either.max(1) as f32
    };
    let mut motion: Vec<f32> = masks.iter().zip(masks.iter().skip(lag)).map(changed).collect();
    motion.resize(masks.len(), motion.last().copied().unwrap_or(0.0));
    motion
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motion_is_the_share_of_the_outline_that_changes() {
        let (left, right): (Vec<u8>, Vec<u8>) = ((0..8).map(|i| if i < 4 { 255 } else { 0 }).collect(), vec![255; 8]);
        assert_eq!(motion(&[&left, &left, &right, &right], 1), [0.0, 0.5, 0.0, 0.0]);
        assert_eq!(motion(&[&left], 3), [0.0]);
    }
}
