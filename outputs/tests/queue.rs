//! What the queue of a receiver does when the receiver blocks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, bounded, unbounded};
use outputs::conformance::body;
use outputs::{Counts, PoseOutputs, Told};
use transport::{PoseMessage, PoseSink, TransportError};

/// Blocks until it may go on.
struct Blocked(Receiver<()>);

impl PoseSink for Blocked {
    fn send(&mut self, _: &PoseMessage) -> Result<(), TransportError> {
        let _ = self.0.recv();
        Ok(())
    }
}

/// Passes on what it gets.
struct Counting(Sender<u64>);

impl PoseSink for Counting {
    fn send(&mut self, message: &PoseMessage) -> Result<(), TransportError> {
        self.0.send(message.set_index).map_err(|_| TransportError::Absent)
    }
}

const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_receiver_that_blocks_costs_only_itself_and_is_told_once() {
    let (go_on, blocked) = unbounded();
    let ((count, counted), (tell, told)) = (unbounded(), unbounded());
    let mut outputs = PoseOutputs::new(Arc::new(move |what| tell.send(what).unwrap()));
    outputs.add("blocked".into(), Box::new(Blocked(blocked))).unwrap();
    outputs.add("counting".into(), Box::new(Counting(count))).unwrap();
    let begun = Instant::now();
    for number in 0..200 {
        outputs.send(&body(number));
        // The other one gets every body.
        assert_eq!(counted.recv_timeout(SOON), Ok(number));
    }
    assert!(begun.elapsed() < SOON, "nobody waited for the blocked one");
    let lost = Told::Lost("blocked does not keep up: bodies are dropped until it does".into());
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [lost], "once");
    // Sixteen wait, and it has one or none in hand.
    let dropped = outputs.counts().get()[0].counts.too_slow;
    assert!((183..=184).contains(&dropped), "{dropped}");

    drop(go_on);
    let sent = |outputs: &PoseOutputs| outputs.counts().get()[0].counts.sent;
    while sent(&outputs) < 200 - dropped {
        assert!(begun.elapsed() < SOON, "what waited is sent");
        std::thread::yield_now();
    }
    outputs.send(&body(200));
    let back = Told::Back(format!("blocked takes bodies again; {dropped} were dropped"));
    assert_eq!(told.recv_timeout(SOON), Ok(back));
    let counts = outputs.counts();
    drop(outputs);
    assert_eq!(counts.get()[0].counts, Counts { sent: 201 - dropped, too_slow: dropped, ..Counts::default() });
}

#[test]
fn a_receiver_that_blocks_for_ever_does_not_keep_the_session_from_its_end() {
    let (_never, blocked) = bounded(0);
    let mut outputs = PoseOutputs::new(Arc::new(|_| {}));
    outputs.add("blocked".into(), Box::new(Blocked(blocked))).unwrap();
    outputs.send(&body(0));
    let begun = Instant::now();
    drop(outputs);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}
