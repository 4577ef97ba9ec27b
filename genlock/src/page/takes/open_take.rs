//! A take that is open for replay: where its bodies are.

use std::path::Path;

use frame::CameraId;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use take::{Inspection, TakeReader, inspect_open};
use transport::{BodyPose, PoseMessage};

use super::library::Unreadable;

/// Bodies of one answer at most.
const MOST: usize = 2_000;

/// A take, and the times of its bodies.
pub struct OpenTake {
    reader: TakeReader,
    pub inspection: Inspection,
    /// Exposure of the first frame of any camera.
    first_ns: i64,
    /// Exposure of each body, and which pose message it is in; in order of time.
    bodies: Vec<(i64, usize)>,
}

/// The bodies of a part of a take.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct BodyWindow {
    pub from_s: f64,
    /// All bodies before this time are here. It is earlier than asked for where there are very many.
    pub until_s: f64,
    pub bodies: Vec<RecordedBody>,
}

/// A body as it was streamed.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedBody {
    /// Seconds since the take's first exposure.
    pub at_s: f64,
    pub body: BodyPose,
}

/// What is read of each message to find the bodies.
#[derive(Deserialize)]
struct Head {
    exposure_ns: i64,
    body: Option<IgnoredAny>,
}

impl OpenTake {
    pub fn read(path: &Path) -> Result<Self, Unreadable> {
        let reader = TakeReader::open(path)?;
        let cameras = (0..reader.cameras().len()).map(|index| CameraId(index as u16));
        let exposures = cameras
            .flat_map(|camera| (0..reader.len(camera)).map(move |index| (camera, index)))
            .filter_map(|(camera, index)| Some(reader.frame_info(camera, index)?.exposure.ns));
        let first_ns = exposures.min();
        let mut bodies = vec![];
        for (index, json) in reader.poses().enumerate() {
            let head: Head = serde_json::from_slice(&json?)
                .map_err(|error| Unreadable::Damaged(format!("pose message {index} cannot be understood: {error}")))?;
            if head.body.is_some() {
                bodies.push((head.exposure_ns, index));
            }
        }
        bodies.sort_unstable();
        let first_ns = first_ns.or(bodies.first().map(|body| body.0)).unwrap_or(0);
        Ok(Self { inspection: inspect_open(&reader), reader, first_ns, bodies })
    }

    pub fn bodies_recorded(&self) -> usize {
        self.bodies.len()
    }

    /// The bodies of this many seconds.
    pub fn bodies(&self, from_s: f64, seconds: f64) -> Result<BodyWindow, Unreadable> {
        let ns = |seconds: f64| self.first_ns.saturating_add((seconds * 1e9) as i64);
        let at = |ns: i64| self.bodies.partition_point(|body| body.0 < ns);
        let (from, mut until, mut until_s) = (at(ns(from_s)), at(ns(from_s + seconds)), from_s + seconds);
        if until - from > MOST {
            until = from + MOST;
            until_s = self.seconds(self.bodies[until].0);
        }
        let bodies = self.bodies[from..until].iter().map(|&(ns, index)| self.body(ns, index));
        Ok(BodyWindow { from_s, until_s, bodies: bodies.collect::<Result<_, _>>()? })
    }

    fn body(&self, ns: i64, index: usize) -> Result<RecordedBody, Unreadable> {
        let damaged = |why: String| Unreadable::Damaged(format!("pose message {index} cannot be understood: {why}"));
        let json = self.reader.pose_message(index).ok_or_else(|| damaged("it is gone".into()))??;
        let message = PoseMessage::from_json(&json).map_err(|error| damaged(error.to_string()))?;
        let body = message.body.ok_or_else(|| damaged("it has no body".into()))?;
        Ok(RecordedBody { at_s: self.seconds(ns), body })
    }

    fn seconds(&self, ns: i64) -> f64 {
        (ns - self.first_ns) as f64 / 1e9
    }
}
