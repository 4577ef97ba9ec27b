//! Sends the session's poses to receivers outside. Each has a thread of its own, so that a slow or absent one costs only
//! itself.

mod vmc;

use std::net::SocketAddr;
use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender, bounded};
use miette::{IntoDiagnostic, WrapErr};
use session::{EventKind, EventSender};
use transport::{PoseMessage, PoseSink};

use vmc::VmcSink;

/// Messages that may wait for a slow receiver: half a second at 30 Hz.
const WAITING: usize = 16;

/// All receivers.
pub struct PoseOutputs {
    outputs: Vec<Output>,
    /// Told of a receiver that is too slow.
    report: Box<dyn Fn(String) + Send>,
}

struct Output {
    name: String,
    queue: Sender<Arc<PoseMessage>>,
    /// Whether the last message found the queue full.
    slow: bool,
}

impl PoseOutputs {
    /// Sends bodies by VMC to these addresses.
    ///
    /// # Errors
    /// If a socket or a thread cannot be made.
    pub fn start(vmc: &[SocketAddr], events: EventSender) -> miette::Result<Self> {
        let mut outputs = vec![];
        for &address in vmc {
            let sink = VmcSink::new(address, events.clone()).into_diagnostic()?;
            outputs.push(Output::start(format!("vmc {address}"), Box::new(sink))?);
        }
        Ok(Self { outputs, report: Box::new(move |text| events.send(EventKind::PoseReceiverLost, text)) })
    }

    /// Hands a message to all receivers. One that is too slow loses it, and that is an event.
    pub fn send(&mut self, message: &PoseMessage) {
        if self.outputs.is_empty() {
            return;
        }
        let message = Arc::new(message.clone());
        for output in &mut self.outputs {
            let slow = output.queue.try_send(message.clone()).is_err();
            if slow && !output.slow {
                (self.report)(format!("{} takes no more poses: they are dropped until it does", output.name));
            }
            output.slow = slow;
        }
    }
}

impl Output {
    fn start(name: String, sink: Box<dyn PoseSink>) -> miette::Result<Self> {
        let (queue, messages) = bounded(WAITING);
        let thread = std::thread::Builder::new().name("pose-output".into());
        // It ends with the queue, or is left behind where its receiver blocks it for ever.
        thread.spawn(move || work(&messages, sink)).into_diagnostic().wrap_err("starting a pose output")?;
        Ok(Self { name, queue, slow: false })
    }
}

fn work(messages: &Receiver<Arc<PoseMessage>>, mut sink: Box<dyn PoseSink>) {
    let mut failing = false;
    for message in messages {
        match sink.send(&message) {
            Ok(()) => failing = false,
            Err(error) if !failing => {
                tracing::error!(%error, "poses were not sent");
                failing = true;
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use transport::TransportError;

    use super::*;
    use crate::test_poses::message_without_people;

    /// Blocks until it is told to go on.
    struct Blocked(Receiver<()>);

    impl PoseSink for Blocked {
        fn send(&mut self, _: &PoseMessage) -> Result<(), TransportError> {
            let _ = self.0.recv();
            Ok(())
        }
    }

    /// Counts what it gets.
    struct Counting(Sender<u64>);

    impl PoseSink for Counting {
        fn send(&mut self, message: &PoseMessage) -> Result<(), TransportError> {
            self.0.send(message.set_index).map_err(|_| TransportError::Closed)
        }
    }

    #[test]
    fn a_receiver_that_blocks_costs_only_itself() {
        let (_go_on, blocked) = bounded(0);
        let (counted, count) = bounded(1_000);
        let (told, reports) = bounded(10);
        let outputs = [
            Output::start("blocked".into(), Box::new(Blocked(blocked))).unwrap(),
            Output::start("counting".into(), Box::new(Counting(counted))).unwrap(),
        ];
        let mut outputs =
            PoseOutputs { outputs: outputs.into(), report: Box::new(move |text| told.send(text).unwrap()) };
        let begun = Instant::now();
        for set in 0..200 {
            outputs.send(&message_without_people(set));
            // The other one gets every message.
            assert_eq!(count.recv_timeout(Duration::from_secs(5)), Ok(set));
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "nobody waited for the blocked one");
        let reports: Vec<String> = reports.try_iter().collect();
        assert_eq!(reports, ["blocked takes no more poses: they are dropped until it does"], "once");
    }
}
