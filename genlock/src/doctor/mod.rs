//! Checks what can make a session fail, before it starts and without changing anything. `host` reads the facts; each
//! check evaluates them in its own file.

mod clock;
mod device;
mod disk;
mod finding;
mod host;
mod learning;
mod limits;
mod link;
mod network;
mod opening;
mod page;
mod processor;
mod rate;
mod rig;
mod space;
mod usb;

use std::path::Path;

use calibration_free_config::Rig;
use session::RecordingPlan;

use clock::WallClock;
pub use finding::{Finding, State};
use host::Host;

use crate::rig_recording;

/// All checks of a rig file. `name`: the name of this host if the rig has several and this is not the first. `record`:
/// the folder of takes instead of the rig's.
pub fn examine(path: &Path, name: Option<&str>, record: Option<&Path>) -> Vec<Finding> {
    let host = Host::here();
    let (rig, mut findings) = rig::check(path, name);
    let Some(rig) = rig else { return findings };
    findings.extend(device::check(&rig, &host));
    findings.extend(usb::check(&rig, &host));
    let (opened, seen) = opening::check(&rig);
    findings.extend(opened);
    findings.extend(network::check(&rig, &host));
    let rate = rate::of(&rig, &seen);
    let recording = rig_recording::of_capture(&rig, record);
    findings.push(disk::check(&recording.folder, &rate));
    findings.push(space::check(&recording, &rate));
    findings.extend(limits::check(&rig, &host));
    findings.extend(clock::check(&rig, &host, WallClock::read()));
    findings.push(processor::check(&host, &rate));
    // Peer hosts have neither a page nor peers.
    if name.is_none() {
        findings.push(page::check(rig.page.listen));
        findings.extend(link::check(&rig));
    }
    findings.extend(learning::check(&host));
    findings
}

/// Quick checks that matter to a recording, for the start of one.
pub fn glance(rig: &Rig, recording: &RecordingPlan) -> Vec<Finding> {
    let host = Host::here();
    let mut findings = network::check(rig, &host);
    // Without sizes, the rate would be a guess.
    if rig.cameras.iter().all(|camera| camera.settings.size_px.is_some()) {
        findings.push(space::check(recording, &rate::of(rig, &[])));
    }
    findings.extend(limits::check(rig, &host));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A simulated machine: files below a folder that exists as long as the returned value.
    pub fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Host) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let host = Host::at(folder.path());
        (folder, host)
    }

    /// A rig at 30 Hz with these cameras.
    pub fn rig(cameras: &str) -> Rig {
        let head = "version = 1\nname = \"r\"\n[trigger]\nmode = \"hardware\"\nrate-hz = 30.0\n";
        Rig::from_toml_str(&format!("{head}{cameras}"), "rig.toml").unwrap().0
    }
}
