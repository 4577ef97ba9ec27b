//! Sends bodies over UDP.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Instant;

use pose::WorldJoints;
use rosc::OscError;
use skeleton::{Landmarks, TPose, solve};

use crate::messages::bundles;
use crate::proportions::Measured;

/// Why bodies cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum VmcError {
    /// There is no socket for this receiver.
    #[error("cannot send to {0}: {1}")]
    Socket(SocketAddr, #[source] std::io::Error),
    /// A body cannot be encoded.
    #[error("a body cannot be encoded as OSC: {0}")]
    Encode(OscError),
}

/// What became of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was sent. Whether anybody reads it is not known: UDP does not say.
    Sent,
    /// Nobody listened at the address until now. Receivers of the same host are known to be absent, others mostly are not.
    Absent,
    /// The network takes no more now.
    Busy,
    /// Its bones cannot be found, since joints coincide.
    NotWhole,
}

/// Sends bodies to one receiver. It never waits for it.
pub struct VmcSender {
    socket: UdpSocket,
    receiver: SocketAddr,
    begun: Instant,
    measured: Measured,
    geometry: String,
}

impl VmcSender {
    /// A sender for this receiver. Programs listen on port 39539 by custom.
    ///
    /// # Errors
    /// If the system gives no socket for it.
    pub fn new(receiver: SocketAddr) -> Result<Self, VmcError> {
        let any: SocketAddr = if receiver.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
        let failed = |error| VmcError::Socket(receiver, error);
        let socket = UdpSocket::bind(any).map_err(failed)?;
        socket.connect(receiver).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let (measured, geometry) = (Measured::default(), String::new());
        Ok(Self { socket, receiver, begun: Instant::now(), measured, geometry })
    }

    /// Sends a body: joints and landmarks in the world, in millimetres. `geometry` names the rig's geometry that they stand
    /// in; with another one the person is measured anew. With a T-pose of the person, rotations are relative to it.
    ///
    /// # Errors
    /// If the network fails for another reason than an absent receiver.
    pub fn send(
        &mut self,
        geometry: &str,
        joints: &WorldJoints,
        landmarks: &Landmarks,
        t_pose: Option<&TPose>,
    ) -> Result<Delivery, VmcError> {
        if self.geometry != geometry {
            self.measured.forget();
            geometry.clone_into(&mut self.geometry);
        }
        let measured = self.measured.with(joints, landmarks);
        let Some((proportions, posed)) = measured.zip(solve(joints, landmarks)) else { return Ok(Delivery::NotWhole) };
        let time_s = self.begun.elapsed().as_secs_f32();
        let packets = bundles(&proportions, &posed, t_pose, time_s).map_err(VmcError::Encode)?;
        let mut delivery = Delivery::Sent;
        for packet in packets {
            let mut sent = self.socket.send(&packet);
            // This is about an earlier packet, and this one was not sent yet: somebody may be there now.
            if sent.as_ref().is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
                delivery = Delivery::Absent;
                sent = self.socket.send(&packet);
            }
            match sent {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => delivery = Delivery::Busy,
                Err(error) => return Err(VmcError::Socket(self.receiver, error)),
            }
        }
        Ok(delivery)
    }
}
