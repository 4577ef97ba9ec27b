//! Bodies by the Virtual Motion Capture protocol.

use std::net::SocketAddr;

use transport::{PoseMessage, PoseSink, TransportError};
use vmc::{Delivery, VmcError, VmcSender};

use crate::{RestPose, body_places};

/// One receiver.
pub struct VmcSink {
    sender: VmcSender,
    rest_pose: RestPose,
}

impl VmcSink {
    /// Sends to this address, with rotations relative to the rest pose that was taken.
    ///
    /// # Errors
    /// If the system gives no socket for this address.
    pub fn new(address: SocketAddr, rest_pose: RestPose) -> Result<Self, VmcError> {
        Ok(Self { sender: VmcSender::new(address)?, rest_pose })
    }
}

impl PoseSink for VmcSink {
    fn send(&mut self, poses: &PoseMessage) -> Result<(), TransportError> {
        let Some(body) = &poses.body else { return Ok(()) };
        let (joints, landmarks) = body_places(body)?;
        let t_pose = self.rest_pose.taken();
        let delivery = self.sender.send(&body.geometry_id, &joints, &landmarks, t_pose.as_deref());
        match delivery.map_err(|error| TransportError::NotTaken(error.to_string()))? {
            Delivery::Sent => Ok(()),
            Delivery::Absent => Err(TransportError::Absent),
            Delivery::Busy => Err(TransportError::NotTaken("the network takes no more now".to_owned())),
            Delivery::NotWhole => Err(TransportError::Malformed("joints of a body coincide".to_owned())),
        }
    }
}
