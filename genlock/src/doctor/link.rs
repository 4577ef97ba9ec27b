//! Whether the address for the other hosts is free.

use std::net::TcpListener;

use calibration_free_config::Rig;

use super::finding::Finding;

const NAME: &str = "link";

/// No check if all cameras are on this host.
pub fn check(rig: &Rig) -> Option<Finding> {
    let others = rig.other_hosts();
    let link = rig.link.filter(|_| !others.is_empty())?;
    let listen = link.listen;
    Some(match TcpListener::bind(listen) {
        Ok(_) => Finding::ok(NAME, format!("{listen} is free for {}", others.join(", "))),
        Err(error) => {
            let remedy = "end what listens there, or set link.listen to a free port at an address of this host";
            Finding::failure(NAME, format!("{listen}: {error}"), remedy)
        }
    })
}
