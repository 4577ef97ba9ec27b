//! Every sink is asked what all must do, and sinks that do otherwise are found out.

mod common;

use std::cell::RefCell;
use std::time::Duration;

use common::Vmc;
use crossbeam::channel::{Receiver as Channel, Sender, bounded, unbounded};
use outputs::conformance::{Format, Receiver, conforms};
use transport::{PoseMessage, PoseSink, PoseSource, TransportError, ZenohLink};

#[test]
fn vmc_conforms() {
    let wrong = conforms(&Vmc::free());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Poses between the processes of a session.
struct Zenoh(ZenohLink, ZenohLink);

struct ZenohReceiver(Box<dyn PoseSource>);

impl Format for Zenoh {
    fn sink(&self) -> Box<dyn PoseSink> {
        Box::new(self.1.pose_sink().unwrap())
    }

    fn receiver(&self) -> Box<dyn Receiver> {
        Box::new(ZenohReceiver(Box::new(self.0.pose_source(64).unwrap())))
    }

    fn knows_absence(&self) -> bool {
        false
    }
}

impl Receiver for ZenohReceiver {
    fn next(&mut self, wait: Duration) -> Option<f64> {
        let message = self.0.receive(wait).unwrap()?;
        Some(message.body?.joints_mm.first()?[0].into())
    }
}

#[test]
fn zenoh_sends_what_is_not_whole_and_conforms_otherwise() {
    let server = ZenohLink::listen("outputs-conformance").unwrap();
    let client = ZenohLink::connect(server.endpoint(), "outputs-conformance").unwrap();
    let wrong = conforms(&Zenoh(server, client));
    // It carries messages as they are, for receivers that are of this program.
    assert!(wrong.iter().all(|wrong| wrong.starts_with("a receiver that is there: body")), "{wrong:#?}");
}

/// How a sink of the tests misbehaves.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// It never says that nobody receives.
    Silent,
    /// It waits for its receiver for ever, and so loses what comes meanwhile.
    Reorders,
    Repeats,
}

/// A format of the tests, over a channel.
struct Channels {
    fault: Fault,
    line: (Sender<Sender<f64>>, Channel<Sender<f64>>),
}

struct ChannelSink {
    fault: Fault,
    connect: Channel<Sender<f64>>,
    receiver: Option<Sender<f64>>,
    held: RefCell<Option<f64>>,
}

impl Format for Channels {
    fn sink(&self) -> Box<dyn PoseSink> {
        let (fault, connect) = (self.fault, self.line.1.clone());
        Box::new(ChannelSink { fault, connect, receiver: None, held: RefCell::default() })
    }

    fn receiver(&self) -> Box<dyn Receiver> {
        let (sender, receiver) = unbounded();
        self.line.0.send(sender).unwrap();
        Box::new(ChannelReceiver(receiver))
    }

    fn knows_absence(&self) -> bool {
        true
    }
}

impl PoseSink for ChannelSink {
    fn send(&mut self, message: &PoseMessage) -> Result<(), TransportError> {
        if let Ok(receiver) = self.connect.try_recv() {
            self.receiver = Some(receiver);
        }
        let Some(body) = &message.body else { return Ok(()) };
        let (joints, _) = outputs::body_places(body)?;
        let x = joints[0].x;
        let send = |x: f64| self.receiver.as_ref().is_some_and(|receiver| receiver.send(x).is_ok());
        let sent = match self.fault {
            Fault::Repeats => send(x) && send(x),
            Fault::Reorders => self.held.replace(Some(x)).is_none_or(|held| send(x) && send(held)),
            Fault::None | Fault::Silent => send(x),
        };
        if sent || self.fault == Fault::Silent { Ok(()) } else { Err(TransportError::Absent) }
    }
}

struct ChannelReceiver(Channel<f64>);

impl Receiver for ChannelReceiver {
    fn next(&mut self, wait: Duration) -> Option<f64> {
        self.0.recv_timeout(wait).ok()
    }
}

fn asked(fault: Fault) -> Vec<String> {
    conforms(&Channels { fault, line: bounded(8) })
}

#[test]
fn a_sink_over_channels_conforms() {
    assert_eq!(asked(Fault::None), Vec::<String>::new());
}

#[test]
fn sinks_that_repeat_or_reorder_are_found_out() {
    for fault in [Fault::Repeats, Fault::Reorders] {
        let wrong = asked(fault);
        assert!(wrong.iter().any(|wrong| wrong.contains("should have come next")), "{wrong:#?}");
    }
}

#[test]
fn a_sink_that_does_not_say_that_nobody_receives_is_found_out() {
    let wrong = asked(Fault::Silent);
    assert!(wrong.iter().any(|wrong| wrong.contains("told that nobody receives: not within")), "{wrong:#?}");
}
