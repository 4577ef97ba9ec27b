//! Where a session's pictures come from.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use calibration_free_config::{Camera, Driver, Exposes, LOCAL, Rig, TriggerMode};
use capture::drivers::aravis::AravisCamera;
use capture::drivers::gstreamer::{StampDelay, open_launch_line};
use capture::drivers::nokhwa::NokhwaCamera;
use capture::drivers::replay::ReplayDriver;
use capture::drivers::simulated::SimulatedCamera;
use capture::drivers::v4l2::V4l2Camera;
use capture::trigger::{ObservedTrigger, SoftwareTrigger, TriggerBox, TriggerBoxSettings};
use capture::{CameraSpec, DriverError, OpenDriver, PulseTrain, Pulses, Role};
use frame::CameraId;
use miette::{IntoDiagnostic, bail};
use subject::Preprocessing;
use take::TakeReader;

use crate::footage::Footage;
use crate::hosts::Part;
use crate::session::sets::Matching;
use crate::session::{pool_buffers, recorder};
use crate::studio::{self, Studios};

/// From opening the cameras to the first trigger: all must be armed by then.
pub const LEAD_NS: i64 = 1_500_000_000;
/// A device that is silent for so long while others deliver is opened again.
const SILENCE: Duration = Duration::from_secs(2);
/// Expected bytes of a unit where nothing is known of the camera; a larger one grows its buffer once.
const UNIT_BYTES: usize = 512 << 10;
/// What simulated cameras send: Gray8.
pub const SIMULATED_PX: (u32, u32) = (1280, 720);

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

    /// Of its cameras, those that are attached to this host; they come first.
    pub fn own_cameras(&self) -> usize {
        match self {
            Self::Rig(rig, _) => rig.cameras.iter().filter(|camera| is_here(camera)).count(),
            Self::Footage(_) | Self::Take(_) => self.camera_names().len(),
        }
    }

    /// What this host has to do where it puts the sets together.
    pub fn part(&self, preprocessing: &Preprocessing) -> miette::Result<Part> {
        match self {
            Self::Rig(rig, _) => Part::open(rig, None, preprocessing),
            Self::Footage(_) | Self::Take(_) => Ok(Part::Alone),
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

    /// What makes its pictures belong together.
    pub fn matching(&self) -> Matching {
        let by_time = |rig: &Rig| Matching::Time { tolerance_ns: (rig.trigger.tolerance_ms * 1e6) as u32 };
        let of = |rig: &Rig| if rig.trigger.mode == TriggerMode::FreeRun { by_time(rig) } else { Matching::Trigger };
        match self {
            Self::Footage(_) => Matching::Trigger,
            Self::Take(take) => {
                // A take of other tools may describe its rig in other words; then its triggers say all there is.
                let rig = Rig::from_toml_str(&take.info().rig_toml, "the take's rig").ok();
                rig.map_or(Matching::Trigger, |(rig, _)| of(&rig))
            }
            Self::Rig(rig, _) => of(rig),
        }
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
                let pulses = PulseTrain::new(start_ns, 1e9 / rig.trigger.rate_hz);
                let mut views: HashMap<usize, OpenDriver> = studios.start(pulses)?.into_iter().collect();
                let mut open = |index: usize, camera: &Camera| {
                    if !is_here(camera) {
                        return Ok(on_another_host(camera));
                    }
                    views.remove(&index).map_or_else(|| rig_camera(rig, index, pulses), Ok)
                };
                let specs = rig
                    .cameras
                    .iter()
                    .enumerate()
                    .map(|(index, camera)| {
                        let open = open(index, camera)?;
                        Ok(CameraSpec { role: role(rig.exposes(index)), ..spec(camera.name.to_string(), open) })
                    })
                    .collect::<miette::Result<_>>()?;
                Ok((specs, rig_pulses(rig, pulses)?))
            }
        }
    }
}

/// Whether there is hardware behind it, which can fall silent.
pub fn is_device(camera: &Camera) -> bool {
    matches!(camera.driver, Driver::Aravis | Driver::V4l2 | Driver::Nokhwa)
}

/// Who links hosts gives such a camera its driver; nobody else can open it.
fn on_another_host(camera: &Camera) -> OpenDriver {
    let host = camera.host.clone();
    Box::new(move || Err(DriverError::Stream(format!("it is on the host {host}"))))
}

/// A simulated camera as the rig describes it.
pub fn simulated(camera: &Camera, pulses: PulseTrain) -> SimulatedCamera {
    let (width_px, height_px) = camera.settings.size_px.unwrap_or(SIMULATED_PX);
    SimulatedCamera { shows_square: camera.source == "square", ..SimulatedCamera::new(pulses, width_px, height_px) }
}

/// Where a rig's pulses come from; `known` are those that simulated cameras and studios keep to.
fn rig_pulses(rig: &Rig, known: PulseTrain) -> miette::Result<Pulses> {
    let rate_hz = rig.trigger.rate_hz;
    let here = || rig.cameras.iter().filter(|camera| is_here(camera));
    let simulated = here().filter(|camera| is_simulated(camera)).count();
    match rig.trigger.mode {
        TriggerMode::FreeRun => Ok(Pulses::Unknown),
        _ if simulated > 0 && simulated == here().count() => Ok(Pulses::Known(known)),
        _ if simulated > 0 => bail!(
            "simulated cameras know nothing of real triggers; give them a rig of their own, or mode = \"free-run\""
        ),
        TriggerMode::Software => Ok(Pulses::From(Box::new(SoftwareTrigger::new(rate_hz)))),
        TriggerMode::Hardware if let Some(device) = &rig.trigger.box_device => {
            let mut settings = TriggerBoxSettings::new(device, rate_hz);
            settings.width_us = rig.trigger.pulse_us.unwrap_or(settings.width_us);
            Ok(Pulses::From(Box::new(TriggerBox::open(settings).into_diagnostic()?)))
        }
        // Nobody tells us of these pulses: they are learned from the cameras' own times.
        TriggerMode::Hardware | TriggerMode::Primary | TriggerMode::Ptp => {
            let primary = rig.trigger.primary.map(|camera| CameraId(camera as u16));
            Ok(Pulses::From(Box::new(ObservedTrigger::new(rate_hz, primary))))
        }
    }
}

fn role(exposes: Exposes) -> Role {
    match exposes {
        Exposes::OnRequest => Role::Fired,
        Exposes::AsPrimary => Role::Leads,
        Exposes::Freely | Exposes::OnPulse | Exposes::OnSchedule => Role::Follows,
    }
}

fn is_simulated(camera: &Camera) -> bool {
    matches!(camera.driver, Driver::Simulated | Driver::Replay) || studio::is_virtual(camera)
}

/// Whether it is attached to this host.
pub fn is_here(camera: &Camera) -> bool {
    camera.host == LOCAL
}

/// What the rig says of a launch line's stamps. With a delay alone, it is known to a millisecond.
fn stamp_delay(camera: &Camera) -> StampDelay {
    let ns = |ms: f64| (ms * 1e6) as i64;
    let said = &camera.settings;
    match (said.least_delay_ms, said.least_delay_uncertainty_ms) {
        (None, None) => StampDelay::default(),
        (delay, uncertainty) => {
            StampDelay { ns: ns(delay.unwrap_or(0.0)), uncertainty_ns: ns(uncertainty.unwrap_or(1.0)) as u32 }
        }
    }
}

/// The camera of that name in a take, played once.
fn recorded_camera(name: &str, take: &Path, start_ns: i64) -> miette::Result<OpenDriver> {
    let take = Arc::new(TakeReader::open(take).into_diagnostic()?);
    let Some(index) = take.cameras().iter().position(|camera| camera == name) else {
        let there = take.cameras().join(", ");
        bail!("camera {name}: the take {} has none of that name; use one of {there}", take.directory().display());
    };
    let camera = CameraId(index as u16);
    Ok(Box::new(move || Ok(Box::new(ReplayDriver::open(take.clone(), camera, start_ns)?))))
}

fn rig_camera(rig: &Rig, index: usize, pulses: PulseTrain) -> miette::Result<OpenDriver> {
    let camera = &rig.cameras[index];
    let name = &camera.name;
    let (source, settings) = (camera.source.clone(), camera.settings.clone());
    let (exposes, rate_hz) = (rig.exposes(index), rig.trigger.rate_hz);
    match camera.driver {
        Driver::Gstreamer => {
            let delay = stamp_delay(camera);
            Ok(Box::new(move || Ok(Box::new(open_launch_line(&source, delay)?))))
        }
        Driver::Simulated => {
            let simulated = simulated(camera, pulses);
            Ok(Box::new(move || {
                let due = (frame::monotonic_now_ns() - pulses.start_ns).max(0) as f64 / pulses.period_ns;
                Ok(Box::new(simulated.open(due.ceil() as u64)))
            }))
        }
        Driver::V4l2 => {
            let device = V4l2Camera { source, settings, exposes, rate_hz };
            Ok(Box::new(move || Ok(Box::new(device.open()?))))
        }
        Driver::Aravis => {
            let device = AravisCamera { source, settings, exposes, rate_hz };
            Ok(Box::new(move || Ok(Box::new(device.open()?))))
        }
        Driver::Nokhwa => {
            let device = NokhwaCamera { source, settings, exposes, rate_hz };
            Ok(Box::new(move || Ok(Box::new(device.open()?))))
        }
        Driver::Replay => recorded_camera(name, Path::new(&source), pulses.start_ns),
        // The studios themselves gave their drivers.
        Driver::VirtualStudio => bail!("camera {name}: its studio shows nothing to it"),
    }
}
