//! Slips of cameras, found from scores on simulated time.

use frame_sync::health::{CameraHealth, HealthSettings, PairScores, Stretch, SyncState, SyncWatch};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SECOND_NS: i64 = 1_000_000_000;

/// Cameras before somebody, and a judge whose scores are right on average.
struct Rig {
    /// By how many frames each camera's pictures are late.
    late: Vec<f64>,
    motion: f64,
    noise: f64,
    rng: ChaCha8Rng,
    watch: SyncWatch,
    now_ns: i64,
}

impl Rig {
    fn new(cameras: usize, noise: f64) -> Self {
        Self {
            late: vec![0.0; cameras],
            motion: 0.3,
            noise,
            rng: ChaCha8Rng::seed_from_u64(cameras as u64),
            watch: SyncWatch::new(cameras, HealthSettings::default()),
            now_ns: 0,
        }
    }

    /// The scores of one second. A camera that is late by k frames shows at its frame n what others show at n + k.
    fn second(&mut self) -> Vec<usize> {
        self.now_ns += SECOND_NS;
        let reach = HealthSettings::default().reach as i32;
        let mut pairs = Vec::new();
        for a in 0..self.late.len() {
            for b in a + 1..self.late.len() {
                let at = self.late[a] - self.late[b];
                // Errors of neighbouring shifts are much alike: a slope, and a level.
                let [slope, level] = [0, 1].map(|_| self.noise * (self.rng.random::<f64>() - 0.5));
                let score = |shift: i32| {
                    let shift = f64::from(shift);
                    let height = if self.motion > 0.0 { 2.0 } else { 0.0 };
                    height * (-((shift - at) / 5.0).powi(2)).exp() + slope * shift + level
                };
                let scores = (-reach..=reach).map(score).collect();
                pairs.push(PairScores { cameras: [a, b], scores, motion: self.motion });
            }
        }
        self.watch.push(Stretch { at_ns: self.now_ns, pairs })
    }

    /// Seconds until a camera changes its state, and which one it is.
    fn until_change(&mut self, most: usize) -> Option<(usize, Vec<usize>)> {
        (1..=most).find_map(|seconds| Some((seconds, self.second())).filter(|(_, changed)| !changed.is_empty()))
    }

    fn states(&self) -> Vec<SyncState> {
        self.watch.cameras().iter().map(|camera| camera.state).collect()
    }
}

#[test]
fn cameras_that_show_the_same_instants_are_well_and_stay_so() {
    for cameras in 2..=5 {
        let mut rig = Rig::new(cameras, 0.2);
        for _ in 0..20 {
            rig.second();
        }
        assert_eq!(rig.states(), vec![SyncState::Well; cameras]);
        assert_eq!(rig.until_change(1800), None, "{cameras} cameras: half an hour without a false alarm");
    }
}

#[test]
fn a_slip_of_one_frame_is_found_in_the_camera_that_slipped() {
    for (slipped, frames) in [(0, 1.0), (2, 1.0), (3, -1.0), (1, -4.0)] {
        let mut rig = Rig::new(4, 0.2);
        for _ in 0..40 {
            rig.second();
        }
        rig.late[slipped] = frames;
        let (seconds, changed) = rig.until_change(60).expect("it is found");
        assert_eq!(changed, [slipped]);
        assert!(seconds <= 30, "after {seconds} s");
        for _ in 0..30 {
            rig.second();
        }
        let CameraHealth { state, shift_frames, uncertainty_frames, .. } = rig.watch.cameras()[slipped];
        assert_eq!(state, SyncState::Slipped);
        assert!((shift_frames.unwrap() - frames).abs() < 0.3, "{shift_frames:?} for {frames}");
        assert!(uncertainty_frames.unwrap() < 0.3);
        // And when it is mended.
        rig.late[slipped] = 0.0;
        assert!(rig.until_change(60).is_some());
        assert_eq!(rig.states(), [SyncState::Well; 4]);
    }
}

#[test]
fn nothing_is_said_without_motion_and_an_old_state_does_not_hold() {
    let mut rig = Rig::new(3, 0.2);
    rig.motion = 0.0;
    assert_eq!(rig.until_change(120), None);
    assert_eq!(rig.watch.cameras(), [CameraHealth::default(); 3]);
    rig.motion = 0.3;
    for _ in 0..30 {
        rig.second();
    }
    assert_eq!(rig.states(), [SyncState::Well; 3]);
    rig.motion = 0.0;
    let (seconds, _) = rig.until_change(120).expect("the state does not hold without evidence");
    assert!((55..=65).contains(&seconds), "{seconds} s");
    assert_eq!(rig.states(), [SyncState::Unknown; 3]);
}

#[test]
fn noise_alone_gives_no_alarm() {
    let mut rig = Rig::new(4, 4.0);
    for _ in 0..1800 {
        rig.second();
        assert!(!rig.states().contains(&SyncState::Slipped), "after {} s", rig.now_ns / SECOND_NS);
    }
}

#[test]
fn scores_of_another_reach_and_scores_that_are_no_numbers_are_left_out() {
    let mut watch = SyncWatch::new(2, HealthSettings::default());
    for second in 1..40 {
        let scores = if second % 2 == 0 { vec![f64::NAN; 17] } else { vec![1.0, 3.0, 1.0] };
        let pairs = vec![PairScores { cameras: [0, 1], scores, motion: 1.0 }];
        assert!(watch.push(Stretch { at_ns: second * SECOND_NS, pairs }).is_empty());
    }
    assert_eq!(watch.cameras(), [CameraHealth::default(); 2]);
}

#[test]
fn after_a_seam_nothing_is_known() {
    let mut rig = Rig::new(3, 0.2);
    for _ in 0..30 {
        rig.second();
    }
    rig.watch.forget();
    assert_eq!(rig.watch.cameras(), [CameraHealth::default(); 3]);
}
