//! The background of a fixed camera: learned, updated and replaced.

use serde::{Deserialize, Serialize};

use crate::median::median;
use crate::region::Blob;
use crate::{BackgroundId, RgbImage, SubjectError};

/// How the background of a fixed camera is learned and updated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct BackgroundConfig {
    /// How often a picture may change the background, by exposure times. 0 keeps it unchanged.
    pub update_hz: f32,
    /// Number of pictures whose median is the first background.
    pub pictures: u16,
    /// Number of pictures after which that median is first used; it is recomputed with each further one.
    pub ready_after: u16,
    /// How long an empty stage is observed when the background is taken by command, in milliseconds.
    pub take_ms: u32,
}

impl Default for BackgroundConfig {
    fn default() -> Self {
        Self { update_hz: 5.0, pictures: 25, ready_after: 8, take_ms: 1000 }
    }
}

impl BackgroundConfig {
    pub(crate) fn check(&self) -> Result<(), SubjectError> {
        let wrong = if !(0.0..=1000.0).contains(&self.update_hz) {
            format!("update-hz is {}, it must be 0 to 1000", self.update_hz)
        } else if !(1..=255).contains(&self.pictures) {
            format!("pictures is {}, it must be 1 to 255", self.pictures)
        } else if !(1..=self.pictures).contains(&self.ready_after) {
            format!("ready-after is {}, it must be 1 to pictures, {}", self.ready_after, self.pictures)
        } else {
            return Ok(());
        };
        Err(SubjectError::Config(wrong))
    }
}

/// What a camera sees without its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Background {
    /// Identifies it in samples.
    pub id: BackgroundId,
    /// Size of the full frames that it belongs to, in pixels.
    pub frame_px: (u32, u32),
    /// Reduced to the cropper's scale for frames of this size.
    pub picture: RgbImage,
}

/// The running background of one camera: first a true median over a few seconds, then a running median of the
/// sigma-delta kind that leaves the subject out, so that a person who stands still stays a subject.
pub struct BackgroundModel {
    config: BackgroundConfig,
    current: Option<Background>,
    /// Number of backgrounds taken so far.
    generation: u64,
    collecting: Option<Collection>,
    frame_px: (u32, u32),
    last_ns: Option<i64>,
    /// Per value: for how many updates the picture has been on one side of the background, with its sign.
    runs: Vec<i8>,
    /// Remaining updates that include the subject, after a change of light made everything differ.
    relearning: u16,
}

struct Collection {
    goal: Goal,
    pictures: Vec<Vec<u8>>,
    since_ns: i64,
}

#[derive(Clone, Copy, PartialEq)]
enum Goal {
    Bootstrap,
    EmptyStage,
}

impl BackgroundModel {
    pub fn new(config: BackgroundConfig) -> Self {
        Self {
            collecting: (config.update_hz > 0.0).then(|| Collection::new(Goal::Bootstrap)),
            config,
            current: None,
            generation: 0,
            frame_px: (0, 0),
            last_ns: None,
            runs: Vec::new(),
            relearning: 0,
        }
    }

    /// The background, once there is one.
    pub fn current(&self) -> Option<&Background> {
        self.current.as_ref()
    }

    /// Whether pictures do not update the background.
    pub fn is_fixed(&self) -> bool {
        self.config.update_hz <= 0.0
    }

    /// Takes the background from the next pictures, which show an empty stage. Until then the old one stays in use.
    pub fn take(&mut self) {
        self.collecting = Some(Collection::new(Goal::EmptyStage));
        self.last_ns = None;
    }

    /// Replaces the background.
    pub fn set(&mut self, background: Background) {
        self.generation = self.generation.max(background.id.0);
        self.frame_px = background.frame_px;
        self.runs.clear();
        self.collecting = None;
        self.current = Some(background);
    }

    /// Learns from one picture. A picture that comes sooner than the rate allows is ignored.
    pub fn observe(&mut self, exposure_ns: i64, frame_px: (u32, u32), picture: &RgbImage, subject: Option<&Blob>) {
        if self.is_fixed() && self.collecting.is_none() {
            return;
        }
        if frame_px != self.frame_px {
            self.restart(frame_px);
        }
        // A seam may set the clock back, so the absolute difference counts.
        let rate_hz = if self.is_fixed() { BackgroundConfig::default().update_hz } else { self.config.update_hz };
        let period_ns = (1e9 / f64::from(rate_hz)) as u64;
        if self.last_ns.is_some_and(|last| last.abs_diff(exposure_ns) < period_ns) {
            return;
        }
        self.last_ns = Some(exposure_ns);
        if self.collecting.is_some() {
            self.collect(exposure_ns, picture);
        } else {
            self.follow(picture, subject);
        }
    }

    /// Discards the background and learns a new one, after the camera was moved.
    pub fn begin_anew(&mut self) {
        (self.current, self.collecting) = (None, None);
        self.restart(self.frame_px);
        self.relearning = 0;
    }

    fn restart(&mut self, frame_px: (u32, u32)) {
        if self.current.take().is_some() || self.collecting.is_none() {
            self.collecting = Some(Collection::new(Goal::Bootstrap));
        } else if let Some(collection) = &mut self.collecting {
            collection.pictures.clear();
        }
        self.frame_px = frame_px;
        self.last_ns = None;
    }

    fn collect(&mut self, exposure_ns: i64, picture: &RgbImage) {
        let Some(collection) = &mut self.collecting else { return };
        if collection.pictures.is_empty() {
            collection.since_ns = exposure_ns;
        }
        collection.pictures.push(picture.rgb.clone());
        let seen = collection.pictures.len();
        let (ready, first, done) = match collection.goal {
            Goal::Bootstrap => {
                let ready_after = usize::from(self.config.ready_after);
                (seen >= ready_after, seen == ready_after, seen >= usize::from(self.config.pictures))
            }
            Goal::EmptyStage => {
                let watched_ns = collection.since_ns.abs_diff(exposure_ns);
                // A median of fewer than three pictures removes no noise.
                let done = seen >= 3 && watched_ns >= u64::from(self.config.take_ms) * 1_000_000;
                (done, done, done)
            }
        };
        if ready {
            self.generation += u64::from(first);
            self.current = Some(Background {
                id: BackgroundId(self.generation),
                frame_px: self.frame_px,
                picture: RgbImage { rgb: median(&collection.pictures), ..picture.clone() },
            });
        }
        if done {
            self.collecting = None;
            self.runs.clear();
        }
    }

    fn follow(&mut self, picture: &RgbImage, subject: Option<&Blob>) {
        let Some(background) = &mut self.current else { return };
        self.runs.resize(picture.rgb.len(), 0);
        // A "subject" that fills the picture is a change of light. While it is being learned, there is no subject to
        // leave out.
        const FILLS: f32 = 0.6;
        if subject.is_some_and(|blob| blob.area > FILLS) {
            self.relearning = self.config.pictures;
        }
        let subject = subject.filter(|_| self.relearning == 0);
        self.relearning = self.relearning.saturating_sub(1);
        let row_bytes = 3 * picture.width as usize;
        let rows = background.picture.rgb.chunks_exact_mut(row_bytes).zip(picture.rgb.chunks_exact(row_bytes));
        for (y, ((kept, seen), runs)) in rows.zip(self.runs.chunks_exact_mut(row_bytes)).enumerate() {
            match subject {
                None => follow_values(kept, seen, runs),
                Some(blob) => {
                    for columns in blob.free_columns(y as u32, picture.width) {
                        let bytes = 3 * columns.start as usize..3 * columns.end as usize;
                        follow_values(&mut kept[bytes.clone()], &seen[bytes.clone()], &mut runs[bytes]);
                    }
                }
            }
        }
    }
}

impl Collection {
    fn new(goal: Goal) -> Self {
        Self { goal, pictures: Vec::new(), since_ns: 0 }
    }
}

/// Moves each value one step towards the picture: by one level, as in a running median, and increasingly faster once it
/// has stayed on one side for a second, so that moved furniture becomes background within seconds.
fn follow_values(kept: &mut [u8], seen: &[u8], runs: &mut [i8]) {
    const PATIENCE: i8 = 5;
    for ((kept, &seen), run) in kept.iter_mut().zip(seen).zip(runs) {
        let distance = i16::from(seen) - i16::from(*kept);
        let side = distance.signum() as i8;
        *run = if side != 0 && run.signum() == side { run.saturating_add(side) } else { side };
        let step = 1i16 << (run.unsigned_abs().saturating_sub(PATIENCE as u8)).min(4);
        *kept = (i16::from(*kept) + distance.clamp(-step, step)) as u8;
    }
}
