//! Scenarios from files: checks their values.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::Path;

use glam::{Vec2, Vec3};
use settings::Document;
use take::session::Split;

use super::scenario::{Place, Rigging, Scenario, Vary};
use super::twin::Measured;
use super::wire::{WireCamera, WireScenario};
use super::{ScenarioError, Twin};
use crate::rig::{CameraError, CameraRing, Intrinsics, MAX_VIEWS, Span, Turn, VirtualCamera};
use crate::trigger::Faults;

impl Scenario {
    /// The version of the file format.
    pub const VERSION: u32 = 1;

    /// Reads a document. Relative folders in it are relative to `base`.
    ///
    /// # Errors
    /// The first fault, with its line, its key and a remedy.
    pub fn from_document(document: &Document, base: Option<&Path>) -> Result<Self, ScenarioError> {
        scenario(document.parse_version(Self::VERSION)?, document.origin(), base)
    }

    /// [`Self::from_document`] for text. `origin` is its file name in errors.
    pub fn from_toml_str(text: &str, origin: &str) -> Result<Self, ScenarioError> {
        Self::from_document(&Document::new(text, origin), None)
    }

    /// Reads a scenario file. Relative folders in it are relative to its own folder.
    ///
    /// # Errors
    /// As [`Self::from_document`], or the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        Self::from_document(&Document::read(path)?, path.parent())
    }
}

/// Resolves relative folders and files against `base`.
fn scenario(mut wire: WireScenario, origin: &str, base: Option<&Path>) -> Result<Scenario, ScenarioError> {
    let check = Check { origin };
    if let Some(base) = base {
        let selections = [&mut wire.people, &mut wire.motions, &mut wire.place.environments];
        let folders = selections.into_iter().flat_map(|selection| &mut selection.folders);
        let files = wire.twin.iter_mut().flat_map(|twin| [&mut twin.markers, &mut twin.calibration]);
        folders.chain(files).for_each(|path| *path = base.join(&*path));
    }
    check.within("takes", wire.takes, 1..=1_000_000)?;
    let measured = match &wire.twin {
        Some(twin) => {
            check.twin(&wire, twin)?;
            Some(twin.read(origin)?)
        }
        None => None,
    };
    let missing = |key: &str| check.error(key, format!("`{key}` is missing"), format!("add `{key}`"));
    let (instants, rate_hz, rigging) = match measured {
        Some(Measured { instants, rate_hz, cameras }) => (instants, rate_hz, Rigging::Given(cameras)),
        None => (
            wire.instants.ok_or_else(|| missing("instants"))?,
            wire.rate_hz.ok_or_else(|| missing("rate-hz"))?,
            check.rigging(wire.rig, &wire.camera)?,
        ),
    };
    check.within("instants", instants, 1..=10_000_000)?;
    check.within("rate-hz", rate_hz, 0.1..=1000.0)?;
    check.within("widened", wire.widened, 0.0..=1.0)?;
    if wire.name.is_empty() || wire.name.contains(['/', '\\']) {
        return Err(check.error("name", format!("{:?} cannot name a folder", wire.name), "use a word"));
    }
    check.vary(&wire.vary)?;
    check.faults(&wire.trigger)?;
    check.turned(&wire.turned, rigging.views())?;
    check.place(&wire.place)?;
    Ok(Scenario {
        rigging,
        turned: wire.turned,
        place: wire.place,
        name: wire.name,
        split: wire.split.unwrap_or(if wire.twin.is_some() { Split::HeldOut } else { Split::Train }),
        seed: wire.seed,
        takes: wire.takes,
        instants,
        rate_hz,
        people: wire.people,
        motions: wire.motions,
        widened: wire.widened,
        twin: wire.twin,
        vary: wire.vary,
        faults: wire.trigger,
    })
}

struct Check<'a> {
    origin: &'a str,
}

impl Check<'_> {
    fn error(
        &self,
        key: impl Into<Box<str>>,
        problem: impl Into<Box<str>>,
        remedy: impl Into<Box<str>>,
    ) -> ScenarioError {
        ScenarioError::new(self.origin, key, problem, remedy)
    }

    fn within<T: PartialOrd + Display>(
        &self,
        key: &str,
        value: T,
        range: RangeInclusive<T>,
    ) -> Result<(), ScenarioError> {
        settings::within(self.origin, key, value, range).map(drop)
    }

    fn span(&self, key: &str, span: Span, range: RangeInclusive<f32>) -> Result<(), ScenarioError> {
        span.iter().try_for_each(|&value| self.within(key, value, range.clone()))?;
        if span[0] > span[1] {
            return Err(self.error(
                key,
                format!("{} to {} runs backwards", span[0], span[1]),
                "give the smaller one first",
            ));
        }
        Ok(())
    }

    /// The scenario of a twin may not repeat what its files state, nor change its split.
    fn twin(&self, wire: &WireScenario, twin: &Twin) -> Result<(), ScenarioError> {
        self.within("twin.reduced", twin.reduced, 1..=64)?;
        let said = [
            ("instants", wire.instants.is_some()),
            ("rate-hz", wire.rate_hz.is_some()),
            ("motions", !wire.motions.folders.is_empty()),
            ("widened", wire.widened > 0.0),
            ("rig", wire.rig.is_some()),
            ("camera", !wire.camera.is_empty()),
        ];
        if let Some((key, _)) = said.into_iter().find(|(_, said)| *said) {
            return Err(self.error(key, "the [twin] has this from its files", "remove one of the two"));
        }
        if wire.split == Some(Split::Train) {
            return Err(self.error("split", "a [twin] is for scoring", "remove it, or write \"held-out\""));
        }
        Ok(())
    }

    fn vary(&self, vary: &Vary) -> Result<(), ScenarioError> {
        self.within("vary.looks", vary.looks, 0.0..=1.0)?;
        self.within("vary.bodies", vary.bodies, 0.0..=1.0)?;
        self.within("vary.exposure-stops", vary.exposure_stops, 0.0..=4.0)?;
        self.within("vary.white-balance", vary.white_balance, 0.0..=0.5)?;
        self.within("vary.noise", vary.noise, 0.0..=0.2)?;
        self.within("vary.motion-blur", vary.motion_blur, 0.0..=1.0)?;
        self.within("vary.shutter", vary.shutter, 0.0..=1.0)?;
        self.within("vary.defocus-px", vary.defocus_px, 0.0..=10.0)?;
        self.within("vary.occluders", vary.occluders, 0.0..=1.0)?;
        self.within("vary.props", vary.props, 0..=30)?;
        let [low, high] = vary.jpeg_quality.map(f32::from);
        self.span("vary.jpeg-quality", [low, high], 1.0..=100.0)
    }

    fn faults(&self, faults: &Faults) -> Result<(), ScenarioError> {
        self.within("trigger.offset-ms", faults.offset_ms, 0.0..=1000.0)?;
        self.within("trigger.jitter-ms", faults.jitter_ms, 0.0..=1000.0)?;
        self.within("trigger.loss", faults.loss, 0.0..=1.0)?;
        self.within("trigger.duplicate", faults.duplicate, 0.0..=1.0)?;
        self.within("trigger.leave", faults.leave, 0.0..=1.0)?;
        self.within("trigger.slip", faults.slip, 0.0..=1.0)
    }

    fn turned(&self, turned: &[Turn], views: usize) -> Result<(), ScenarioError> {
        for (index, turn) in turned.iter().enumerate() {
            let key = |name: &str| format!("turned[{index}].{name}");
            if turn.camera >= views {
                let problem = format!("there is no camera {}; the rig has {views}", turn.camera);
                return Err(self.error(key("camera"), problem, "count cameras from 0"));
            }
            self.within(&key("at-s"), turn.at_s, 0.0..=1e6)?;
            self.within(&key("degrees"), turn.degrees, -180.0..=180.0)?;
        }
        Ok(())
    }

    fn place(&self, place: &Place) -> Result<(), ScenarioError> {
        if place.backgrounds.is_empty() {
            let remedy = "name one of environment, room, black";
            return Err(self.error("place.backgrounds", "there is no background", remedy));
        }
        if place.skies.is_empty() && place.environments.folders.is_empty() {
            return Err(self.error("place.skies", "there is no light", "name a sky, or folders of environments"));
        }
        Ok(())
    }

    fn rigging(&self, rig: Option<CameraRing>, cameras: &[WireCamera]) -> Result<Rigging, ScenarioError> {
        let remedy = || format!("give from 1 to {MAX_VIEWS}");
        if cameras.is_empty() {
            let layout = rig.unwrap_or_default();
            if !(1..=MAX_VIEWS).contains(&layout.views) {
                return Err(self.error("rig.views", CameraError::Views(layout.views).to_string(), remedy()));
            }
            self.layout(&layout)?;
            return Ok(Rigging::Drawn(layout));
        }
        if rig.is_some() {
            return Err(self.error("camera", "there are a [rig] and [[camera]]s", "remove one of the two"));
        }
        if cameras.len() > MAX_VIEWS {
            return Err(self.error("camera", CameraError::Views(cameras.len()).to_string(), remedy()));
        }
        let given = cameras.iter().enumerate().map(|(index, camera)| self.camera(index, camera));
        Ok(Rigging::Given(given.collect::<Result<_, _>>()?))
    }

    fn layout(&self, layout: &CameraRing) -> Result<(), ScenarioError> {
        self.within("rig.size-px", layout.size_px[0].min(layout.size_px[1]), 16..=8192)?;
        self.within("rig.size-px", layout.size_px[0].max(layout.size_px[1]), 16..=8192)?;
        self.span("rig.distance-m", layout.distance_m, 1.0..=11.0)?;
        self.span("rig.height-m", layout.height_m, 0.1..=8.0)?;
        self.span("rig.roll-degrees", layout.roll_degrees, 0.0..=180.0)?;
        self.span("rig.field-of-view-degrees", layout.field_of_view_degrees, 5.0..=120.0)?;
        self.span("rig.distortion", layout.distortion, -0.12..=0.12)
    }

    fn camera(&self, index: usize, wire: &WireCamera) -> Result<VirtualCamera, ScenarioError> {
        let key = |name: &str| format!("camera[{index}]{}{name}", if name.is_empty() { "" } else { "." });
        let size = Vec2::new(wire.size_px[0] as f32, wire.size_px[1] as f32);
        let focal = match (wire.focal_px, wire.field_of_view_degrees) {
            (Some(focal), None) => Vec2::from(focal),
            (None, Some(degrees)) => {
                self.within(&key("field-of-view-degrees"), degrees, 1.0..=150.0)?;
                Vec2::splat(0.5 * size.x / (0.5 * degrees.to_radians()).tan())
            }
            _ => {
                let problem = "there must be either `focal-px` or `field-of-view-degrees`";
                return Err(self.error(key(""), problem, "give one of the two"));
            }
        };
        let centre = wire.centre_px.map_or(size * 0.5, Vec2::from);
        let possible = |problem: CameraError| self.error(key(""), problem.to_string(), "correct this camera");
        let lens = Intrinsics::new(wire.size_px, focal, centre, wire.distortion).map_err(possible)?;
        let (position, target) = (Vec3::from(wire.position_m), Vec3::from(wire.look_at_m));
        let camera =
            VirtualCamera::looking_at(lens, position, target, wire.roll_degrees.to_radians()).map_err(possible)?;
        if position.y < 0.02 {
            let Vec3 { x, y, z } = position;
            return Err(possible(CameraError::InFloor { x, y, z }));
        }
        Ok(camera)
    }
}
