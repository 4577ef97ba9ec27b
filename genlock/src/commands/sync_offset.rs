//! `genlock sync-offset`: hands over a take unchanged, or converts a folder of videos to a take first.

use std::path::{Path, PathBuf};

use datasets::PictureSource;
use frame::{CameraId, DeviceStamp, Encoding, FrameInfo, HostTime, Picture, SegmentId, TriggerIndex};
use miette::{IntoDiagnostic, WrapErr, miette};
use take::{TakeInfo, TakeWriter};

use super::hand_over;
use super::import::video::Video;

/// JPEG quality of the pictures for the finder of joints.
const JPEG_QUALITY: u8 = 95;

/// File extensions of videos.
const VIDEOS: [&str; 12] = ["3gp", "avi", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ts", "webm", "wmv"];

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

/// Makes a take of videos, in which frame n of each video is that of pulse n.
fn as_take(folder: &Path, parent: &Path) -> miette::Result<PathBuf> {
    let named = || folder.display().to_string();
    let mut videos: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_diagnostic()
        .wrap_err_with(named)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .into_diagnostic()?;
    videos.retain(|path| path.is_file() && is_video(path));
    videos.sort();
    if videos.len() < 2 {
        return Err(miette!("{}: neither a take nor a folder with two videos or more", named()));
    }
    let name = |path: &PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let names: Vec<String> = videos.iter().filter_map(name).collect();
    let mut rates: Vec<(String, f64)> = Vec::new();
    let mut readers = Vec::new();
    for (path, name) in videos.iter().zip(&names) {
        let failed = |error: datasets::Fault| miette!("{}: {error}", path.display());
        let mut video = Video::open(path, JPEG_QUALITY).map_err(failed)?;
        let mut first = Vec::new();
        let size = video.next(&mut first).map_err(failed)?;
        let size = size.ok_or_else(|| miette!("{}: it has no picture", path.display()))?;
        let rate = video.rate_hz().ok_or_else(|| miette!("{}: its rate is not known", path.display()))?;
        rates.push((name.clone(), rate));
        readers.push((path, video, size, first));
    }
    let rate_hz = rates[0].1;
    if let Some((other, rate)) = rates.iter().find(|(_, rate)| (rate / rate_hz - 1.0).abs() > 1e-3) {
        return Err(miette!(
            "{} has {rate_hz:.3} frames a second and {other} {rate:.3}: bring them to one rate first, for example with \
             `ffmpeg -i VIDEO -r {rate_hz:.3}`",
            rates[0].0
        ));
    }
    let info = TakeInfo {
        name: "videos".into(),
        rig_toml: String::new(),
        cameras: names,
        host: "local".into(),
        trigger_rate_hz: rate_hz,
        source_rate_hz: None,
    };
    let mut writer = TakeWriter::create(parent, &info).into_diagnostic()?;
    for (camera, (path, mut video, mut size, mut jpeg)) in readers.into_iter().enumerate() {
        for number in 0u64.. {
            let info = frame_info(camera, number, rate_hz, size);
            writer.write_frame(&info, &jpeg).into_diagnostic().wrap_err("writing a temporary take")?;
            match video.next(&mut jpeg).map_err(|error| miette!("{}: {error}", path.display()))? {
                Some(next) => size = next,
                None => break,
            }
        }
    }
    Ok(writer.finish().into_diagnostic()?.directory)
}

/// Whether a file is a video, by its name.
fn is_video(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| VIDEOS.contains(&extension.as_str()))
}

fn frame_info(camera: usize, number: u64, rate_hz: f64, [width_px, height_px]: [u32; 2]) -> FrameInfo {
    let at_ns = (number as f64 * 1e9 / rate_hz) as i64;
    FrameInfo {
        camera: CameraId(camera as u16),
        sequence: number,
        segment: SegmentId::seam(0),
        trigger: TriggerIndex::Certain(number),
        exposure: HostTime::monotonic(at_ns, 0),
        exposure_duration_ns: 0,
        arrival_ns: at_ns,
        device: DeviceStamp::default(),
        source: None,
        picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px, height_px },
    }
}
