//! Recordings that a camera split into several files. Only GoPro's names say which files those are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use frame::Problem;

/// The recording that a file belongs to, and which part of it the file is: `GH020012` is the second chapter of recording
/// 0012, and so is `GP010012` after `GOPR0012` (GoPro's file naming convention).
fn chapter(path: &Path) -> Option<(String, u32)> {
    let stem = path.file_stem()?.to_str()?.to_ascii_uppercase();
    if stem.len() != 8 || !stem.is_ascii() {
        return None;
    }
    let (kind, number) = stem.split_at(4);
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if !digits(number) {
        return None;
    }
    match kind.split_at(2) {
        ("GO", "PR") => Some((format!("GP{number}"), 0)),
        (camera @ ("GH" | "GX" | "GP"), part) if digits(part) => {
            Some((format!("{camera}{number}"), part.parse().ok()?))
        }
        _ => None,
    }
}

/// Refuses videos of which several are chapters of one recording: each of them alone is a part of what a camera saw, and
/// together they would be taken for several cameras.
pub(super) fn refuse(videos: &[&PathBuf]) -> Result<(), Problem> {
    let mut recordings: BTreeMap<_, Vec<(u32, &Path)>> = BTreeMap::new();
    for video in videos {
        if let Some((recording, part)) = chapter(video) {
            recordings.entry((video.parent(), recording)).or_default().push((part, video));
        }
    }
    let Some(parts) = recordings.values_mut().find(|parts| parts.len() > 1) else { return Ok(()) };
    parts.sort_unstable();
    let files: Vec<String> = parts.iter().map(|(_, path)| path.display().to_string()).collect();
    Err(Problem::with_remedy(
        format!("{} are chapters of one recording", files.join(", ")),
        format!(
            "join them, and give the whole: write a line `file '{}'` and so on for each, in this order, into list.txt, then \
             `ffmpeg -f concat -safe 0 -i list.txt -c copy whole.mp4`",
            files[0]
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(names: &[&str]) -> Option<String> {
        let paths: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        refuse(&paths.iter().collect::<Vec<_>>()).err().map(|problem| problem.to_string())
    }

    #[test]
    fn chapters_are_told_from_recordings_and_from_cameras() {
        let said = refused(&["a/GH020012.MP4", "a/GH010012.MP4"]).unwrap();
        assert!(said.starts_with("a/GH010012.MP4, a/GH020012.MP4 are chapters"), "{said}");
        assert!(refused(&["GOPR0012.mp4", "GP010012.mp4"]).is_some());
        assert!(refused(&["gx010001.mp4", "gx020001.mp4"]).is_some());
        for apart in [
            &["GH010012.MP4", "GH010013.MP4"][..],
            &["a/GH010012.MP4", "b/GH020012.MP4"],
            &["GH010012.MP4", "GX020012.MP4"],
            &["cam1.mp4", "cam2.mp4"],
            &["12345678.mp4", "GOPRO001.mp4"],
        ] {
            assert_eq!(refused(apart), None, "{apart:?}");
        }
    }
}
