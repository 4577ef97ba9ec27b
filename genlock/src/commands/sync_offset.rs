//! `genlock sync-offset`: hands over a take unchanged, or converts a folder of videos to a take first.

use std::path::{Path, PathBuf};

use footage::{Lengths, Rates, Tools};
use miette::{IntoDiagnostic, WrapErr, miette};

use super::hand_over;

/// Runs `genlock-learn sync-offset` with these arguments, of which a folder of videos is replaced by a take.
pub fn run(words: &[String]) -> miette::Result<()> {
    let is_folder = |word: &&String| Path::new(word).is_dir() && !Path::new(word).join("take.toml").is_file();
    let value = |word: &String| {
        words.iter().position(|known| known == word).is_some_and(|at| at > 0 && words[at - 1] == "--finder-files")
    };
    let Some(folder) = words.iter().find(|word| is_folder(word) && !value(word)) else {
        return hand_over::run("sync-offset", words);
    };
    // In the system's folder for temporary files; it is removed at the end.
    let parent = tempfile::tempdir().into_diagnostic()?;
    let take = as_take(Path::new(folder), parent.path())?.to_string_lossy().into_owned();
    let words = words.iter().map(|word| if word == folder { &take } else { word });
    let mut learn = hand_over::learn("sync-offset")?;
    let status = learn.args(words).status();
    let status = status.map_err(|error| miette!("cannot run {}: {error}", Path::new(learn.get_program()).display()))?;
    if status.success() { Ok(()) } else { Err(miette!("{folder}: no offsets were found")) }
}

/// Makes a take of videos, each from its own beginning to its own end.
fn as_take(folder: &Path, parent: &Path) -> miette::Result<PathBuf> {
    let tools = Tools::default();
    let found = footage::discover(&[folder.to_owned()], &tools).into_diagnostic()?;
    if found.cameras.len() < 2 {
        return Err(miette!("{}: neither a take nor a folder with two videos or more", folder.display()));
    }
    let videos = footage::look(&found.cameras, &tools, |_| ()).into_diagnostic()?;
    let axis = footage::plan(&videos, Rates::Resample, Lengths::Own).into_diagnostic()?;
    let of_videos = videos.iter().flat_map(|video| &video.remarks);
    for remark in found.remarks.iter().chain(of_videos).chain(&axis.remarks) {
        tracing::info!("{remark}");
    }
    let take = parent.join("videos");
    footage::write(&videos, &axis, &found.remarks, &take, &tools, |_, _| ())
        .into_diagnostic()
        .wrap_err("making a temporary take")?;
    Ok(take)
}
