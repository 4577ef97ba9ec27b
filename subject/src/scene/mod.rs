//! Whether a camera still sees the room whose background was learned.

mod activity;
mod comparison;
mod event;
mod fault;
mod hunting;
mod shift;
mod thumbnail;

use std::mem::discriminant;

pub use event::{Lasting, SceneEvent};
pub use fault::SceneFault;

use crate::RgbImage;
use activity::Activity;
use comparison::{Comparison, Difference, compare};
use hunting::Brightness;
use thumbnail::Thumbnail;

/// A scene is dark if this share of its pictures
const DARK_SHARE: f32 = 0.99;
/// is below this level of 255
const DARK: f32 = 40.0;
/// for this time, in nanoseconds;
const DARK_NS: i64 = 500_000_000;
/// and light again above this level.
const LIGHT: f32 = 50.0;
/// A picture repeats if all are the same for this time, in nanoseconds,
const REPEATS_NS: i64 = 1_000_000_000;
/// and at least so many are.
const REPEATS: u32 = 4;
/// A camera was moved, or is covered, if nothing is recognised for this time, in nanoseconds. Somebody who passes close
/// by is gone by then.
const ELSEWHERE_NS: i64 = 1_000_000_000;
/// The time between two pictures that are compared closely, in nanoseconds.
const CLOSELY_NS: i64 = 250_000_000;
/// A background moves if this share of the picture keeps changing.
const RESTLESS: f32 = 0.2;
/// For how long nothing must change for a scene to be steady again, in nanoseconds.
const SETTLED_NS: i64 = 1_000_000_000;
/// What a picture is compared with is no older than this, in nanoseconds, so that daylight may come and go.
const REFERENCE_NS: i64 = 2_000_000_000;

/// Watches the pictures of one camera. It opens nothing and reads no clock.
#[derive(Debug, Default)]
pub(crate) struct SceneWatch {
    /// Time of the last picture, and the time that passed in all, without steps back; nanoseconds.
    last_ns: Option<i64>,
    now_ns: i64,
    last: Thumbnail,
    /// What pictures are compared with, and since when.
    reference: Option<(i64, Thumbnail)>,
    /// What the scene was like when it was last steady.
    steady: Option<Thumbnail>,
    episode: Option<Episode>,
    dark_since_ns: Option<i64>,
    same_since_ns: Option<i64>,
    same: u32,
    elsewhere_since_ns: Option<i64>,
    /// When pictures were last compared closely.
    close_ns: i64,
    /// Of the reference, relative to the first.
    reference_brightness: f32,
    brightness: Brightness,
    activity: Activity,
}

/// While a scene cannot be used.
#[derive(Debug)]
struct Episode {
    faults: Vec<SceneFault>,
    since_ns: i64,
    changed_ns: i64,
}

impl SceneWatch {
    /// Why the scene cannot be used now; `None` while it is steady.
    pub fn fault(&self) -> Option<SceneFault> {
        self.episode.as_ref()?.faults.last().copied()
    }

    /// Expects the scene to be like this picture.
    pub fn expect(&mut self, picture: &RgbImage) {
        let like = Thumbnail::of(picture);
        self.refer_to(&like);
        self.steady = Some(like);
    }

    /// Forgets what the scene was like, since the source continues with another one.
    pub fn start_over(&mut self) {
        (self.reference, self.steady) = (None, None);
        self.brightness.forget();
        self.activity.forget();
    }

    /// Takes the next picture, and the time of its exposure.
    pub fn see(&mut self, exposure_ns: i64, picture: &RgbImage) -> Option<SceneEvent> {
        let passed_ns = self.last_ns.replace(exposure_ns).map_or(0, |last_ns| exposure_ns.saturating_sub(last_ns));
        self.now_ns = self.now_ns.saturating_add(passed_ns.max(0));
        let now = Thumbnail::of(picture);
        let found = self.find(&now);
        let event = match (found, &mut self.episode) {
            (Some(fault), None) => {
                let (since_ns, changed_ns) = (self.now_ns, self.now_ns);
                self.episode = Some(Episode { faults: vec![fault], since_ns, changed_ns });
                Some(SceneEvent::Began(fault))
            }
            (Some(fault), Some(episode)) => {
                episode.changed_ns = self.now_ns;
                let is_new = episode.faults.iter().all(|other| discriminant(other) != discriminant(&fault));
                episode.faults.retain(|other| discriminant(other) != discriminant(&fault));
                episode.faults.push(fault);
                is_new.then_some(SceneEvent::Began(fault))
            }
            (None, Some(episode)) if self.now_ns - episode.changed_ns >= SETTLED_NS => self.settle(&now),
            (None, Some(_)) => None,
            (None, None) => {
                self.renew(&now);
                None
            }
        };
        self.last = now;
        event
    }

    fn find(&mut self, now: &Thumbnail) -> Option<SceneFault> {
        let changed = self.changed(now);
        let dark = self.is_dark(now);
        let repeats = self.repeats(now);
        let hunts = self.brightness.hunts().map(|ratio| SceneFault::ExposureHunts(percent(ratio - 1.0)));
        if changed.is_some() {
            self.activity.forget();
        }
        self.activity.see(self.now_ns, now);
        let restless = self.activity.restless();
        let restless = (restless >= RESTLESS).then(|| SceneFault::BackgroundMoves(percent(restless)));
        dark.or(repeats).or(hunts).or(changed).or(restless)
    }

    fn is_dark(&mut self, now: &Thumbnail) -> Option<SceneFault> {
        let level = now.brightness_of(DARK_SHARE);
        let limit = if matches!(self.fault(), Some(SceneFault::Dark(_))) { LIGHT } else { DARK };
        if level >= limit {
            self.dark_since_ns = None;
            return None;
        }
        let since_ns = *self.dark_since_ns.get_or_insert(self.now_ns);
        (self.now_ns - since_ns >= DARK_NS).then_some(SceneFault::Dark(level as u8))
    }

    fn repeats(&mut self, now: &Thumbnail) -> Option<SceneFault> {
        if *now != self.last {
            (self.same_since_ns, self.same) = (Some(self.now_ns), 0);
            return None;
        }
        self.same += 1;
        let for_ns = self.now_ns - self.same_since_ns.unwrap_or(self.now_ns);
        let ms = u32::try_from(for_ns / 1_000_000).unwrap_or(u32::MAX);
        (for_ns >= REPEATS_NS && self.same >= REPEATS).then_some(SceneFault::PictureRepeats(ms))
    }

    /// What is not as in the reference.
    fn changed(&mut self, now: &Thumbnail) -> Option<SceneFault> {
        let Some((_, reference)) = &self.reference else {
            self.refer_to(now);
            return None;
        };
        let closely = self.now_ns - self.close_ns >= CLOSELY_NS;
        if closely {
            self.close_ns = self.now_ns;
        }
        let Comparison { difference, gain } = compare(reference, now, closely);
        let brightness = self.reference_brightness + gain.ln();
        self.brightness.push(self.now_ns, brightness);
        if difference != Difference::Everything {
            self.elsewhere_since_ns = None;
        }
        let fault = match difference {
            Difference::None => return None,
            Difference::Light => SceneFault::LightsChange(percent(gain)),
            Difference::Place(by) => SceneFault::Moved(Some(by.map(|px| (px as f32 * now.frame_px) as i16))),
            Difference::Places => SceneFault::Moved(None),
            Difference::Everything => {
                let since_ns = *self.elsewhere_since_ns.get_or_insert(self.now_ns);
                // Somebody close by is no reason, unless the scene was not steady before.
                if self.episode.is_none() && self.now_ns - since_ns < ELSEWHERE_NS {
                    return None;
                }
                self.elsewhere_since_ns = None;
                SceneFault::Moved(None)
            }
        };
        self.reference_brightness = brightness;
        self.refer_to(now);
        Some(fault)
    }

    fn refer_to(&mut self, now: &Thumbnail) {
        self.reference = Some((self.now_ns, now.clone()));
    }

    /// Keeps up with a steady scene.
    fn renew(&mut self, now: &Thumbnail) {
        let Some((since_ns, reference)) = &self.reference else { return };
        if self.now_ns - since_ns >= SETTLED_NS && self.steady.is_none() {
            self.steady = Some(reference.clone());
        }
        if self.now_ns - since_ns >= REFERENCE_NS && self.elsewhere_since_ns.is_none() {
            self.reference_brightness += compare(reference, now, false).gain.ln();
            self.steady = Some(now.clone());
            self.refer_to(now);
        }
    }

    fn settle(&mut self, now: &Thumbnail) -> Option<SceneEvent> {
        let Episode { faults, since_ns, .. } = self.episode.take()?;
        let fault = *faults.last()?;
        let moved = faults.iter().any(|fault| matches!(fault, SceneFault::Moved(_)));
        let lasting = match self.steady.as_ref().map(|steady| compare(steady, now, true).difference) {
            Some(Difference::None) => Lasting::Nothing,
            Some(Difference::Light) => Lasting::Light,
            // Light from elsewhere may hide what is where it was.
            Some(Difference::Everything) if !moved => Lasting::Light,
            Some(Difference::Everything | Difference::Places | Difference::Place(_)) => Lasting::Place,
            None if moved => Lasting::Place,
            None => Lasting::Light,
        };
        self.steady = Some(now.clone());
        self.refer_to(now);
        Some(SceneEvent::Ended { fault, after_ns: self.now_ns - since_ns, lasting })
    }
}

fn percent(share: f32) -> u16 {
    (100.0 * share).round().clamp(0.0, 9999.0) as u16
}
