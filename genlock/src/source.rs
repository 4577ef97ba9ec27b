//! Where a session's pictures come from.

use std::path::Path;
use std::sync::Arc;

use calibration_free_config::{Driver, Rig, TriggerMode};
use capture::drivers::gstreamer::open_launch_line;
use capture::drivers::replay::ReplayDriver;
use capture::drivers::simulated::SimulatedCamera;
use capture::{CameraSpec, DriverError, PulseTrain};
use frame::CameraId;
use miette::{IntoDiagnostic, bail};
use take::TakeReader;

use crate::footage::Footage;
use crate::session::POOL_BUFFERS;

/// Expected bytes of a unit where nothing is known of the camera; a larger one grows its buffer once.
/// From opening the cameras to the first trigger: all must be armed by then.
pub const LEAD_NS: i64 = 1_500_000_000;
/// The host of cameras that are attached here.
const LOCAL: &str = "local";
const UNIT_BYTES: usize = 512 << 10;

pub enum Source {
    Footage(Footage),
    Take(Arc<TakeReader>),
    Rig(Rig),
}

impl Source {
    pub fn take(directory: &Path) -> miette::Result<Self> {
        let take = TakeReader::open(directory).into_diagnostic()?;
        if take.is_empty() {
            bail!("{} holds no frame; choose another take", directory.display());
        }
        Ok(Self::Take(Arc::new(take)))
    }

    pub fn camera_names(&self) -> Vec<String> {
        match self {
            Self::Footage(footage) => footage.cameras.iter().map(|camera| camera.name.clone()).collect(),
            Self::Take(take) => take.cameras().to_vec(),
            Self::Rig(rig) => rig.cameras.iter().map(|camera| camera.name.to_string()).collect(),
        }
    }

    /// Frames per second of the source itself; what triggers can be a divisor of it.
    pub fn rate_hz(&self) -> f64 {
        match self {
            Self::Footage(footage) => footage.rate,
            Self::Take(take) => take.info().trigger_rate_hz,
            Self::Rig(rig) => rig.trigger.rate_hz,
        }
    }

    /// Only footage can be played at a divisor of its rate; takes and cameras have the rate that they have.
    pub fn divisible(&self) -> bool {
        matches!(self, Self::Footage(_))
    }

    /// The rig as the take describes it.
    pub fn rig_toml(&self) -> String {
        match self {
            Self::Take(take) => take.info().rig_toml.clone(),
            Self::Rig(rig) => rig.to_toml(),
            Self::Footage(footage) => {
                let cameras = footage.cameras.iter().map(|camera| {
                    format!("\n[[camera]]\nname = \"{0}\"\ndriver = \"gstreamer\"\nsource = \"{0}\"\n", camera.name)
                });
                let head = format!(
                    "version = 1\nname = \"footage\"\n\n[trigger]\nmode = \"hardware\"\nrate-hz = {:?}\n",
                    footage.rate
                );
                std::iter::once(head).chain(cameras).collect()
            }
        }
    }

    /// Cameras to open, and the trigger that they share, the first pulse at `start_ns`.
    pub fn cameras(&self, divisor: u32, start_ns: i64) -> miette::Result<(Vec<CameraSpec>, Option<PulseTrain>)> {
        match self {
            Self::Footage(footage) => {
                let (cameras, pulses) = footage.cameras(divisor, start_ns);
                Ok((cameras, Some(pulses)))
            }
            Self::Take(take) => {
                let specs = (0..take.cameras().len())
                    .map(|index| {
                        let take = take.clone();
                        let name = take.cameras()[index].clone();
                        let camera = CameraId(index as u16);
                        spec(name, move || Ok(Box::new(ReplayDriver::open(take.clone(), camera, start_ns)?)))
                    })
                    .collect();
                Ok((specs, None))
            }
            Self::Rig(rig) => {
                let pulses = PulseTrain { start_ns, period_ns: 1e9 / rig.trigger.rate_hz };
                let specs = rig.cameras.iter().map(|camera| rig_camera(camera, pulses)).collect::<Result<_, _>>()?;
                // Nothing ties the pulses of a launch line's camera to our clock yet: its triggers stay unresolved.
                let known = rig.trigger.mode != TriggerMode::FreeRun
                    && rig.cameras.iter().all(|camera| camera.driver == Driver::Simulated);
                Ok((specs, known.then_some(pulses)))
            }
        }
    }
}

fn spec(
    name: String,
    open: impl FnMut() -> Result<Box<dyn capture::CameraDriver>, DriverError> + Send + 'static,
) -> CameraSpec {
    CameraSpec { name, open: Box::new(open), pool_buffers: POOL_BUFFERS, unit_bytes: UNIT_BYTES }
}

fn rig_camera(camera: &calibration_free_config::Camera, pulses: PulseTrain) -> miette::Result<CameraSpec> {
    let name = camera.name.to_string();
    if camera.host != LOCAL {
        bail!(
            "camera {name} is on the host {}; start `genlock capture` there, with a rig of its own cameras",
            camera.host
        );
    }
    let source = camera.source.clone();
    match camera.driver {
        Driver::Gstreamer => Ok(spec(name, move || Ok(Box::new(open_launch_line(&source)?)))),
        Driver::Simulated => {
            let simulated = SimulatedCamera::new(pulses, 1280, 720);
            Ok(spec(name, move || {
                let due = (frame::monotonic_now_ns() - pulses.start_ns).max(0) as f64 / pulses.period_ns;
                Ok(Box::new(simulated.open(due.ceil() as u64)))
            }))
        }
        other => bail!(
            "camera {name}: this build has no driver {other:?} for a rig; use \"gstreamer\" with a launch line, \
             or `genlock demo --from TAKE` for a recorded take"
        ),
    }
}
