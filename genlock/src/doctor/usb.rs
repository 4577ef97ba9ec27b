//! USB3 Vision cameras: may this user use them, and does the kernel give them memory?

use calibration_free_config::{Camera, Driver, Rig};

use super::finding::Finding;
use super::host::{Host, may_use};
use super::network;

const MEMORY: &str = "/sys/module/usbcore/parameters/usbfs_memory_mb";
/// Memory that libusb may use for one streaming camera: a few pictures of some megapixels.
const MB_PER_CAMERA: u64 = 64;

struct Device {
    product: String,
    vendor_id: String,
    node: String,
}

pub fn check(rig: &Rig, host: &Host) -> Vec<Finding> {
    let aravis = |camera: &&Camera| camera.is_local() && camera.driver == Driver::Aravis;
    let asked = rig.cameras.iter().filter(aravis).filter(|camera| network::address(camera).is_none()).count();
    let devices = if asked > 0 { devices(host) } else { vec![] };
    if devices.is_empty() {
        return vec![Finding::not_applicable("usb", "no USB3 Vision camera is asked for and plugged in")];
    }
    let mut findings: Vec<_> = devices.iter().map(|device| access(device, may_use(&host.path(&device.node)))).collect();
    findings.extend(host.number(MEMORY).map(|mb| memory(mb, devices.len() as u64)));
    findings
}

/// All devices with an interface of the USB3 Vision class.
fn devices(host: &Host) -> Vec<Device> {
    const FOLDER: &str = "/sys/bus/usb/devices";
    let mut found: Vec<Device> = vec![];
    for interface in host.names(FOLDER, "").iter().filter(|name| name.contains(':')) {
        let class = |file: &str| host.text(&format!("{FOLDER}/{interface}/{file}"));
        if (class("bInterfaceClass").as_deref(), class("bInterfaceSubClass").as_deref()) != (Some("ef"), Some("05")) {
            continue;
        }
        let Some((device, _)) = interface.split_once(':') else { continue };
        let number = |file: &str| host.number(&format!("{FOLDER}/{device}/{file}"));
        let text = |file: &str| host.text(&format!("{FOLDER}/{device}/{file}")).unwrap_or_default();
        let (Some(bus), Some(place)) = (number("busnum"), number("devnum")) else { continue };
        let node = format!("/dev/bus/usb/{bus:03}/{place:03}");
        if !found.iter().any(|other| other.node == node) {
            found.push(Device { product: text("product"), vendor_id: text("idVendor"), node });
        }
    }
    found
}

fn access(device: &Device, granted: bool) -> Finding {
    let Device { product, vendor_id, node } = device;
    if granted {
        return Finding::ok("usb", format!("{product} ({node}) can be read and written"));
    }
    let rule = format!(
        "echo 'SUBSYSTEM==\"usb\", ATTR{{idVendor}}==\"{vendor_id}\", MODE=\"0666\"' | sudo tee \
         /etc/udev/rules.d/60-genlock.rules && sudo udevadm control --reload   (then plug it in again)"
    );
    Finding::failure("usb", format!("{product} ({node}) is not open to you"), rule)
}

fn memory(mb: u64, cameras: u64) -> Finding {
    let needed = MB_PER_CAMERA * cameras;
    // Zero means no limit.
    if mb == 0 || mb >= needed {
        return Finding::ok("usb memory", format!("{mb} MB for {cameras} cameras (0 is no limit)"));
    }
    let found = format!("{mb} MB for {cameras} cameras, of which each may want {MB_PER_CAMERA}");
    Finding::warning("usb memory", found, format!("echo {needed} | sudo tee {MEMORY}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::State;
    use crate::doctor::tests::{machine, rig};

    const CAMERA: &str = "[[camera]]\nname = \"a\"\ndriver = \"aravis\"\nsource = \"Maker-123\"\n";

    #[test]
    fn usb3_vision_cameras_are_found_by_their_interface() {
        let (_folder, host) = machine(&[
            ("sys/bus/usb/devices/2-1/busnum", "2"),
            ("sys/bus/usb/devices/2-1/devnum", "7"),
            ("sys/bus/usb/devices/2-1/product", "Model"),
            ("sys/bus/usb/devices/2-1/idVendor", "1e10"),
            ("sys/bus/usb/devices/2-1:1.0/bInterfaceClass", "ef"),
            ("sys/bus/usb/devices/2-1:1.0/bInterfaceSubClass", "05"),
            ("sys/bus/usb/devices/2-2:1.0/bInterfaceClass", "03"),
            ("sys/module/usbcore/parameters/usbfs_memory_mb", "16"),
        ]);
        let findings = check(&rig(CAMERA), &host);
        assert_eq!(findings.len(), 2, "{findings:?}");
        // Its device node does not exist, so it cannot be used.
        assert_eq!(findings[0].state, State::Failure);
        assert!(findings[0].found.contains("/dev/bus/usb/002/007"));
        assert!(findings[0].remedy.as_ref().unwrap().contains("ATTR{idVendor}==\"1e10\""));
        assert_eq!(findings[1].state, State::Warning);
        assert!(findings[1].remedy.as_ref().unwrap().starts_with("echo 64 | sudo tee /sys/module"));
    }

    #[test]
    fn without_such_a_camera_there_is_nothing_to_say() {
        let (_folder, host) = machine(&[]);
        assert_eq!(check(&rig(CAMERA), &host)[0].state, State::NotApplicable);
        assert_eq!(memory(0, 4).state, State::Ok);
    }
}
