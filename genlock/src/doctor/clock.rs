//! The host's clock: is it synchronised, and is reading it cheap?

use calibration_free_config::{Rig, TriggerMode};

use super::finding::Finding;
use super::host::Host;

const SOURCES: &str = "/sys/devices/system/clocksource/clocksource0";
const SLOW: [&str; 3] = ["hpet", "acpi_pm", "jiffies"];

/// The kernel's state of the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    pub synchronised: bool,
    pub max_error_us: i64,
}

impl WallClock {
    pub fn read() -> Option<Self> {
        // SAFETY: an all-zero structure is a valid request that changes nothing, and the kernel fills it.
        let (state, found) = unsafe {
            let mut request: libc::timex = std::mem::zeroed();
            (libc::adjtimex(&mut request), request)
        };
        let synchronised = found.status & libc::STA_UNSYNC == 0;
        (state >= 0).then_some(Self { synchronised, max_error_us: found.maxerror })
    }
}

pub fn check(rig: &Rig, host: &Host, wall: Option<WallClock>) -> Vec<Finding> {
    let several = rig.cameras.iter().any(|camera| !camera.is_local());
    let matters = several || rig.trigger.mode == TriggerMode::Ptp;
    let source = host.text(&format!("{SOURCES}/current_clocksource"));
    let others = host.text(&format!("{SOURCES}/available_clocksource")).unwrap_or_default();
    vec![in_step(wall, matters, 500.0 / rig.trigger.rate_hz), cheap(source, &others)]
}

/// `half_period_ms`: pictures of two hosts that are further apart than this belong to different pulses.
fn in_step(wall: Option<WallClock>, matters: bool, half_period_ms: f64) -> Finding {
    const NAME: &str = "clock";
    const REMEDY: &str = "sudo timedatectl set-ntp true   (for PTP: ptp4l and phc2sys)";
    let Some(wall) = wall else {
        return Finding::not_applicable(NAME, "the system does not tell whether it is in step");
    };
    let error_ms = wall.max_error_us as f64 / 1e3;
    match (wall.synchronised, matters) {
        (true, true) if error_ms > half_period_ms => {
            let found = format!("in step within {error_ms:.1} ms, half a period is {half_period_ms:.1} ms");
            Finding::warning(NAME, found, "sudo apt install chrony   (and a time server nearby, or PTP)")
        }
        (true, _) => Finding::ok(NAME, format!("in step within {error_ms:.1} ms")),
        (false, true) => {
            let found = "not in step with any time server, and several hosts or PTP need one time";
            Finding::failure(NAME, found, REMEDY)
        }
        (false, false) => {
            let found = "not in step with any time server: only the dates of takes and poses in UTC suffer";
            Finding::warning(NAME, found, REMEDY)
        }
    }
}

fn cheap(source: Option<String>, available: &str) -> Finding {
    const NAME: &str = "clock source";
    let Some(source) = source else { return Finding::not_applicable(NAME, "the system does not tell") };
    if !SLOW.contains(&source.as_str()) {
        return Finding::ok(NAME, source);
    }
    let found = format!("{source}: each reading of the time asks a device");
    let remedy = if available.split_whitespace().any(|other| other == "tsc") {
        format!("echo tsc | sudo tee {SOURCES}/current_clocksource")
    } else {
        "`dmesg | grep -i tsc` says why the kernel does not trust the processor's own; often a new firmware helps"
            .into()
    };
    Finding::warning(NAME, found, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::State;

    fn verdict(synchronised: bool, max_error_us: i64, matters: bool) -> State {
        in_step(Some(WallClock { synchronised, max_error_us }), matters, 8.0).state
    }

    #[test]
    fn one_host_can_do_without_a_time_server_and_several_cannot() {
        assert_eq!(verdict(true, 500_000, false), State::Ok);
        assert_eq!(verdict(false, 0, false), State::Warning);
        assert_eq!(verdict(false, 0, true), State::Failure);
        assert_eq!(verdict(true, 20_000, true), State::Warning);
        assert_eq!(verdict(true, 2_000, true), State::Ok);
        assert_eq!(in_step(None, true, 8.0).state, State::NotApplicable);
    }

    #[test]
    fn slow_sources_are_named() {
        assert_eq!(cheap(Some("tsc".into()), "tsc hpet").state, State::Ok);
        assert_eq!(cheap(Some("kvm-clock".into()), "").state, State::Ok);
        let slow = cheap(Some("hpet".into()), "tsc hpet acpi_pm");
        assert_eq!(slow.state, State::Warning);
        assert!(slow.remedy.unwrap().starts_with("echo tsc"));
        assert!(cheap(Some("hpet".into()), "hpet").remedy.unwrap().contains("dmesg"));
    }
}
