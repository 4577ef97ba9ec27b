//! The cameras of a rig, and its trigger.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use calibration_free_config::{Camera, Driver, Exposes, LOCAL, Rig, TriggerMode};
use capture::drivers::aravis::AravisCamera;
use capture::drivers::gstreamer::{StampDelay, VideoFacts, VideoFile, open_launch_line};
use capture::drivers::nokhwa::NokhwaCamera;
use capture::drivers::replay::ReplayDriver;
use capture::drivers::simulated::SimulatedCamera;
use capture::drivers::v4l2::V4l2Camera;
use capture::trigger::{ObservedTrigger, SoftwareTrigger, TriggerBox, TriggerBoxSettings};
use capture::{DriverError, OpenDriver, PulseTrain, Pulses, Role};
use frame::CameraId;
use miette::{IntoDiagnostic, WrapErr, bail};
use take::TakeReader;

use super::SIMULATED_PX;
use crate::studio;

/// Whether there is hardware behind it, which can fall silent.
pub fn is_device(camera: &Camera) -> bool {
    matches!(camera.driver, Driver::Aravis | Driver::V4l2 | Driver::Nokhwa)
}

/// Silence, while other cameras deliver, that a camera never keeps by itself.
pub(super) fn watchdog(camera: &Camera, rate_hz: f64) -> Option<Duration> {
    let at_least = |seconds: f64| Some(Duration::from_secs_f64(seconds.max(10.0 / rate_hz)));
    match camera.driver {
        Driver::Aravis | Driver::V4l2 | Driver::Nokhwa => at_least(2.0),
        // A stream may take some seconds to its first whole picture.
        Driver::Gstreamer => at_least(10.0),
        // Recorded and rendered pictures may pause, and come again by themselves.
        Driver::Replay | Driver::Simulated | Driver::VirtualStudio => None,
    }
}

/// Who links hosts gives such a camera its driver; nobody else can open it.
pub(super) fn on_another_host(camera: &Camera) -> OpenDriver {
    let host = camera.host.clone();
    Box::new(move || Err(DriverError::Stream(format!("it is on the host {host}"))))
}

/// A simulated camera as the rig describes it.
pub fn simulated(camera: &Camera, pulses: PulseTrain) -> SimulatedCamera {
    let (width_px, height_px) = camera.settings.size_px.unwrap_or(SIMULATED_PX);
    SimulatedCamera { shows_square: camera.source == "square", ..SimulatedCamera::new(pulses, width_px, height_px) }
}

/// Where a rig's pulses come from; `known` are those that simulated cameras and studios keep to.
pub(super) fn rig_pulses(rig: &Rig, known: PulseTrain) -> miette::Result<Pulses> {
    let rate_hz = rig.trigger.rate_hz;
    let here = || rig.cameras.iter().filter(|camera| is_here(camera));
    let simulated = here().filter(|camera| is_simulated(camera)).count();
    match rig.trigger.mode {
        TriggerMode::FreeRun => Ok(Pulses::Unknown),
        _ if simulated > 0 && simulated == here().count() => {
            let takes: BTreeSet<_> = here().filter(|camera| is_take(camera)).map(|camera| &camera.source).collect();
            let others = here().any(|camera| !is_take(camera));
            if takes.len() > 1 || (others && !takes.is_empty()) {
                bail!("a take has the pulses of its own session; give it a rig of its own, or mode = \"free-run\"");
            }
            Ok(Pulses::Known(known))
        }
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

pub(super) fn role(exposes: Exposes) -> Role {
    match exposes {
        Exposes::OnRequest => Role::Fired,
        Exposes::AsPrimary => Role::Leads,
        Exposes::Freely | Exposes::OnPulse | Exposes::OnSchedule => Role::Follows,
    }
}

fn is_take(camera: &Camera) -> bool {
    camera.driver == Driver::Replay && !Path::new(&camera.source).is_file()
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

/// A video file, played once at the rig's rate: of its pictures, those that the pulses would have taken.
fn filmed_camera(name: &str, path: &Path, pulses: PulseTrain) -> miette::Result<OpenDriver> {
    let VideoFacts { frames, rate_hz } =
        VideoFile::facts(path).into_diagnostic().wrap_err_with(|| format!("camera {name}"))?;
    let pulse_hz = 1e9 / pulses.period_ns;
    let divisor = (rate_hz / pulse_hz).round().max(1.0);
    if (rate_hz / pulse_hz / divisor - 1.0).abs() > 1e-4 {
        let path = path.display();
        bail!(
            "camera {name}: {path} has {rate_hz} pictures a second, which {pulse_hz} pulses do not divide; change rate-hz"
        );
    }
    let video = VideoFile { path: path.to_owned(), frames, rate_hz, divisor: divisor as u32, looping: false, pulses };
    Ok(Box::new(move || Ok(Box::new(video.open()?))))
}

pub(super) fn rig_camera(rig: &Rig, index: usize, pulses: PulseTrain) -> miette::Result<OpenDriver> {
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
        Driver::Replay if is_take(camera) => recorded_camera(name, Path::new(&source), pulses.start_ns),
        Driver::Replay => filmed_camera(name, Path::new(&source), pulses),
        // The studios themselves gave their drivers.
        Driver::VirtualStudio => bail!("camera {name}: its studio shows nothing to it"),
    }
}
