//! GigE Vision: packets that fit the interface, and room for them in the socket.

use std::net::Ipv4Addr;

use calibration_free_config::{Camera, Driver, Rig};

use super::finding::Finding;
use super::host::{Host, megabytes};
use super::rate;

const BUFFER: &str = "/proc/sys/net/core/rmem_max";
/// Packets per second of one camera that load a core noticeably: a rule of thumb, not measured.
const MANY_PACKETS: f64 = 20_000.0;

pub fn check(rig: &Rig, host: &Host) -> Vec<Finding> {
    let cameras = rig.cameras.iter().filter(|camera| camera.is_local());
    let addressed: Vec<_> = cameras.filter_map(|camera| Some((camera, address(camera)?))).collect();
    if addressed.is_empty() {
        return vec![Finding::not_applicable("network", "no GigE Vision camera is named by its address")];
    }
    let mut findings: Vec<_> = addressed
        .iter()
        .map(|(camera, address)| {
            let name = format!("network of {}", camera.name);
            let Some(interface) = interface_to(host, *address) else {
                let remedy = format!("sudo ip address add {}/24 dev INTERFACE", neighbour(*address));
                return Finding::failure(name, format!("no route leads to {address}"), remedy);
            };
            match host.number(&format!("/sys/class/net/{interface}/mtu")) {
                Some(mtu) => packets(&name, camera, &interface, mtu, rig.trigger.rate_hz),
                None => Finding::not_applicable(name, format!("the system does not tell the MTU of {interface}")),
            }
        })
        .collect();
    let largest = addressed.iter().map(|(camera, _)| rate::unit_bytes(camera).bytes).fold(0.0, f64::max);
    findings.extend(host.number(BUFFER).map(|bytes| buffers(bytes, largest)));
    findings
}

/// The address of a GigE Vision camera, if its source is one.
pub fn address(camera: &Camera) -> Option<Ipv4Addr> {
    if camera.driver != Driver::Aravis {
        return None;
    }
    camera.source.trim().parse().ok()
}

/// The interface by the kernel's routing table: the longest matching mask.
fn interface_to(host: &Host, address: Ipv4Addr) -> Option<String> {
    if address.is_loopback() {
        return Some("lo".into());
    }
    let table = host.text("/proc/net/route")?;
    let routes = table.lines().skip(1).filter_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        // The bytes of an address are in network order.
        let number = |word: &str| u32::from_str_radix(word, 16).ok().map(u32::swap_bytes);
        let (destination, mask) = (number(words.get(1)?)?, number(words.get(7)?)?);
        (u32::from(address) & mask == destination).then(|| (mask, words[0].to_owned()))
    });
    routes.max_by_key(|(mask, _)| *mask).map(|(_, interface)| interface)
}

/// Another address in the camera's network.
fn neighbour(camera: Ipv4Addr) -> Ipv4Addr {
    let [a, b, c, d] = camera.octets();
    Ipv4Addr::new(a, b, c, if d == 1 { 2 } else { 1 })
}

fn packets(name: &str, camera: &Camera, interface: &str, mtu: u64, rate_hz: f64) -> Finding {
    let jumbo = format!("sudo ip link set {interface} mtu 9000   (the switch and the camera must take it, too)");
    if let Some(bytes) = camera.settings.packet_bytes.filter(|bytes| u64::from(*bytes) > mtu) {
        let found = format!("packet-bytes = {bytes} is more than the MTU of {interface}, {mtu}");
        return Finding::failure(name, found, format!("{jumbo}, or `packet-bytes = {mtu}`"));
    }
    let packet = camera.settings.packet_bytes.map_or(mtu, u64::from);
    let a_second = rate::unit_bytes(camera).bytes * rate_hz / packet as f64;
    let found = format!("{packet} bytes a packet on {interface} (MTU {mtu}), about {a_second:.0} packets a second");
    if a_second > MANY_PACKETS && mtu < 8000 {
        return Finding::warning(name, found, jumbo);
    }
    Finding::ok(name, found)
}

/// A socket buffer should hold one picture, so that its reader may be delayed that long.
fn buffers(rmem_max: u64, picture_bytes: f64) -> Finding {
    let found = format!(
        "a socket holds {} at most, a camera's picture has about {}",
        megabytes(rmem_max as f64),
        megabytes(picture_bytes)
    );
    if rmem_max as f64 >= picture_bytes {
        return Finding::ok("socket buffers", found);
    }
    let wanted = (picture_bytes as u64).next_multiple_of(1 << 20);
    Finding::warning("socket buffers", found, format!("sudo sysctl net.core.rmem_max={wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::State;
    use crate::doctor::tests::{machine, rig};

    const ROUTES: &str = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
        wlan0 00000000 0100A8C0 0003 0 0 0 00000000 0 0 0\n\
        eth1 000AA8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0\n";

    fn camera(more: &str) -> Rig {
        rig(&format!(
            "[[camera]]\nname = \"a\"\ndriver = \"aravis\"\nsource = \"192.168.10.3\"\nwidth-px = 1920\n\
             height-px = 1200\nformat = \"mono8\"\n{more}"
        ))
    }

    fn found(rig: &Rig, mtu: &str, rmem: &str) -> Vec<Finding> {
        let (_folder, host) = machine(&[
            ("proc/net/route", ROUTES),
            ("sys/class/net/eth1/mtu", mtu),
            ("sys/class/net/wlan0/mtu", "1"),
            ("proc/sys/net/core/rmem_max", rmem),
        ]);
        check(rig, &host)
    }

    #[test]
    fn packets_must_fit_the_interface_on_the_route() {
        let findings = found(&camera("packet-bytes = 8000\n"), "1500", "212992");
        assert_eq!(findings[0].state, State::Failure);
        let remedy = findings[0].remedy.as_ref().unwrap();
        assert!(remedy.contains("ip link set eth1 mtu 9000") && remedy.contains("packet-bytes = 1500"), "{remedy}");
        // 1920 × 1200 = 2,304,000 bytes: three MiB hold it.
        assert_eq!(findings[1].state, State::Warning);
        assert_eq!(findings[1].remedy.as_deref(), Some("sudo sysctl net.core.rmem_max=3145728"));
    }

    #[test]
    fn large_packets_and_buffers_are_fine() {
        let findings = found(&camera("packet-bytes = 8000\n"), "9000", "8388608");
        assert!(findings.iter().all(|finding| finding.state == State::Ok), "{findings:?}");
    }

    #[test]
    fn many_small_packets_are_warned_of() {
        // 30 Hz × 2,304,000 bytes in packets of 1500: 46,080 a second.
        let findings = found(&camera(""), "1500", "8388608");
        assert_eq!(findings[0].state, State::Warning);
        assert!(findings[0].found.contains("46080 packets"), "{findings:?}");
    }

    #[test]
    fn a_camera_that_no_route_leads_to() {
        let (_folder, host) = machine(&[("proc/net/route", "header\n")]);
        let findings = check(&camera(""), &host);
        assert_eq!(findings[0].state, State::Failure);
        assert!(findings[0].remedy.as_ref().unwrap().contains("192.168.10.1/24"));
    }
}
