//! The traits of what sends and receives messages.

use std::time::Duration;

use body::RigGeometry;

use crate::{
    FinderSet, InferStatus, LearnerStatus, Moment, PoseMessage, RigCommand, RigEvent, TransportError, WantedPictures,
};

/// Takes moments towards the processes that learn and infer.
pub trait MomentSink: Send {
    /// Hands a moment over without waiting for any receiver. Receivers that fall behind lose the oldest and count it.
    fn send(&mut self, moment: &Moment) -> Result<(), TransportError>;

    /// Hands on what is still held. Nothing is sent afterwards.
    fn close(&mut self) -> Result<(), TransportError> {
        Ok(())
    }
}

/// A moment with the number that its sink gave it, counted from 0: a gap in the numbers is a loss on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Received<T> {
    pub number: u64,
    pub value: T,
}

/// Where moments come out.
pub trait MomentSource: Send {
    /// The next moment, or `None` once `wait` is over.
    fn receive(&mut self, wait: Duration) -> Result<Option<Received<Moment>>, TransportError>;
}

/// Takes pictures to the finder of joints.
pub trait FinderSetSink: Send {
    /// Hands pictures over without waiting; a receiver that falls behind loses the oldest.
    fn send(&mut self, set: &FinderSet) -> Result<(), TransportError>;
}

/// Where pictures for the finder of joints come out.
pub trait FinderSetSource: Send {
    /// The next pictures, or `None` once `wait` is over.
    fn receive(&mut self, wait: Duration) -> Result<Option<FinderSet>, TransportError>;
}

impl<S: FinderSetSource + ?Sized> FinderSetSource for Box<S> {
    fn receive(&mut self, wait: Duration) -> Result<Option<FinderSet>, TransportError> {
        (**self).receive(wait)
    }
}

/// Takes poses and status back from the processes that infer and learn.
pub trait PoseSink: Send {
    fn send(&mut self, poses: &PoseMessage) -> Result<(), TransportError>;
}

/// Where poses come out.
pub trait PoseSource: Send {
    fn receive(&mut self, wait: Duration) -> Result<Option<PoseMessage>, TransportError>;
}

/// Hints travel beside poses: what learner and infer say of themselves, and what infer asks for.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hint {
    Learner(LearnerStatus),
    Infer(InferStatus),
    WantedPictures(WantedPictures),
    Geometry(Box<RigGeometry>),
    RigEvent(RigEvent),
}

pub trait HintSink: Send {
    fn send(&mut self, hint: &Hint) -> Result<(), TransportError>;
}

pub trait HintSource: Send {
    fn receive(&mut self, wait: Duration) -> Result<Option<Hint>, TransportError>;
}

/// Takes commands to inference.
pub trait CommandSink: Send {
    fn send(&mut self, command: &RigCommand) -> Result<(), TransportError>;
}

/// Where commands come out.
pub trait CommandSource: Send {
    /// The next command if one is there.
    fn receive(&mut self) -> Result<Option<RigCommand>, TransportError>;
}
