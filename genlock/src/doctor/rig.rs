//! The rig file itself.

use std::path::Path;

use calibration_free_config::{LOCAL, Rig, TriggerMode};

use super::finding::Finding;

const NAME: &str = "rig";

/// The rig as the host of that name opens it, if it can be read, and the findings about it.
pub fn check(path: &Path, host: Option<&str>) -> (Option<Rig>, Vec<Finding>) {
    let (rig, warnings) = match Rig::read(path) {
        Ok(read) => read,
        Err(error) => {
            let line = error.line().map_or(String::new(), |line| format!(", line {line}"));
            let key = if error.key().is_empty() { String::new() } else { format!(", {}", error.key()) };
            let found = format!("{}{line}{key}: {}", error.origin(), error.problem());
            return (None, vec![Finding::failure(NAME, found, error.remedy())]);
        }
    };
    let rig = match host.map(|host| rig.on(host).ok_or(host)) {
        None => rig,
        Some(Ok(here)) => here,
        Some(Err(host)) => {
            let others = rig.other_hosts().join(", ");
            let remedy = format!("`--host` with one of: {others}; none for the host {LOCAL}");
            return (None, vec![Finding::failure(NAME, format!("no camera is on the host {host}"), remedy)]);
        }
    };
    let here = rig.cameras.iter().filter(|camera| camera.is_local()).count();
    let elsewhere = match rig.cameras.len() - here {
        0 => String::new(),
        others => format!(" and {others} on other hosts"),
    };
    let (name, rate_hz, mode) = (&rig.name, rig.trigger.rate_hz, mode(rig.trigger.mode));
    let mut findings = vec![Finding::ok(NAME, format!("{name}: {here} cameras here{elsewhere}, {mode}, {rate_hz} Hz"))];
    findings.extend(warnings.iter().map(|warning| {
        let remedy = format!("change `{}` in {}, or leave it where it is meant so", warning.key, path.display());
        Finding::warning(NAME, warning.to_string(), remedy)
    }));
    (Some(rig), findings)
}

fn mode(mode: TriggerMode) -> &'static str {
    match mode {
        TriggerMode::Hardware => "hardware trigger",
        TriggerMode::Primary => "one camera leads",
        TriggerMode::Software => "software trigger",
        TriggerMode::Ptp => "triggers scheduled by PTP",
        TriggerMode::FreeRun => "free-run",
    }
}
