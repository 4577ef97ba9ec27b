//! A rig whose cameras are attached to several hosts.
//!
//! One host, `local` in the rig, puts the frame sets together; here it is the *first* host. Every other host opens,
//! records and crops its own cameras, and sends the crops. At the first host each of their cameras is a camera like
//! any other, whose driver takes views from the link instead of pictures from a device: numbers, accounts, events and
//! sets need to know nothing of hosts. Times are brought to the first host's clock where they are sent.

mod clock;
mod first;
mod follow;
mod guests;
mod inbox;
mod other;
mod receipts;
mod remote_camera;
mod sender;

use std::time::Duration;

use calibration_free_config::{LOCAL, Rig};
use capture::{CameraSpec, Pulses};
use frame::{LossLedger, SegmentId};
use miette::{IntoDiagnostic, WrapErr, bail, miette};
use subject::Preprocessing;
use take::ClockRelation;

pub use first::First;
pub use other::Other;
pub use sender::start as start_sender;

/// How often the take is told how the clocks stand.
const RELATE_EVERY: Duration = Duration::from_secs(1);

/// The part that this host has in its rig.
#[derive(Default)]
pub enum Part {
    /// All cameras are here.
    #[default]
    Alone,
    First(First),
    Other(Box<Other>),
}

impl Part {
    /// `host` names this host, `to` the first one's address; both or none.
    pub fn open(rig: &Rig, host: Option<(&str, &str)>, preprocessing: &Preprocessing) -> miette::Result<Self> {
        let others = rig.other_hosts();
        let link = rig.link.filter(|_| !others.is_empty());
        match (host, link) {
            (None, None) => Ok(Self::Alone),
            (None, Some(link)) => {
                let first = First::listen(rig, &link, preprocessing.hash()).into_diagnostic();
                let problem =
                    || format!("this host cannot listen on {}; set link.listen to an address of its own", link.listen);
                first.map(Self::First).wrap_err_with(problem)
            }
            (Some((LOCAL, _)), _) => bail!("the host {LOCAL} puts the sets together; start it without --host and --to"),
            (Some((name, to)), link) => match (rig.on(name), link) {
                (Some(here), Some(link)) => {
                    let other = Other::connect(rig, here, &link, name, to, preprocessing.hash()).into_diagnostic()?;
                    Ok(Self::Other(Box::new(other)))
                }
                _ => Err(unknown_host(name, &others)),
            },
        }
    }

    /// The rig as this host opens it.
    pub fn rig(&self, rig: Rig) -> Rig {
        if let Self::Other(other) = self { other.here().clone() } else { rig }
    }

    /// The segment of the first pulses. That of several hosts is new each time, so that one who goes on while the first
    /// host starts anew tells the pulses of both apart; from the others, the first host's is heard.
    pub fn first_segment(&self) -> SegmentId {
        match self {
            Self::Alone | Self::Other(_) => SegmentId(0),
            Self::First(first) => first.first_segment(),
        }
    }

    /// Gives the cameras that hang on the link their drivers, and says where the pulses come from.
    pub fn take_over(&mut self, cameras: &mut [CameraSpec], pulses: Pulses) -> Pulses {
        match self {
            Self::Alone => pulses,
            Self::First(first) => {
                first.take_over(cameras);
                pulses
            }
            Self::Other(other) => other.take_over(cameras),
        }
    }

    /// The name of this host in its take.
    pub fn name(&self) -> &str {
        match self {
            Self::Other(other) => other.host(),
            Self::Alone | Self::First(_) => LOCAL,
        }
    }

    /// Called a few times a second. Tells the first host how this one's cameras are doing, by their states for the
    /// page, and gives what is to be written down of the clocks now and then.
    pub fn tick(&mut self, states: &[String]) -> Option<ClockRelation> {
        match self {
            Self::Alone => None,
            Self::First(first) => first.relation(),
            Self::Other(other) => {
                other.tell(states);
                other.relation()
            }
        }
    }
}

pub fn unknown_host(name: &str, others: &[&str]) -> miette::Report {
    let known = if others.is_empty() { "its cameras are all local".into() } else { others.join(", ") };
    miette!("the rig has no camera on the host {name}; it names: {known}")
}

/// What two hosts must have alike of their rig files. Paths may differ.
fn rig_hash(rig: &Rig) -> u64 {
    let cameras: Vec<_> = rig.cameras.iter().map(|camera| (&*camera.name, &*camera.host)).collect();
    let alike = format!("{} {:?} {} {cameras:?}", rig.name, rig.trigger.mode, rig.trigger.rate_hz);
    // FNV-1a: the same on every machine.
    alike.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The accounts of crops, by camera.
fn crop_accounts(ledgers: &[LossLedger]) -> Vec<frame::EdgeAccount> {
    ledgers.iter().map(|ledger| ledger.subject.clone()).collect()
}
