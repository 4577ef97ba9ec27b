//! Where a session's pictures come from.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use calibration_free_config::{Camera, Driver, Rig, TriggerMode};
use capture::drivers::gstreamer::open_launch_line;
use capture::drivers::nokhwa::NokhwaCamera;
use capture::drivers::replay::ReplayDriver;
use capture::drivers::simulated::SimulatedCamera;
use capture::drivers::v4l2::V4l2Camera;
use capture::{CameraSpec, OpenDriver, PulseTrain, Pulses, Role};
use frame::CameraId;
use miette::{IntoDiagnostic, bail};
use take::TakeReader;

use crate::footage::Footage;
use crate::session::{pool_buffers, recorder};
use crate::studio::{self, Studios};

/// From opening the cameras to the first trigger: all must be armed by then.
pub const LEAD_NS: i64 = 1_500_000_000;
/// The host of cameras that are attached here.
const LOCAL: &str = "local";
/// A device that is silent for so long while others deliver is opened again.
const SILENCE: Duration = Duration::from_secs(2);
/// Expected bytes of a unit where nothing is known of the camera; a larger one grows its buffer once.
const UNIT_BYTES: usize = 512 << 10;
/// What simulated cameras send: Gray8.
const SIMULATED_PX: (u32, u32) = (1280, 720);

pub enum Source {
    Footage(Footage),
    Take(Arc<TakeReader>),
    Rig(Rig, Studios),
}

impl Source {
    pub fn take(directory: &Path) -> miette::Result<Self> {
        let take = TakeReader::open(directory).into_diagnostic()?;
        if take.is_empty() {
            bail!("{} holds no frame; choose another take", directory.display());
        }
        Ok(Self::Take(Arc::new(take)))
    }

    /// The cameras of a rig; its virtual studios are set up here.
    pub fn rig(rig: Rig) -> miette::Result<Self> {
        let studios = Studios::open(&rig)?;
        Ok(Self::Rig(rig, studios))
    }

    pub fn camera_names(&self) -> Vec<String> {
        match self {
            Self::Footage(footage) => footage.cameras.iter().map(|camera| camera.name.clone()).collect(),
            Self::Take(take) => take.cameras().to_vec(),
            Self::Rig(rig, _) => rig.cameras.iter().map(|camera| camera.name.to_string()).collect(),
        }
    }

    /// Frames per second of the source itself; what triggers can be a divisor of it.
    pub fn rate_hz(&self) -> f64 {
        match self {
            Self::Footage(footage) => footage.rate,
            Self::Take(take) => take.info().trigger_rate_hz,
            Self::Rig(rig, _) => rig.trigger.rate_hz,
        }
    }

    /// Only footage can be played at a divisor of its rate; takes and cameras have the rate that they have.
    pub fn divisible(&self) -> bool {
        matches!(self, Self::Footage(_))
    }

    /// Silence, while other cameras deliver, that a camera of this source never keeps by itself.
    pub fn watchdog(&self) -> Option<Duration> {
        match self {
            // Recorded and rendered pictures may pause, and come again by themselves.
            Self::Footage(_) | Self::Take(_) => None,
            Self::Rig(rig, _) => rig.cameras.iter().any(is_device).then_some(SILENCE),
        }
    }

    /// Expected bytes of a unit.
    fn unit_bytes(&self) -> usize {
        match self {
            Self::Footage(footage) => footage.unit_bytes(),
            Self::Rig(rig, _) if rig.cameras.iter().any(|camera| camera.driver == Driver::Simulated) => {
                (SIMULATED_PX.0 * SIMULATED_PX.1) as usize
            }
            Self::Take(_) | Self::Rig(..) => UNIT_BYTES,
        }
    }

    /// Buffers of each camera that may wait for the disk.
    pub fn recorder_buffers(&self) -> usize {
        recorder::buffers(self.unit_bytes(), self.camera_names().len())
    }

    /// The rig as the take describes it.
    pub fn rig_toml(&self) -> String {
        match self {
            Self::Take(take) => take.info().rig_toml.clone(),
            Self::Rig(rig, _) => rig.to_toml(),
            Self::Footage(footage) => footage.rig_toml(),
        }
    }

    /// Cameras to open, and the trigger that they share, the first pulse at `start_ns`.
    pub fn cameras(&self, divisor: u32, start_ns: i64) -> miette::Result<(Vec<CameraSpec>, Pulses)> {
        let (buffers, unit_bytes) = (pool_buffers(self.recorder_buffers()), self.unit_bytes());
        let spec = |name: String, open: OpenDriver| CameraSpec {
            name,
            open,
            pool_buffers: buffers,
            unit_bytes,
            role: Role::Follows,
        };
        match self {
            Self::Footage(footage) => {
                let (cameras, pulses) = footage.cameras(divisor, start_ns, buffers);
                Ok((cameras, Pulses::Known(pulses)))
            }
            Self::Take(take) => {
                let specs = (0..take.cameras().len())
                    .map(|index| {
                        let take = take.clone();
                        let name = take.cameras()[index].clone();
                        let camera = CameraId(index as u16);
                        spec(name, Box::new(move || Ok(Box::new(ReplayDriver::open(take.clone(), camera, start_ns)?))))
                    })
                    .collect();
                Ok((specs, Pulses::Unknown))
            }
            Self::Rig(rig, studios) => {
                let pulses = PulseTrain { start_ns, period_ns: 1e9 / rig.trigger.rate_hz };
                let mut views: HashMap<usize, OpenDriver> = studios.start(pulses)?.into_iter().collect();
                let mut open = |index: usize, camera: &Camera| {
                    check_host(camera)?;
                    views.remove(&index).map_or_else(|| rig_camera(rig, index, pulses), Ok)
                };
                let specs = rig
                    .cameras
                    .iter()
                    .enumerate()
                    .map(|(index, camera)| Ok(spec(camera.name.to_string(), open(index, camera)?)))
                    .collect::<miette::Result<_>>()?;
                // Nothing ties the pulses of a launch line's camera to our clock yet: its triggers stay unresolved.
                let known = rig.trigger.mode != TriggerMode::FreeRun
                    && rig
                        .cameras
                        .iter()
                        .all(|camera| camera.driver == Driver::Simulated || studio::is_virtual(camera));
                Ok((specs, if known { Pulses::Known(pulses) } else { Pulses::Unknown }))
            }
        }
    }
}

/// Whether there is hardware behind it, which can fall silent.
fn is_device(camera: &Camera) -> bool {
    matches!(camera.driver, Driver::Aravis | Driver::V4l2 | Driver::Nokhwa)
}

fn check_host(camera: &Camera) -> miette::Result<()> {
    if camera.host != LOCAL {
        let Camera { name, host, .. } = camera;
        bail!("camera {name} is on the host {host}; start `genlock capture` there, with a rig of its own cameras");
    }
    Ok(())
}

fn rig_camera(rig: &Rig, index: usize, pulses: PulseTrain) -> miette::Result<OpenDriver> {
    let camera = &rig.cameras[index];
    let name = &camera.name;
    let (source, settings) = (camera.source.clone(), camera.settings.clone());
    let (exposes, rate_hz) = (rig.exposes(index), rig.trigger.rate_hz);
    match camera.driver {
        Driver::Gstreamer => Ok(Box::new(move || Ok(Box::new(open_launch_line(&source)?)))),
        Driver::Simulated => {
            let simulated = SimulatedCamera::new(pulses, SIMULATED_PX.0, SIMULATED_PX.1);
            Ok(Box::new(move || {
                let due = (frame::monotonic_now_ns() - pulses.start_ns).max(0) as f64 / pulses.period_ns;
                Ok(Box::new(simulated.open(due.ceil() as u64)))
            }))
        }
        Driver::V4l2 => {
            let device = V4l2Camera { source, settings, exposes, rate_hz };
            Ok(Box::new(move || Ok(Box::new(device.open()?))))
        }
        Driver::Nokhwa => {
            let device = NokhwaCamera { source, settings, exposes, rate_hz };
            Ok(Box::new(move || Ok(Box::new(device.open()?))))
        }
        other => bail!(
            "camera {name}: this build has no driver {other:?} for a rig; use \"gstreamer\" with a launch line, \
             or `genlock demo --from TAKE` for a recorded take"
        ),
    }
}
