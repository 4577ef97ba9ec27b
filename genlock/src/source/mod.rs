//! Where a session's pictures come from.

mod rig;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use calibration_free_config::{Camera, Driver, Rig, TriggerMode};
use capture::drivers::replay::ReplayDriver;
use capture::{CameraSpec, OpenDriver, PulseTrain, Pulses, Role};
use frame::CameraId;
use miette::{IntoDiagnostic, bail};
use subject::Preprocessing;
use take::TakeReader;

pub use self::rig::{is_device, is_here, simulated};
use self::rig::{on_another_host, rig_camera, rig_pulses, role, watchdog};
use crate::footage::Footage;
use crate::hosts::Part;
use crate::session::sets::Matching;
use crate::session::{pool_buffers, recorder};
use crate::studio::Studios;

/// From opening the cameras to the first trigger: all must be armed by then.
pub const LEAD_NS: i64 = 1_500_000_000;
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
            watchdog: None,
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
                        let (role, watchdog) = (role(rig.exposes(index)), watchdog(camera, rig.trigger.rate_hz));
                        Ok(CameraSpec { role, watchdog, ..spec(camera.name.to_string(), open) })
                    })
                    .collect::<miette::Result<_>>()?;
                Ok((specs, rig_pulses(rig, pulses)?))
            }
        }
    }
}
