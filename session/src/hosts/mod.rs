//! A rig whose cameras are attached to several hosts.
//!
//! The *first host*, `local` in the rig, assembles the frame sets. Every *peer host* opens, records and crops its own
//! cameras, and sends the cropped views, with times converted to the first host's clock. The first host's assembler
//! combines them with the views of its own croppers.

mod asking;
mod clock;
mod first_host;
mod inbox;
mod peer_host;
mod peer_state;
mod peers;
mod receipts;
mod remote_views;
mod sender;
mod shared_pulses;

use std::hash::Hasher;
use std::thread::JoinHandle;
use std::time::Duration;

use calibration_free_config::{LOCAL, Rig};
use fnv::FnvHasher;
use frame::{EdgeAccount, LossLedger, Problem};
use serde::Serialize;
use take::ClockRelation;
use transport::{CameraState, TransportError};

pub(crate) use first_host::FirstHost;
pub(crate) use peer_host::PeerHost;
pub(crate) use remote_views::{Listeners, RemoteViews};

/// How often the relation between the clocks is recorded in the take.
const RELATE_EVERY: Duration = Duration::from_secs(1);

/// Which host of its rig this one is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HostRole {
    /// The host that assembles the sets; the only one of a rig with one host.
    #[default]
    First,
    /// The peer of that name in the rig, and the address (`HOST:PORT`) at which it reaches the first host.
    Peer { name: String, first_host: String },
}

/// This host's side of the link between hosts.
pub(crate) enum HostLink {
    /// All cameras are on this host.
    None,
    First(Box<FirstHost>),
    Peer(Box<PeerHost>),
}

impl HostLink {
    /// Opens the link where the rig has several hosts.
    pub fn open(rig: &Rig, role: &HostRole, preprocessing: u64) -> Result<Self, Problem> {
        let link = rig.link.filter(|_| !rig.other_hosts().is_empty());
        match (role, link) {
            (HostRole::First, None) => Ok(Self::None),
            (HostRole::First, Some(link)) => {
                let first = FirstHost::listen(rig, &link, preprocessing).map_err(|error| {
                    let what = format!("this host cannot listen on {}: {error}", link.listen);
                    Problem::with_remedy(what, "set link.listen to an address of its own")
                })?;
                Ok(Self::First(Box::new(first)))
            }
            (HostRole::Peer { name, .. }, _) if name == LOCAL => Err(Problem::with_remedy(
                format!("the host {LOCAL} puts the sets together"),
                "start it without --host and --to",
            )),
            (HostRole::Peer { name, first_host }, link) => match (rig.on(name), link) {
                (Some(here), Some(link)) => {
                    let peer = PeerHost::connect(rig, here, &link, name, first_host, preprocessing);
                    Ok(Self::Peer(Box::new(peer.map_err(|error| Problem::new(error.to_string()))?)))
                }
                _ => Err(unknown_host(rig, name)),
            },
        }
    }

    /// The epoch of the segments. With several hosts it is new for each session, so that a peer that keeps running
    /// while the first host restarts can tell the pulses of both sessions apart. A peer gets it from the first host.
    pub fn epoch(&self) -> Option<u32> {
        match self {
            Self::None | Self::Peer(_) => None,
            Self::First(first) => Some(first.epoch()),
        }
    }

    /// The name of this host in its take.
    pub fn name(&self) -> &str {
        match self {
            Self::Peer(peer) => peer.name(),
            Self::None | Self::First(_) => LOCAL,
        }
    }

    /// Called a few times a second. Reports the states of this host's cameras to the first host, and occasionally
    /// returns a clock relation to record.
    pub fn tick(&mut self, states: &[CameraState]) -> Option<ClockRelation> {
        match self {
            Self::None => None,
            Self::First(first) => first.relation(),
            Self::Peer(peer) => peer.tick(states),
        }
    }
}

/// The rig has no camera on the host of that name.
pub fn unknown_host(rig: &Rig, name: &str) -> Problem {
    let others = rig.other_hosts();
    let known = if others.is_empty() { "its cameras are all local".into() } else { others.join(", ") };
    Problem::new(format!("the rig has no camera on the host {name}; it names: {known}"))
}

/// Hash of what must be equal in two hosts' rig files. Paths may differ.
fn rig_hash(rig: &Rig) -> u64 {
    #[derive(Serialize)]
    struct Alike<'a> {
        name: &'a str,
        trigger: calibration_free_config::TriggerMode,
        rate_hz: u64,
        cameras: Vec<(&'a str, &'a str)>,
    }
    let alike = Alike {
        name: &rig.name,
        trigger: rig.trigger.mode,
        rate_hz: rig.trigger.rate_hz.to_bits(),
        cameras: rig.cameras.iter().map(|camera| (&*camera.name, &*camera.host)).collect(),
    };
    // Numbers and strings always serialise. FNV-1a is the same on every machine.
    let mut hash = FnvHasher::default();
    hash.write(&serde_json::to_vec(&alike).unwrap_or_default());
    hash.finish()
}

/// The accounts of crops, by camera.
fn crop_accounts(ledgers: &[LossLedger]) -> Vec<EdgeAccount> {
    ledgers.iter().map(|ledger| ledger.subject.clone()).collect()
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, TransportError> {
    std::thread::Builder::new().name(name.into()).spawn(body).map_err(TransportError::Thread)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rig(rate_hz: &str, second: &str) -> Rig {
        let text = format!(
            "version = 1\nname = \"r\"\n[trigger]\nmode = \"software\"\nrate-hz = {rate_hz}\n[link]\nlisten = \"127.0.0.1:7448\"\n\
             [[camera]]\nname = \"a\"\ndriver = \"simulated\"\n[[camera]]\nname = \"{second}\"\ndriver = \"simulated\"\nhost = \"far\"\n"
        );
        Rig::from_toml_str(&text, "rig.toml").unwrap().0
    }

    #[test]
    fn the_hash_of_a_rig_is_pinned_and_tells_rigs_apart() {
        let hash = rig_hash(&rig("20.0", "b"));
        assert_eq!(hash, rig_hash(&rig("20", "b")));
        assert_ne!(hash, rig_hash(&rig("20.5", "b")));
        assert_ne!(hash, rig_hash(&rig("20.0", "c")));
        assert_eq!(hash, PINNED, "{hash:#x}");
    }

    const PINNED: u64 = 0x309b_7642_68bb_1c82;
}
