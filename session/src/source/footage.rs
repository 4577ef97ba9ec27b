//! A folder of prepared footage as a rig: one MJPEG video per camera, and `footage.json` beside them.

use std::path::{Path, PathBuf};

use calibration_free_config::Rig;
use frame::Problem;
use serde::Deserialize;

use super::rig_of_replays;

const REMEDY: &str = "prepare a folder with one video per camera by `make demo FOOTAGE=dir`";

#[derive(Clone, Debug, Deserialize)]
struct Footage {
    /// Frames per second, the same for all cameras.
    rate: f64,
    /// Frames in each video.
    frames: u32,
    cameras: Vec<Video>,
}

#[derive(Clone, Debug, Deserialize)]
struct Video {
    name: String,
    file: PathBuf,
    frames: u32,
}

/// The rig whose cameras play the videos of a folder, at the rate at which they were filmed.
///
/// # Errors
/// The folder was not prepared, is damaged, or its videos do not fit together.
pub fn footage_rig(folder: &Path) -> Result<Rig, Problem> {
    if !folder.is_dir() {
        return Err(Problem::with_remedy(format!("{} is no folder", folder.display()), REMEDY));
    }
    let path = folder.join("footage.json");
    let failed = |what: String| Problem::with_remedy(what, REMEDY);
    let text = std::fs::read_to_string(&path).map_err(|e| failed(format!("{} cannot be read: {e}", path.display())))?;
    let footage: Footage =
        serde_json::from_str(&text).map_err(|e| failed(format!("{} is damaged: {e}", path.display())))?;
    if footage.cameras.is_empty() || footage.frames == 0 || !footage.rate.is_finite() || footage.rate <= 0.0 {
        return Err(failed(format!("{} names no camera, no frame or no rate", path.display())));
    }
    for video in &footage.cameras {
        if video.frames != footage.frames {
            return Err(Problem::with_remedy(
                format!(
                    "{}: {} has {} frames where the others have {}",
                    folder.display(),
                    video.name,
                    video.frames,
                    footage.frames
                ),
                "cut all videos to the same length",
            ));
        }
        let file = folder.join(&video.file);
        if !file.is_file() {
            return Err(failed(format!("{} is missing", file.display())));
        }
    }
    let cameras = footage.cameras.iter().map(|video| (&*video.name, folder.join(&video.file)));
    rig_of_replays("footage", footage.rate, None, cameras)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_footage_is_a_rig() {
        let folder = tempfile::tempdir().unwrap();
        let camera = |name: &str, frames: u32| {
            std::fs::write(folder.path().join(format!("{name}.mov")), "").unwrap();
            format!(r#"{{"name":"{name}","file":"{name}.mov","width":8,"height":8,"frames":{frames}}}"#)
        };
        let write = |frames: u32| {
            let cameras = format!("{},{}", camera("left", 9), camera("right", frames));
            let text = format!(r#"{{"rate":60.0,"frames":9,"cameras":[{cameras}]}}"#);
            std::fs::write(folder.path().join("footage.json"), text).unwrap();
        };
        write(9);
        let rig = footage_rig(folder.path()).unwrap();
        assert_eq!(rig.trigger.rate_hz, 60.0);
        let sources: Vec<_> = rig.cameras.iter().map(|camera| Path::new(&camera.source)).collect();
        assert_eq!(sources, [folder.path().join("left.mov"), folder.path().join("right.mov")]);
        write(8);
        assert!(footage_rig(folder.path()).unwrap_err().what.contains("right has 8 frames"));
    }
}
