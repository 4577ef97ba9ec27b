//! The thread of a peer host that asks the first host for the time.

use std::sync::Arc;
use std::time::Duration;

use frame::monotonic_now_ns;
use transport::{Hello, PeerHostLink, TransportError};

use super::peer_state::PeerState;

/// A few questions a second keep the clock estimate fresh; at first they are more frequent.
const ASK_EVERY: Duration = Duration::from_millis(200);
const ASK_FIRST_EVERY: Duration = Duration::from_millis(25);

/// The thread that asks.
pub(super) struct Asking {
    pub state: Arc<PeerState>,
    pub host: String,
    /// Hash of the rig.
    pub rig: u64,
    pub link: PeerHostLink,
}

impl Asking {
    pub fn run(self) {
        while !self.state.closed() {
            if let Err(error) = self.ask() {
                tracing::warn!(%error, "the link to the first host failed");
                if matches!(error, TransportError::Closed) {
                    return;
                }
            }
            self.state.miss();
        }
    }

    /// Sends one question and handles all answers until the next question is due.
    fn ask(&self) -> Result<(), TransportError> {
        let (hello, first) = self.state.question(&self.host, self.rig);
        let every = if first { ASK_FIRST_EVERY } else { ASK_EVERY };
        let asked_ns = monotonic_now_ns();
        let due_ns = asked_ns + every.as_nanos() as i64;
        self.link.say(&Hello { asked_ns, ..hello })?;
        loop {
            let left_ns = due_ns - monotonic_now_ns();
            if left_ns <= 0 {
                return Ok(());
            }
            let Some(answer) = self.link.receive(Duration::from_nanos(left_ns as u64))? else { return Ok(()) };
            let answered_ns = monotonic_now_ns();
            if answer.incarnation == self.state.incarnation {
                self.state.answered(answer, answered_ns);
            }
        }
    }
}
