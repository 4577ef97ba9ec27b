//! What the tracks of a file are.

use std::sync::{Arc, Mutex};

use gstreamer as gst;
use gstreamer::prelude::*;

/// The names of the tracks' formats, as the element `tracks` of a pipeline finds them.
pub struct Tracks(Arc<Mutex<Vec<String>>>);

impl Tracks {
    /// Listens from now on.
    pub fn of(pipeline: &gst::Pipeline) -> Self {
        let found = Arc::new(Mutex::new(Vec::new()));
        let seen = found.clone();
        if let Some(tracks) = pipeline.by_name("tracks") {
            tracks.connect_pad_added(move |_, pad| {
                let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
                let name = caps.structure(0).map(|caps| caps.name().to_string());
                seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend(name);
            });
        }
        Self(found)
    }

    /// The format of a video, where none of the tracks is MJPEG.
    pub fn other_video(&self) -> Option<String> {
        let found = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if found.iter().any(|name| name == "image/jpeg") {
            return None;
        }
        let format = found.iter().find_map(|name| name.strip_prefix("video/"))?;
        Some(match format.trim_start_matches("x-") {
            "h263" => "H.263".into(),
            "h264" => "H.264".into(),
            "h265" => "H.265".into(),
            known @ ("vp8" | "vp9" | "av1" | "mpeg") => known.to_uppercase(),
            "prores" => "ProRes".into(),
            other => other.into(),
        })
    }
}
