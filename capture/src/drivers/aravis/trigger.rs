//! Configures what makes a camera expose.

use std::time::{Duration, Instant};

use ::aravis::Camera;
use ::aravis::prelude::*;
use calibration_free_config::Exposes;

use super::features::Features;
use crate::DriverError;

const LINE_IN: &str = "Line0";
const LINE_OUT: &str = "Line1";
/// How long a camera may take to synchronise with its network's clock.
const PTP: Duration = Duration::from_secs(20);

pub fn set(
    camera: &Camera,
    features: &Features,
    exposes: Exposes,
    rate_hz: f64,
    line: Option<&str>,
) -> Result<(), DriverError> {
    match exposes {
        Exposes::Freely => run_freely(camera, features, rate_hz),
        Exposes::AsPrimary => {
            run_freely(camera, features, rate_hz)?;
            tell_others(camera, features, line.unwrap_or(LINE_OUT))
        }
        Exposes::OnPulse => on(camera, features, line.unwrap_or(LINE_IN)),
        Exposes::OnRequest => on(camera, features, "Software"),
        Exposes::OnSchedule => on_schedule(camera, features, rate_hz),
    }
}

fn run_freely(camera: &Camera, features: &Features, rate_hz: f64) -> Result<(), DriverError> {
    // Cameras without triggers refuse this, which is fine.
    let _ = camera.clear_triggers();
    if let Ok((least, most)) = camera.frame_rate_bounds()
        && !(least..=most).contains(&rate_hz)
    {
        let why = format!("with these settings it makes {least:.1} to {most:.1}");
        return Err(features.refused(&format!("{rate_hz} Hz"), &why, "lower rate-hz, exposure-us or the size"));
    }
    features.ask(&format!("{rate_hz} Hz"), camera.set_frame_rate(rate_hz))
}

fn on(camera: &Camera, features: &Features, source: &str) -> Result<(), DriverError> {
    let offered = camera.dup_available_trigger_sources().unwrap_or_default();
    if !offered.iter().any(|offer| offer.as_str() == source) {
        let offered: Vec<_> = offered.iter().map(|offer| offer.as_str()).collect();
        let why = format!("it offers {}", offered.join(", "));
        return Err(features.refused(&format!("triggers from {source}"), &why, "set trigger-line to one of these"));
    }
    features.ask(&format!("triggers from {source}"), camera.set_trigger(source))
}

/// The output line is high while the camera exposes.
fn tell_others(camera: &Camera, features: &Features, line: &str) -> Result<(), DriverError> {
    let what = format!("to tell its exposures on {line}");
    if !features.has("LineSelector") || !features.has("LineSource") {
        let remedy = "let another camera be the primary one, or use a trigger box";
        return Err(features.refused(&what, "it has no output lines", remedy));
    }
    features.ask(&what, camera.set_string("LineSelector", line))?;
    if features.has("LineMode") {
        features.ask(&what, camera.set_string("LineMode", "Output"))?;
    }
    features.ask(&what, camera.set_string("LineSource", "ExposureActive"))
}

/// Exposures at common times need cameras that schedule them by the shared clock; the standard defines no single way.
fn on_schedule(camera: &Camera, features: &Features, rate_hz: f64) -> Result<(), DriverError> {
    let remedy = "use mode = \"hardware\" with a trigger line";
    let clock = ["PtpEnable", "GevIEEE1588"].into_iter().find(|feature| features.has(feature));
    let Some(clock) = clock else { return Err(features.refused("PTP", "it has none", remedy)) };
    features.ask("PTP", camera.set_boolean(clock, true))?;
    let status = ["PtpStatus", "GevIEEE1588Status"].into_iter().find(|feature| features.has(feature));
    let begun = Instant::now();
    while let Some(status) = status {
        let says = features.ask("to say how its clock is", camera.string(status))?;
        if matches!(says.as_str(), "Slave" | "Master") {
            break;
        }
        if begun.elapsed() > PTP {
            let why = format!("its clock is {says} after {} s", PTP.as_secs());
            return Err(features.refused("PTP", &why, "check that a grand master is in its network"));
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    if !features.has("SyncFreeRunTimerEnable") {
        return Err(features.refused("exposures at common times", "it cannot schedule them by its clock", remedy));
    }
    let _ = camera.clear_triggers();
    features.ask(&format!("{rate_hz} Hz"), camera.set_float("SyncFreeRunTimerTriggerRateAbs", rate_hz))?;
    features.ask("exposures at common times", camera.execute_command("SyncFreeRunTimerUpdate"))?;
    features.ask("exposures at common times", camera.set_boolean("SyncFreeRunTimerEnable", true))
}
