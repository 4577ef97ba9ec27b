//! What a take holds, for the list.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::open_take::OpenTake;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TakeSummary {
    /// Name of its folder.
    pub name: String,
    pub state: TakeState,
    /// What is wrong with it, in a sentence.
    pub problem: Option<String>,
    /// `None` of a damaged take, and of the one that is being recorded.
    pub contents: Option<Contents>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TakeState {
    Complete,
    /// It is being recorded now.
    Recording,
    /// It can be read, and was not closed: its writer was stopped, or is just closing it.
    Unfinished,
    /// It cannot be read.
    Damaged,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    /// Name of the session.
    pub session: String,
    /// RFC 3339.
    pub started_utc: String,
    /// From the first exposure to the last.
    pub length_s: f64,
    pub cameras: Vec<String>,
    /// Of all cameras.
    pub frames: u64,
    /// Bytes of their pictures.
    pub bytes: u64,
    /// Frames that are missing.
    pub lost: u64,
    /// The same by reason.
    pub lost_by_reason: BTreeMap<String, u64>,
    /// Instants for which poses were streamed.
    pub pose_messages: usize,
    /// How many of them have a body in the room.
    pub bodies: usize,
}

impl TakeSummary {
    pub fn of(name: &str, take: &OpenTake) -> Self {
        let seen = &take.inspection;
        let mut lost_by_reason = BTreeMap::new();
        for gap in seen.cameras.iter().flat_map(|camera| &camera.gaps) {
            *lost_by_reason.entry(gap.reason.clone()).or_default() += gap.frames;
        }
        let contents = Contents {
            session: seen.name.clone(),
            started_utc: seen.started_utc.clone(),
            length_s: seen.duration_s,
            cameras: seen.cameras.iter().map(|camera| camera.name.clone()).collect(),
            frames: seen.cameras.iter().map(|camera| camera.frames).sum(),
            bytes: seen.cameras.iter().map(|camera| camera.bytes).sum(),
            lost: lost_by_reason.values().sum(),
            lost_by_reason,
            pose_messages: seen.pose_messages,
            bodies: take.bodies_recorded(),
        };
        let (state, problem) = if seen.complete {
            (TakeState::Complete, None)
        } else {
            (TakeState::Unfinished, Some("it was not closed; what is in it can be read".to_owned()))
        };
        Self { name: name.to_owned(), state, problem, contents: Some(contents) }
    }

    pub fn damaged(name: &str, problem: String) -> Self {
        Self { name: name.to_owned(), state: TakeState::Damaged, problem: Some(problem), contents: None }
    }

    /// Of the take that is being recorded, which has no end yet.
    pub fn recording(name: &str) -> Self {
        Self { name: name.to_owned(), state: TakeState::Recording, problem: None, contents: None }
    }
}
