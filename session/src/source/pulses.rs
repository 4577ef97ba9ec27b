//! Where a rig's pulses come from.

use std::collections::BTreeSet;

use calibration_free_config::{Camera, Rig, TriggerMode};
use capture::trigger::{ObservedTrigger, SoftwareTrigger};
use capture::{PulseTrain, Pulses};
use frame::{CameraId, Problem};

use super::cameras::{is_simulated, is_take};

/// Where the pulses of a rig come from; `known` are the pulses that simulated cameras, recordings and studios follow.
pub(super) fn of_rig(rig: &Rig, known: PulseTrain) -> Result<Pulses, Problem> {
    let rate_hz = rig.trigger.rate_hz;
    let here: Vec<&Camera> = rig.cameras.iter().filter(|camera| camera.is_local()).collect();
    let simulated = here.iter().filter(|camera| is_simulated(camera)).count();
    match rig.trigger.mode {
        TriggerMode::FreeRun => Ok(Pulses::Unknown),
        _ if simulated > 0 && simulated == here.len() => {
            let takes: BTreeSet<_> =
                here.iter().filter(|camera| is_take(camera)).map(|camera| &camera.source).collect();
            let others = here.iter().any(|camera| !is_take(camera));
            if takes.len() > 1 || (others && !takes.is_empty()) {
                return Err(Problem::with_remedy(
                    "a take has the pulses of its own session",
                    "give it a rig of its own, or mode = \"free-run\"",
                ));
            }
            Ok(Pulses::Known(known))
        }
        _ if simulated > 0 => Err(Problem::with_remedy(
            "simulated cameras know nothing of real triggers",
            "give them a rig of their own, or mode = \"free-run\"",
        )),
        TriggerMode::Software => Ok(Pulses::From(Box::new(SoftwareTrigger::new(rate_hz)))),
        TriggerMode::Hardware if let Some(device) = &rig.trigger.box_device => trigger_box(rig, device),
        // Nothing announces these pulses: they are inferred from the cameras' timestamps.
        TriggerMode::Hardware | TriggerMode::Primary | TriggerMode::Ptp => {
            let primary = rig.trigger.primary.map(|camera| CameraId(camera as u16));
            Ok(Pulses::From(Box::new(ObservedTrigger::new(rate_hz, primary))))
        }
    }
}

#[cfg(feature = "trigger-box")]
fn trigger_box(rig: &Rig, device: &str) -> Result<Pulses, Problem> {
    use capture::trigger::{TriggerBox, TriggerBoxSettings};
    let mut settings = TriggerBoxSettings::new(device, rig.trigger.rate_hz);
    settings.width_us = rig.trigger.pulse_us.unwrap_or(settings.width_us);
    Ok(Pulses::From(Box::new(TriggerBox::open(settings)?)))
}

#[cfg(not(feature = "trigger-box"))]
fn trigger_box(_: &Rig, _: &str) -> Result<Pulses, Problem> {
    Err(super::cameras::not_built("trigger-box"))
}
