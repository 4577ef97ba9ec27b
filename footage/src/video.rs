//! A video that was looked at: everything known before it is written.

use frame::Problem;

use crate::announced::Missing;
use crate::discover::Camera;
use crate::error::FootageError;
use crate::probe::{Track, probe};
use crate::timeline::{Pace, fit};
use crate::tools::Tools;
use crate::watch::{Watched, watch};

/// A camera's video, decoded once.
pub struct Video {
    /// Its camera.
    pub camera: Camera,
    /// When its pictures are shown, in seconds since its first announced picture; growing.
    pub times_s: Vec<f64>,
    /// Of each of these pictures the number among all that are decoded.
    pub(crate) numbers: Vec<u32>,
    /// How they follow each other.
    pub pace: Pace,
    /// What is worth knowing of it, in words.
    pub remarks: Vec<String>,
    pub(crate) track: Track,
    pub(crate) watched: Watched,
}

/// Progress of looking at videos.
#[derive(Clone, Copy, Debug)]
pub struct Looking<'a> {
    /// The camera whose video is decoded.
    pub camera: &'a str,
    /// Pictures so far.
    pub pictures: u64,
    /// Pictures that its index names, if it has one.
    pub of: Option<u64>,
}

/// A later beginning of pictures than of sound is said from here on; less is how streams are woven together.
const NOTICED_S: f64 = 0.3;

/// Decodes each video once.
///
/// # Errors
/// All the videos that cannot be used, each with the reason and what ffmpeg said.
pub fn look(cameras: &[Camera], tools: &Tools, mut progress: impl FnMut(Looking)) -> Result<Vec<Video>, FootageError> {
    let (mut videos, mut problems) = (Vec::new(), Vec::new());
    for camera in cameras {
        match Video::look(camera, tools, &mut progress) {
            Ok(video) => videos.push(video),
            Err(problem) => problems.push(problem.of(camera.path.display())),
        }
    }
    if problems.is_empty() { Ok(videos) } else { Err(FootageError { problems }) }
}

impl Video {
    fn look(camera: &Camera, tools: &Tools, mut progress: impl FnMut(Looking)) -> Result<Self, Problem> {
        let empty = std::fs::metadata(&camera.path).is_ok_and(|file| file.len() == 0);
        if empty {
            return Err(Problem::with_remedy("it is empty (0 bytes)", COPY));
        }
        let track = probe(&camera.path, tools)?
            .map_err(|words| Problem::with_remedy(format!("ffmpeg cannot read it as a video: {words}"), COPY))?;
        let watched = watch(&camera.path, &track, tools, |pictures| {
            progress(Looking { camera: &camera.name, pictures, of: track.indexed });
        })?;
        let said = if watched.words.is_empty() { String::new() } else { format!("; ffmpeg says: {}", watched.words) };
        if watched.pictures() < 2 {
            let count = if watched.pictures() == 1 { "one picture" } else { "no picture" };
            let what = format!("{count} of it can be decoded, and two make a video ({}{said})", track.codec);
            return Err(Problem::with_remedy(what, COPY));
        }
        if watched.times.is_empty() || track.raw {
            let what = format!("its pictures have no times (a raw stream of {})", track.codec);
            let remedy =
                "put it into a container at the rate of the camera: `ffmpeg -framerate RATE -i FILE -c copy FILE.mp4`";
            return Err(Problem::with_remedy(what, remedy));
        }
        Self::of(camera, track, watched)
    }

    fn of(camera: &Camera, track: Track, watched: Watched) -> Result<Self, Problem> {
        let numbers = in_order(&watched.times)?;
        let seconds = |begins: i64| -> Vec<f64> {
            numbers.iter().map(|number| (watched.times[*number as usize] - begins) as f64 * track.tick_s).collect()
        };
        let still = || Problem::with_remedy("all its pictures have the same time", COPY);
        let mut times_s = seconds(watched.times[0]);
        let mut pace = fit(&times_s, track.tick_s).ok_or_else(still)?;
        let mut remarks = Vec::new();
        if let Some(missing) = Missing::of(&track, &watched, 1.0 / pace.rate_hz()) {
            remarks.push(missing.check(&watched)?);
            if let Some(begins) = missing.begins {
                times_s = seconds(begins);
                pace = fit(&times_s, track.tick_s).ok_or_else(still)?;
            }
        } else if !watched.words.is_empty() {
            remarks.push(format!(
                "all its pictures can be decoded, but some may be damaged; ffmpeg says: {}",
                watched.words
            ));
        }
        let late = watched.times.len() - numbers.len();
        if late > 0 {
            remarks.push(format!("{late} pictures are not later than those before them, and are left out"));
        }
        let mut video = Self { camera: camera.clone(), times_s, numbers, pace, remarks, track, watched };
        video.remark();
        Ok(video)
    }

    /// Puts into words what is done to its pictures.
    fn remark(&mut self) {
        let (track, watched) = (&self.track, &self.watched);
        let [width, height] = watched.size_px;
        let mut say = |words: String| self.remarks.push(words);
        if track.others > 0 {
            say(format!("it has {} video tracks; the first is taken", track.others + 1));
        }
        match track.rotation {
            _ if track.mirrored => {
                say("it is mirrored, as its header says, so left and right are exchanged in it and no \
                                        geometry can fit: save it again without mirroring"
                    .into())
            }
            0 => {}
            90 => say("turned a quarter to the right, as it says".into()),
            180 => say("turned upside down, as it says".into()),
            270 => say("turned a quarter to the left, as it says".into()),
            degrees => say(format!("turned by {degrees}° to the right, as it says")),
        }
        if (watched.pixel_aspect - 1.0).abs() > 1e-6 {
            let [to_width, to_height] = shown_size(track, watched);
            let aspect = watched.pixel_aspect;
            say(format!(
                "its pixels are {aspect:.3} times as wide as high: {width}×{height} becomes {to_width}×{to_height}"
            ));
        }
        if track.after_sound_s > NOTICED_S {
            let late_s = track.after_sound_s;
            say(format!("its pictures begin {late_s:.2} s after its sound, and count from the first picture"));
        }
        // The last picture of a program stream has none.
        if watched.timeless > 1 {
            say(format!("{} pictures have no time of their own and stand evenly between others", watched.timeless));
        }
        if is_interlaced(track, watched) {
            say("it is interlaced: each picture is made of both its fields".into());
        }
        if let Some((at, [w, h])) = watched.other_size {
            say(format!("picture {at} changes from {width}×{height} to {w}×{h}; all become the size of the first"));
        }
        if track.hdr.is_some() {
            say("it is HDR: its brightness and colours become those of ordinary pictures".into());
        }
    }
}

/// The numbers of the pictures whose times grow.
///
/// # Errors
/// More than a few do not, as where recordings were put together.
fn in_order(times: &[i64]) -> Result<Vec<u32>, Problem> {
    let mut numbers: Vec<u32> = Vec::with_capacity(times.len());
    let (mut latest, mut back) = (None, None);
    for (number, time) in (0..).zip(times) {
        if latest.is_none_or(|latest| time > latest) {
            latest = Some(time);
            numbers.push(number);
        } else {
            back.get_or_insert(number);
        }
    }
    let late = times.len() - numbers.len();
    match back {
        Some(back) if late as f64 > MAX_LATE * times.len() as f64 => Err(Problem::with_remedy(
            format!("its times run backwards: from picture {back} on, {late} of {} come too late", times.len()),
            "recordings that were put together have to be taken apart: give each take its own",
        )),
        _ => Ok(numbers),
    }
}

/// More than this part of the pictures may not be too late.
const MAX_LATE: f64 = 0.1;

const COPY: &str = "copy it anew from the camera, or leave it out";

/// Whether fields are to be joined.
pub(crate) fn is_interlaced(track: &Track, watched: &Watched) -> bool {
    track.interlaced || 2 * watched.interlaced > watched.pictures()
}

/// Width and height of its pictures with square pixels, turned as it says. The side that is too short grows, to an even
/// number of pixels.
pub(crate) fn shown_size(track: &Track, watched: &Watched) -> [u32; 2] {
    let even = |length: f64| ((length / 2.0).round() as u32).max(1) * 2;
    let [width, height] = watched.size_px;
    let size = match watched.pixel_aspect {
        1.0 => [width, height],
        wide if wide > 1.0 => [even(f64::from(width) * wide), height],
        high => [width, even(f64::from(height) / high)],
    };
    if track.turned { [size[1], size[0]] } else { size }
}
