//! All receivers of a session.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use transport::{PoseMessage, PoseSink};

use crate::output::{CountsCell, Output};
use crate::{Counts, RestPose, Told, VmcSink};

/// How long receivers have, together, to take what still waits for them at the end.
const LAST: Duration = Duration::from_secs(1);

/// Told of receivers that are lost and come back, from any thread.
pub type Report = Arc<dyn Fn(Told) + Send + Sync>;

/// Why bodies cannot be sent to a receiver.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// By VMC.
    #[error(transparent)]
    Vmc(#[from] vmc::VmcError),
    /// By the Lab Streaming Layer.
    #[cfg(feature = "lsl")]
    #[error(transparent)]
    Lsl(#[from] crate::LslError),
    /// By Rerun.
    #[cfg(feature = "rerun")]
    #[error(transparent)]
    Rerun(#[from] crate::RerunError),
    /// The system gives no thread.
    #[error("starting a pose output: {0}")]
    Thread(#[source] std::io::Error),
}

/// All receivers. Without any, it does nothing.
pub struct PoseOutputs {
    outputs: Vec<Output>,
    rest_pose: RestPose,
    report: Report,
}

/// A receiver, and what became of its bodies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputReport {
    /// Format and address.
    pub name: String,
    /// The fates of its bodies.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The counts of all receivers, which outlive them.
#[derive(Clone, Default)]
pub struct SharedCounts(Vec<(String, CountsCell)>);

impl SharedCounts {
    /// What became of the bodies until now, by receiver.
    pub fn get(&self) -> Vec<OutputReport> {
        self.0.iter().map(|(name, counts)| OutputReport { name: name.clone(), counts: counts.get() }).collect()
    }
}

impl PoseOutputs {
    /// Without any receiver yet.
    pub fn new(report: Report) -> Self {
        Self { outputs: vec![], rest_pose: RestPose::default(), report }
    }

    /// Sends bodies by VMC to this address, too.
    ///
    /// # Errors
    /// If the system gives no socket or thread.
    pub fn add_vmc(&mut self, address: SocketAddr) -> Result<(), OutputError> {
        let sink = VmcSink::new(address, self.rest_pose.clone())?;
        self.rest_pose.is_used();
        self.add(format!("VMC {address}"), Box::new(sink))
    }

    /// Sends bodies as a stream of the Lab Streaming Layer, too, with the library `file` or the system's.
    ///
    /// # Errors
    /// If there is no such library, or the system gives no thread.
    #[cfg(feature = "lsl")]
    pub fn add_lsl(&mut self, name: &str, file: Option<&std::path::Path>) -> Result<(), OutputError> {
        let sink = crate::LslSink::new(name, file)?;
        self.add(format!("LSL {name}"), Box::new(sink))
    }

    /// Shows bodies in the viewer of Rerun that listens at this address, too, the cameras where `geometry` says, and their
    /// pictures.
    ///
    /// # Errors
    /// If Rerun's library cannot begin, or the system gives no thread.
    #[cfg(feature = "rerun")]
    pub fn add_rerun(
        &mut self,
        viewer: SocketAddr,
        geometry: crate::GeometrySource,
        pictures: crate::RerunPictures,
    ) -> Result<(), OutputError> {
        let sink = crate::RerunSink::new(viewer, geometry, pictures)?;
        self.add(format!("Rerun {viewer}"), Box::new(sink))
    }

    /// Sends bodies to this receiver, too. The name is of its format and address.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn add(&mut self, name: String, sink: Box<dyn PoseSink>) -> Result<(), OutputError> {
        self.outputs.push(Output::start(name, sink, self.report.clone())?);
        Ok(())
    }

    /// Takes the person's T-pose as rest pose of characters, by command.
    pub fn rest_pose(&self) -> RestPose {
        self.rest_pose.clone()
    }

    /// The counts of the receivers there are now.
    pub fn counts(&self) -> SharedCounts {
        SharedCounts(self.outputs.iter().map(|output| (output.name().to_owned(), output.counts())).collect())
    }

    /// Hands a body to all receivers, and waits for none. One that does not keep up loses it, and that is told. Messages
    /// without a body are not sent: receivers keep the last one.
    pub fn send(&mut self, message: &PoseMessage) {
        if self.outputs.is_empty() || message.body.is_none() {
            return;
        }
        self.rest_pose.see(message);
        let message = Arc::new(message.clone());
        for output in &mut self.outputs {
            output.send(message.clone());
        }
    }
}

impl Drop for PoseOutputs {
    /// Waits for a moment until the last bodies are sent.
    fn drop(&mut self) {
        let until = Instant::now() + LAST;
        let ending: Vec<_> = self.outputs.drain(..).map(Output::end).collect();
        for running in ending {
            let _ = running.recv_deadline(until);
        }
    }
}
