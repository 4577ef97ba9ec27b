//! Where pictures come from: every source is a rig. Footage, takes and scenarios become rigs whose cameras play them.

pub mod cameras;
mod opener;
mod pulses;
mod recorded;
#[cfg(feature = "virtual-studio")]
mod studio;
#[cfg(feature = "gstreamer")]
mod videos;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use calibration_free_config::{Driver, Rig, TriggerMode};
use capture::{CameraSpec, OpenDriver, PulseTrain, Pulses};
use frame::Problem;
use take::TakeReader;

pub use recorded::{footage_rig, take_rig};
#[cfg(feature = "virtual-studio")]
pub use studio::studio_rig;

use crate::recorder;
use crate::sets::matching::Matching;
use cameras::{Source, role, watchdog};

/// How recorded sources are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playback {
    /// Videos and takes begin again when they end.
    pub looping: bool,
    /// Divisor of the rig's pulse rate.
    pub divisor: u32,
}

impl Default for Playback {
    /// Once, at the rig's rate.
    fn default() -> Self {
        Self { looping: false, divisor: 1 }
    }
}

/// The cameras of a rig that are attached to this host, with everything opened that can be opened before capture.
pub struct OpenRig {
    rig: Rig,
    sources: Vec<Source>,
    #[cfg(feature = "virtual-studio")]
    studios: studio::Studios,
}

impl OpenRig {
    /// Checks takes and videos, and sets up virtual studios.
    ///
    /// # Errors
    /// What is wrong with a camera's source; it names the camera.
    pub fn open(rig: Rig) -> Result<Self, SourceProblem> {
        let mut takes: HashMap<PathBuf, Arc<TakeReader>> = HashMap::new();
        let mut take = |path: &Path| match takes.get(path) {
            Some(take) => Ok(take.clone()),
            None => {
                let take = TakeReader::open(path).map_err(|error| Problem::new(error.to_string()))?;
                Ok(takes.entry(path.to_owned()).or_insert(Arc::new(take)).clone())
            }
        };
        let sources = rig
            .cameras
            .iter()
            .filter(|camera| camera.is_local())
            .map(|camera| {
                Source::look(camera, &mut take).map_err(|problem| SourceProblem::of_camera(problem, &camera.name))
            })
            .collect::<Result<_, _>>()?;
        #[cfg(feature = "virtual-studio")]
        let studios = studio::Studios::open(&rig)?;
        Ok(Self {
            rig,
            sources,
            #[cfg(feature = "virtual-studio")]
            studios,
        })
    }

    pub fn rig(&self) -> &Rig {
        &self.rig
    }

    /// How many cameras are attached to this host; they come first in the rig.
    pub fn local_cameras(&self) -> usize {
        self.sources.len()
    }

    /// Pulses a second.
    pub fn rate_hz(&self, playback: Playback) -> f64 {
        self.rig.trigger.rate_hz / f64::from(playback.divisor)
    }

    /// Whether any of its cameras plays a recording.
    pub(crate) fn is_replayed(&self) -> bool {
        self.rig.cameras.iter().any(|camera| camera.driver == Driver::Replay)
    }

    /// How its pictures are matched into sets.
    pub(crate) fn matching(&self) -> Matching {
        match self.rig.trigger.mode {
            TriggerMode::FreeRun => Matching::Time { tolerance_ns: (self.rig.trigger.tolerance_ms * 1e6) as u64 },
            _ => Matching::Trigger,
        }
    }

    /// Expected bytes of the largest unit.
    fn unit_bytes(&self) -> usize {
        let each = self.sources.iter().zip(&self.rig.cameras).map(|(source, camera)| source.unit_bytes(camera));
        each.max().unwrap_or_default()
    }

    /// Buffers of each camera that may be queued for the disk.
    pub(crate) fn recorder_buffers(&self) -> usize {
        recorder::buffers(self.unit_bytes(), self.rig.cameras.len())
    }

    /// This host's cameras to open, and the trigger that they share, the first pulse at `start_ns`.
    ///
    /// # Errors
    /// What is wrong with a camera, which it names, or with the trigger.
    pub fn cameras(&self, playback: Playback, start_ns: i64) -> Result<(Vec<CameraSpec>, Pulses), SourceProblem> {
        let rig = &self.rig;
        let pulses = PulseTrain::new(start_ns, 1e9 / self.rate_hz(playback));
        #[cfg(feature = "virtual-studio")]
        let mut views: HashMap<usize, OpenDriver> = self.studios.start(pulses)?.into_iter().collect();
        #[cfg(not(feature = "virtual-studio"))]
        let mut views: HashMap<usize, OpenDriver> = HashMap::new();
        let (pool_buffers, unit_bytes) = (crate::pool_buffers(self.recorder_buffers()), self.unit_bytes());
        let specs = self
            .sources
            .iter()
            .enumerate()
            .map(|(index, source)| {
                let camera = &rig.cameras[index];
                let open = views.remove(&index).map_or_else(|| source.opener(rig, index, pulses, playback.looping), Ok);
                Ok(CameraSpec {
                    name: camera.name.to_string(),
                    open: open.map_err(|problem| SourceProblem::of_camera(problem, &camera.name))?,
                    pool_buffers,
                    unit_bytes,
                    role: role(rig.exposes(index)),
                    watchdog: watchdog(camera, rig.trigger.rate_hz),
                })
            })
            .collect::<Result<_, SourceProblem>>()?;
        Ok((specs, pulses::of_rig(rig, pulses)?))
    }
}

/// What is wrong with the sources of a rig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceProblem {
    /// The camera whose source it is, unless it is about several.
    pub camera: Option<String>,
    pub problem: Problem,
}

impl SourceProblem {
    fn of_camera(problem: Problem, name: &str) -> Self {
        Self { camera: Some(name.to_owned()), problem }
    }
}

impl From<Problem> for SourceProblem {
    fn from(problem: Problem) -> Self {
        Self { camera: None, problem }
    }
}

impl From<SourceProblem> for Problem {
    fn from(SourceProblem { camera, problem }: SourceProblem) -> Self {
        match camera {
            Some(name) => problem.of(format_args!("camera {name}")),
            None => problem,
        }
    }
}

/// By how much the pulses divide the rate of a recording.
///
/// # Errors
/// They do not.
fn divisor(path: &Path, rate_hz: f64, pulses: PulseTrain) -> Result<u32, Problem> {
    let pulse_hz = 1e9 / pulses.period_ns;
    let divisor = (rate_hz / pulse_hz).round().max(1.0);
    if (rate_hz / pulse_hz / divisor - 1.0).abs() > 1e-4 {
        let path = path.display();
        return Err(Problem::with_remedy(
            format!("{path} has {rate_hz} pictures a second, which {pulse_hz} pulses do not divide"),
            "change rate-hz",
        ));
    }
    Ok(divisor as u32)
}

/// Text as a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A path as the `source` of a camera.
fn source_text(path: &Path) -> Result<&str, Problem> {
    let what = || Problem::with_remedy(format!("{}: this path is no UTF-8", path.display()), "rename it");
    path.to_str().ok_or_else(what)
}

/// A rig whose cameras replay takes or videos. Given a tolerance, pictures are matched by time.
fn rig_of_replays<P: AsRef<Path>>(
    name: &str,
    rate_hz: f64,
    tolerance_ms: Option<f64>,
    cameras: impl Iterator<Item = (impl AsRef<str>, P)>,
) -> Result<Rig, Problem> {
    let trigger = match tolerance_ms {
        Some(tolerance_ms) => format!("mode = \"free-run\"\ntolerance-ms = {tolerance_ms:?}"),
        None => "mode = \"hardware\"".into(),
    };
    let head = format!("version = 1\nname = {}\n\n[trigger]\n{trigger}\nrate-hz = {rate_hz:?}\n", quoted(name));
    let mut text = head;
    for (camera, source) in cameras {
        let (camera, source) = (quoted(camera.as_ref()), quoted(source_text(source.as_ref())?));
        text += &format!("\n[[camera]]\nname = {camera}\ndriver = \"replay\"\nsource = {source}\n");
    }
    Rig::from_toml_str(&text, name).map(|(rig, _)| rig).map_err(|error| {
        Problem::with_remedy(format!("{} of what is to be played: {}", error.key(), error.problem()), error.remedy())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_of_a_file_can_be_played() {
        for path in ["/data/Mu\u{308}ller/\u{a0}take", "/data/\"quoted\" and 'both'", "C:\\data\\take", "/tab\there"] {
            let rig = rig_of_replays("take", 25.0, None, [("left", path), ("right", path)].into_iter()).unwrap();
            assert!(rig.cameras.iter().all(|camera| camera.source == path), "{path}: {:?}", rig.cameras[0].source);
        }
    }
}
