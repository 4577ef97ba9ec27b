//! The scores of one method to find bodies as JSON, and of all methods as text.

use body::metrics::{BodyScores, CameraErrors};
use serde::Serialize;

/// One method to find bodies, and its scores.
#[derive(Serialize)]
pub struct Row {
    pub what: String,
    #[serde(flatten)]
    pub scores: Option<BodyScores>,
    #[serde(flatten)]
    pub cameras: Option<CameraErrors>,
    /// Why there are no scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl Row {
    /// A row of poses relative to the root, for which an error in the room is meaningless.
    pub fn without_place(what: &str, scores: Option<BodyScores>) -> Self {
        let scores = scores.map(|scores| BodyScores { rig_mm: None, ..scores });
        Self { what: what.to_owned(), scores, cameras: None, refused: None }
    }
}

pub fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<44} {:>8} {:>6} {:>6} {:>6} {:>6} {:>7} {:>7}\n",
        "over the 12 limb joints", "bodies", "P mm", "worst", "rig mm", "scale", "rot °", "focal %"
    );
    let number = |value: Option<f64>, digits: usize| value.map_or("–".into(), |value| format!("{value:.digits$}"));
    for row in rows {
        if let Some(why) = &row.refused {
            text += &format!("{:<44} refused: {why}\n", row.what);
            continue;
        }
        let scores = row.scores.as_ref();
        text += &format!(
            "{:<44} {:>8} {:>6} {:>6} {:>6} {:>6} {:>7} {:>7}\n",
            row.what,
            scores.map_or(0, |scores| scores.bodies),
            number(scores.map(|scores| scores.p_mm), 1),
            number(scores.map(|scores| scores.worst_p_mm), 1),
            number(scores.and_then(|scores| scores.rig_mm), 1),
            number(scores.and_then(|scores| scores.rig_mm.map(|_| scores.scale)), 3),
            number(row.cameras.map(|cameras| cameras.rotation_degrees), 2),
            number(row.cameras.map(|cameras| cameras.focal_percent), 1),
        );
    }
    text
}
