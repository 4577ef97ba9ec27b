//! Device files: do they exist, and may this user use them?

use std::os::unix::fs::MetadataExt;

use calibration_free_config::{Camera, Driver, Rig};

use super::finding::Finding;
use super::host::{Host, may_use};

#[derive(Debug, PartialEq)]
enum Access {
    Missing,
    /// The group whose members may use it, if there is one.
    Refused(Option<String>),
    Granted,
}

/// The devices of the cameras here, and of the trigger box.
pub fn check(rig: &Rig, host: &Host) -> Vec<Finding> {
    let mut findings = vec![];
    for camera in rig.cameras.iter().filter(|camera| camera.is_local()) {
        if let Some(device) = device_of(camera) {
            let others = host.names("/dev", "video").iter().map(|name| format!("/dev/{name}")).collect::<Vec<_>>();
            let others = if others.is_empty() { "none".into() } else { others.join(", ") };
            let plug =
                format!("plug it in, or choose another `source`; /dev has {others}, `genlock cameras` names them");
            findings.push(judge(&format!("device of {}", camera.name), &device, &access(host, &device), &plug));
        }
    }
    findings.push(match &rig.trigger.box_device {
        None => Finding::not_applicable("trigger box", "the rig has none"),
        Some(device) => {
            let ports = ["ttyACM", "ttyUSB"].iter().flat_map(|prefix| host.names("/dev", prefix));
            let ports = ports.map(|name| format!("/dev/{name}")).collect::<Vec<_>>();
            let ports = if ports.is_empty() { "no serial port of USB".into() } else { ports.join(", ") };
            let plug = format!("plug it in, or choose another `box` in [trigger]; /dev has {ports}");
            judge("trigger box", device, &access(host, device), &plug)
        }
    });
    findings
}

/// The device file that a camera's source names.
fn device_of(camera: &Camera) -> Option<String> {
    match camera.driver {
        Driver::V4l2 => camera.source.starts_with('/').then(|| camera.source.clone()),
        Driver::Nokhwa => camera.source.trim().parse::<u32>().ok().map(|number| format!("/dev/video{number}")),
        Driver::Gstreamer => {
            let device = camera.source.split_whitespace().find_map(|word| word.strip_prefix("device="))?;
            let device = device.trim_matches('"');
            device.starts_with("/dev/").then(|| device.to_owned())
        }
        _ => None,
    }
}

fn access(host: &Host, device: &str) -> Access {
    let path = host.path(device);
    let Ok(found) = std::fs::metadata(&path) else { return Access::Missing };
    if may_use(&path) {
        return Access::Granted;
    }
    let group_may = found.mode() & 0o060 == 0o060;
    Access::Refused(group_may.then(|| group_name(host, found.gid())).flatten())
}

fn group_name(host: &Host, gid: u32) -> Option<String> {
    host.text("/etc/group")?.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(gid)).then(|| name.to_owned())
    })
}

fn judge(name: &str, device: &str, access: &Access, plug: &str) -> Finding {
    match access {
        Access::Granted => Finding::ok(name, format!("{device} can be read and written")),
        Access::Missing => Finding::failure(name, format!("{device} is not there"), plug),
        Access::Refused(Some(group)) => {
            let remedy = format!("sudo usermod -aG {group} $USER   (then log in again)");
            Finding::failure(name, format!("{device} is open to the group {group}, and you are not in it"), remedy)
        }
        Access::Refused(None) => {
            let remedy = format!("sudo setfacl -m u:$USER:rw {device}   (a udev rule makes it last)");
            Finding::failure(name, format!("{device} is not open to you, and to no group"), remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::State;
    use crate::doctor::tests::{machine, rig};

    #[test]
    fn a_device_that_is_not_there_is_named_with_those_that_are() {
        let (_folder, host) = machine(&[("dev/video0", "")]);
        let rig = rig("[[camera]]\nname = \"a\"\ndriver = \"v4l2\"\nsource = \"/dev/video2\"\n");
        let findings = check(&rig, &host);
        assert_eq!(findings[0].state, State::Failure);
        assert!(findings[0].found.contains("/dev/video2 is not there"));
        assert!(findings[0].remedy.as_ref().unwrap().contains("/dev has /dev/video0"), "{findings:?}");
        assert_eq!(findings[1].state, State::NotApplicable);
    }

    #[test]
    fn launch_lines_and_numbers_name_devices_too() {
        let (_folder, host) = machine(&[("dev/video3", ""), ("dev/video4", "")]);
        let rig = rig("[[camera]]\nname = \"a\"\ndriver = \"nokhwa\"\nsource = \"3\"\n[[camera]]\nname = \"b\"\n\
                       driver = \"gstreamer\"\nsource = \"v4l2src device=/dev/video4 ! appsink name=sink\"\n");
        let findings = check(&rig, &host);
        assert!(findings[..2].iter().all(|finding| finding.state == State::Ok), "{findings:?}");
    }

    #[test]
    fn who_may_not_use_a_device_is_told_the_group() {
        let refused = judge("a", "/dev/video0", &Access::Refused(Some("video".into())), "");
        assert_eq!(refused.state, State::Failure);
        assert!(refused.remedy.unwrap().starts_with("sudo usermod -aG video $USER"));
        let refused = judge("a", "/dev/ttyACM0", &Access::Refused(None), "");
        assert!(refused.remedy.unwrap().contains("setfacl -m u:$USER:rw /dev/ttyACM0"));
    }

    #[test]
    fn groups_are_read_by_number() {
        let (_folder, host) = machine(&[("etc/group", "root:x:0:\ndialout:x:20:me\nvideo:x:44:\n")]);
        assert_eq!(group_name(&host, 44).as_deref(), Some("video"));
        assert_eq!(group_name(&host, 45), None);
    }
}
