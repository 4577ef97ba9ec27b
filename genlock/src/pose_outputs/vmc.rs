//! Bodies by the Virtual Motion Capture protocol.

use std::net::SocketAddr;

use session::{EventKind, EventSender};
use transport::{PoseMessage, PoseSink, TransportError};
use vmc::{Delivery, VmcError, VmcSender};

use crate::body_places::body_places;

/// One receiver.
pub struct VmcSink {
    sender: VmcSender,
    address: SocketAddr,
    absent: bool,
    events: EventSender,
}

impl VmcSink {
    /// # Errors
    /// If the system gives no socket for this address.
    pub fn new(address: SocketAddr, events: EventSender) -> Result<Self, VmcError> {
        Ok(Self { sender: VmcSender::new(address)?, address, absent: false, events })
    }
}

impl PoseSink for VmcSink {
    /// Messages without a body are not sent: receivers keep the last one.
    fn send(&mut self, poses: &PoseMessage) -> Result<(), TransportError> {
        let Some(body) = &poses.body else { return Ok(()) };
        let not_whole = || TransportError::Malformed("a body lacks joints or landmarks".to_owned());
        let (joints, landmarks) = body_places(body).ok_or_else(not_whole)?;
        let delivery = self.sender.send(&body.geometry_id, &joints, &landmarks);
        let absent = match delivery.map_err(|error| TransportError::Malformed(error.to_string()))? {
            Delivery::Sent => false,
            Delivery::Absent => true,
            // Neither says anything of the receiver.
            Delivery::Busy | Delivery::NotWhole => self.absent,
        };
        if std::mem::replace(&mut self.absent, absent) != absent {
            let address = self.address;
            if absent {
                let text = format!("nobody receives bodies by VMC at {address}; they are sent all the same");
                self.events.send(EventKind::PoseReceiverLost, text);
            } else {
                self.events.send(EventKind::PoseReceiverBack, format!("bodies by VMC are received at {address}"));
            }
        }
        Ok(())
    }
}
