//! Traits of message sinks and sources.

use std::time::Duration;

use body::RigGeometry;

use crate::{
    BodyLabels, FinderSet, InferStatus, LearnerStatus, Moment, PoseMessage, RigCommand, RigEvent, TransportError,
    WantedPictures,
};

/// Sends moments to the learner and inference processes.
pub trait MomentSink: Send {
    /// Sends a moment without waiting for any receiver. Receivers that fall behind lose the oldest moments, and count
    /// them.
    fn send(&mut self, moment: &Moment) -> Result<(), TransportError>;

    /// Flushes what is still buffered. Nothing may be sent afterwards.
    fn close(&mut self) -> Result<(), TransportError> {
        Ok(())
    }
}

/// A message with the number that its sink gave it, from 0: a gap in the numbers is a loss in transit.
#[derive(Clone, Debug, PartialEq)]
pub struct Received<T> {
    pub number: u64,
    pub value: T,
}

/// Receives moments.
pub trait MomentSource: Send {
    /// The next moment, or `None` after `wait`.
    fn receive(&mut self, wait: Duration) -> Result<Option<Received<Moment>>, TransportError>;
}

/// Sends pictures to the finder of joints.
pub trait FinderSetSink: Send {
    /// Sends pictures without waiting; a receiver that falls behind loses the oldest.
    fn send(&mut self, set: &FinderSet) -> Result<(), TransportError>;
}

/// Receives pictures for the finder of joints.
pub trait FinderSetSource: Send {
    /// The next pictures, or `None` after `wait`.
    fn receive(&mut self, wait: Duration) -> Result<Option<FinderSet>, TransportError>;
}

impl<S: FinderSetSource + ?Sized> FinderSetSource for Box<S> {
    fn receive(&mut self, wait: Duration) -> Result<Option<FinderSet>, TransportError> {
        (**self).receive(wait)
    }
}

/// Sends poses from inference.
pub trait PoseSink: Send {
    fn send(&mut self, poses: &PoseMessage) -> Result<(), TransportError>;
}

/// Receives poses.
pub trait PoseSource: Send {
    fn receive(&mut self, wait: Duration) -> Result<Option<PoseMessage>, TransportError>;
}

/// Messages besides poses: status of learner and inference, and requests by inference.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hint {
    Learner(LearnerStatus),
    Infer(InferStatus),
    WantedPictures(WantedPictures),
    Geometry(Box<RigGeometry>),
    RigEvent(RigEvent),
    /// For the learner.
    Labels(Box<BodyLabels>),
}

/// Sends hints.
pub trait HintSink: Send {
    fn send(&mut self, hint: &Hint) -> Result<(), TransportError>;
}

/// Receives hints.
pub trait HintSource: Send {
    fn receive(&mut self, wait: Duration) -> Result<Option<Hint>, TransportError>;
}

/// Receives labels, for the learner.
pub trait LabelSource: Send {
    /// The next labels if some are there.
    fn receive(&mut self) -> Result<Option<BodyLabels>, TransportError>;
}

/// Sends commands to inference.
pub trait CommandSink: Send {
    fn send(&mut self, command: &RigCommand) -> Result<(), TransportError>;
}

/// Receives commands.
pub trait CommandSource: Send {
    /// The next command if one is there.
    fn receive(&mut self) -> Result<Option<RigCommand>, TransportError>;
}
