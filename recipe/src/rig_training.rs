//! How a rig's own network was made.

use std::fmt;

use frame_sync::pairs::HoldOut;
use serde::{Deserialize, Serialize};

/// How a rig's own network was made; stored as JSON in its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RigTraining {
    /// Identity of the network that it started from.
    pub started_from: String,
    /// The finder of joints behind the labels.
    pub finder: String,
    /// The names of the rig's cameras, in its order.
    pub cameras: Vec<String>,
    /// The newest geometry behind the labels.
    pub geometry: String,
    /// Labelled pictures that it last learned from.
    pub pictures: usize,
    /// Minutes of people in view that gave labels.
    pub label_minutes: f64,
    /// Optimiser steps since the start.
    pub steps: u64,
    /// Instants that it never learned from, and that it is judged on.
    pub hold_out: HoldOut,
}

impl fmt::Display for RigTraining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "from {}, {} steps on {} pictures of {:.1} min, labels by {} in geometry {}",
            self.started_from, self.steps, self.pictures, self.label_minutes, self.finder, self.geometry
        )
    }
}
