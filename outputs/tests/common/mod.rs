//! A receiver of VMC.

#![allow(dead_code)]

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use outputs::conformance::{Format, Receiver};
use outputs::{RestPose, VmcSink};
use rosc::{OscPacket, OscType, decoder};
use transport::PoseSink;

/// An address at which receivers open.
pub struct Vmc(pub SocketAddr);

impl Vmc {
    pub fn free() -> Self {
        Self(UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
    }
}

impl Format for Vmc {
    fn sink(&self) -> Box<dyn PoseSink> {
        Box::new(VmcSink::new(self.0, RestPose::default()).unwrap())
    }

    fn receiver(&self) -> Box<dyn Receiver> {
        Box::new(VmcReceiver(UdpSocket::bind(self.0).unwrap()))
    }

    fn knows_absence(&self) -> bool {
        true
    }
}

pub struct VmcReceiver(pub UdpSocket);

impl Receiver for VmcReceiver {
    /// Unity's z is the world's x.
    fn next(&mut self, wait: Duration) -> Option<f64> {
        let until = Instant::now() + wait;
        while let Some(bones) = self.bones(until.saturating_duration_since(Instant::now())) {
            if let Some((_, numbers)) = bones.iter().find(|(name, _)| name == "Hips") {
                return Some(f64::from(numbers[2]) * 1000.0);
            }
        }
        None
    }
}

impl VmcReceiver {
    /// Names and numbers of the bones of the next packet; `None` if none comes in time.
    pub fn bones(&self, wait: Duration) -> Option<Vec<(String, [f32; 7])>> {
        self.0.set_read_timeout(Some(wait.max(Duration::from_millis(1)))).unwrap();
        let mut buffer = [0; 2_048];
        let bytes = self.0.recv(&mut buffer).ok()?;
        let (_, packet) = decoder::decode_udp(&buffer[..bytes]).expect("OSC");
        let OscPacket::Bundle(bundle) = packet else { panic!("{packet:?}") };
        let bone = |packet: OscPacket| {
            let OscPacket::Message(message) = packet else { panic!("{packet:?}") };
            let [OscType::String(name), numbers @ ..] = &message.args[..] else { return None };
            let number = |value: &OscType| if let OscType::Float(value) = value { *value } else { panic!("{value:?}") };
            let numbers: Vec<f32> = numbers.iter().map(number).collect();
            (message.addr == "/VMC/Ext/Bone/Pos").then(|| (name.clone(), numbers.try_into().unwrap()))
        };
        Some(bundle.content.into_iter().filter_map(bone).collect())
    }
}
