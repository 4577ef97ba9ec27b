//! The cameras of a rig on this host, as capture opens them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use calibration_free_config::{Camera, Driver, Exposes, Rig};
use capture::drivers::replay::{Playing, ReplayDriver};
use capture::drivers::simulated::SimulatedCamera;
use capture::{OpenDriver, PulseTrain, Role};
use frame::{CameraId, Problem, monotonic_now_ns};
use take::TakeReader;

use super::opener::opener;
use super::recorded;
#[cfg(feature = "gstreamer")]
use super::videos;

/// What simulated cameras send unless the rig says otherwise: Gray8 of this size.
pub const SIMULATED_PX: (u32, u32) = (1280, 720);
/// Expected bytes of a unit of an unknown camera; a larger unit grows its buffer once.
const UNIT_BYTES: usize = 512 << 10;

/// A camera's source, as checked before capture opens the camera.
pub(super) enum Source {
    /// Opened by its driver.
    Device,
    /// A camera of a take.
    Take(Arc<TakeReader>, CameraId),
    #[cfg(feature = "gstreamer")]
    Video(videos::Video),
}

impl Source {
    /// Checks the source of a camera. `take` opens takes, each once.
    pub fn look(
        camera: &Camera,
        take: impl FnOnce(&Path) -> Result<Arc<TakeReader>, Problem>,
    ) -> Result<Self, Problem> {
        let path = Path::new(&camera.source);
        match camera.driver {
            Driver::Replay if is_take(camera) => {
                let take = take(path)?;
                match take.cameras().iter().position(|name| *name == *camera.name) {
                    Some(index) => Ok(Self::Take(take, CameraId(index as u16))),
                    None => Err(Problem::with_remedy(
                        format!("the take {} has no camera of that name", path.display()),
                        format!("use one of {}", take.cameras().join(", ")),
                    )),
                }
            }
            #[cfg(feature = "gstreamer")]
            Driver::Replay => Ok(Self::Video(videos::Video::look(path))),
            #[cfg(not(feature = "gstreamer"))]
            Driver::Replay => Err(not_built("gstreamer")),
            _ => Ok(Self::Device),
        }
    }

    /// Expected bytes of one unit.
    pub fn unit_bytes(&self, camera: &Camera) -> usize {
        match self {
            #[cfg(feature = "gstreamer")]
            Self::Video(video) => video.unit_bytes().unwrap_or(UNIT_BYTES),
            _ if camera.driver == Driver::Simulated => {
                let (width_px, height_px) = camera.settings.size_px.unwrap_or(SIMULATED_PX);
                (width_px * height_px) as usize
            }
            _ => UNIT_BYTES,
        }
    }

    /// How to open a camera of a rig. Recorded sources play `looping`, or once.
    pub fn opener(&self, rig: &Rig, index: usize, pulses: PulseTrain, looping: bool) -> Result<OpenDriver, Problem> {
        let camera = &rig.cameras[index];
        match self {
            Self::Take(take, camera) => {
                let (take, camera) = (take.clone(), *camera);
                let playing = if looping { recorded::looping(&take, pulses)? } else { Playing::Once };
                Ok(opener(move || ReplayDriver::open(take.clone(), camera, pulses.start_ns, playing)))
            }
            #[cfg(feature = "gstreamer")]
            Self::Video(video) => video.opener(pulses, looping),
            Self::Device => {
                // Devices never end.
                let _ = looping;
                device(rig, camera, rig.exposes(index), pulses)
            }
        }
    }
}

#[cfg_attr(
    not(all(feature = "aravis", feature = "gstreamer", feature = "nokhwa", feature = "v4l2")),
    allow(unused_variables)
)]
fn device(rig: &Rig, camera: &Camera, exposes: Exposes, pulses: PulseTrain) -> Result<OpenDriver, Problem> {
    let (source, settings, rate_hz) = (camera.source.clone(), camera.settings.clone(), rig.trigger.rate_hz);
    match camera.driver {
        Driver::Simulated => {
            let simulated = simulated(camera, pulses);
            Ok(opener(move || {
                let due = (monotonic_now_ns() - pulses.start_ns).max(0) as f64 / pulses.period_ns;
                Ok(simulated.open(due.ceil() as u64))
            }))
        }
        #[cfg(feature = "gstreamer")]
        Driver::Gstreamer => {
            let delay = videos::stamp_delay(camera);
            Ok(opener(move || capture::drivers::gstreamer::open_launch_line(&source, delay)))
        }
        #[cfg(not(feature = "gstreamer"))]
        Driver::Gstreamer => Err(not_built("gstreamer")),
        #[cfg(feature = "v4l2")]
        Driver::V4l2 => {
            let device = capture::drivers::v4l2::V4l2Camera { source, settings, exposes, rate_hz };
            Ok(opener(move || device.open()))
        }
        #[cfg(not(feature = "v4l2"))]
        Driver::V4l2 => Err(not_built("v4l2")),
        #[cfg(feature = "aravis")]
        Driver::Aravis => {
            let device = capture::drivers::aravis::AravisCamera { source, settings, exposes, rate_hz };
            Ok(opener(move || device.open()))
        }
        #[cfg(not(feature = "aravis"))]
        Driver::Aravis => Err(not_built("aravis")),
        #[cfg(feature = "nokhwa")]
        Driver::Nokhwa => {
            let device = capture::drivers::nokhwa::NokhwaCamera { source, settings, exposes, rate_hz };
            Ok(opener(move || device.open()))
        }
        #[cfg(not(feature = "nokhwa"))]
        Driver::Nokhwa => Err(not_built("nokhwa")),
        // Studios provide their own drivers, if they are compiled in.
        Driver::VirtualStudio => Err(not_built("virtual-studio")),
        Driver::Replay => Err(Problem::new("its source was not checked")),
    }
}

/// The error for a driver that this build lacks.
pub(super) fn not_built(feature: &str) -> Problem {
    Problem::with_remedy(format!("this build has no driver `{feature}`"), format!("build with `--features {feature}`"))
}

/// A simulated camera as the rig describes it.
pub(crate) fn simulated(camera: &Camera, pulses: PulseTrain) -> SimulatedCamera {
    let (width_px, height_px) = camera.settings.size_px.unwrap_or(SIMULATED_PX);
    SimulatedCamera { shows_square: camera.source == "square", ..SimulatedCamera::new(pulses, width_px, height_px) }
}

/// How long a camera may be silent while others deliver before it counts as failed.
pub(super) fn watchdog(camera: &Camera, rate_hz: f64) -> Option<Duration> {
    let at_least = |seconds: f64| Some(Duration::from_secs_f64(seconds.max(10.0 / rate_hz)));
    match camera.driver {
        Driver::Aravis | Driver::V4l2 | Driver::Nokhwa => at_least(2.0),
        // A stream may take some seconds until its first complete picture.
        Driver::Gstreamer => at_least(10.0),
        // Recorded and rendered pictures may pause and resume by themselves.
        Driver::Replay | Driver::Simulated | Driver::VirtualStudio => None,
    }
}

pub(super) fn role(exposes: Exposes) -> Role {
    match exposes {
        Exposes::OnRequest => Role::Fired,
        Exposes::AsPrimary => Role::Leads,
        Exposes::Freely | Exposes::OnPulse | Exposes::OnSchedule => Role::Follows,
    }
}

/// Whether its source is a take rather than a video.
pub(super) fn is_take(camera: &Camera) -> bool {
    camera.driver == Driver::Replay && !Path::new(&camera.source).is_file()
}

/// Whether its pictures are recorded or synthetic, so that it follows our pulses.
pub(super) fn is_simulated(camera: &Camera) -> bool {
    matches!(camera.driver, Driver::Simulated | Driver::Replay | Driver::VirtualStudio)
}
