//! What a video's header says.

use std::io::Read;
use std::path::Path;

use frame::Problem;
use serde::Deserialize;

use crate::child::Stream;
use crate::tools::{Tools, url};

/// The video track that is taken, as the header describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Its number among all streams of the file.
    pub index: u32,
    pub codec: String,
    /// Seconds of one tick of its times.
    pub tick_s: f64,
    /// Whether it is turned by a quarter, one way or the other.
    pub turned: bool,
    /// To the right, in degrees from 0 to 359; 0 where it stands as it was filmed.
    pub rotation: i32,
    pub interlaced: bool,
    /// Its header says to show it mirrored.
    pub mirrored: bool,
    /// Pictures in the file's index, with those that an edit list hides; `None` where the file has none.
    pub indexed: Option<u64>,
    /// Where its pictures end, after its first; `None` where the file does not say.
    pub duration_s: Option<f64>,
    /// By how many seconds it begins after the file's sound.
    pub after_sound_s: f64,
    /// Whether the file has no times, so that ffmpeg would invent them.
    pub raw: bool,
    /// How its brightness is coded, by ffmpeg's name, where that is for HDR.
    pub hdr: Option<&'static str>,
    /// The matrix of its colours, by ffmpeg's name, where it is not that of JPEGs.
    pub matrix: Option<&'static str>,
    /// Other video tracks of the file.
    pub others: usize,
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    streams: Vec<Stated>,
    #[serde(default)]
    format: Format,
}

#[derive(Default, Deserialize)]
struct Format {
    #[serde(default)]
    format_name: String,
    duration: Option<String>,
}

#[derive(Deserialize)]
struct Stated {
    index: u32,
    codec_type: Option<String>,
    codec_name: Option<String>,
    time_base: Option<String>,
    start_time: Option<String>,
    duration: Option<String>,
    nb_frames: Option<String>,
    field_order: Option<String>,
    color_transfer: Option<String>,
    color_space: Option<String>,
    #[serde(default)]
    disposition: Disposition,
    #[serde(default)]
    side_data_list: Vec<SideData>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Default, Deserialize)]
struct Disposition {
    #[serde(default)]
    attached_pic: u8,
    #[serde(default)]
    timed_thumbnails: u8,
}

#[derive(Deserialize)]
struct SideData {
    rotation: Option<f64>,
    /// Rows of numbers after their place: `00000000: 65536 0 0`.
    displaymatrix: Option<String>,
}

impl SideData {
    /// Whether the display matrix turns pictures over, besides turning them.
    fn mirrors(&self) -> bool {
        let text = self.displaymatrix.as_deref().unwrap_or_default();
        let rows: Vec<Vec<f64>> = text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(_, row)| row.split_whitespace().filter_map(|value| value.parse().ok()).collect())
            .collect();
        matches!(&rows[..], [a, b, ..] if a.len() > 1 && b.len() > 1 && a[0] * b[1] < a[1] * b[0])
    }
}

#[derive(Default, Deserialize)]
struct Tags {
    #[serde(rename = "DURATION")]
    duration: Option<String>,
}

/// Formats without times: ffmpeg plays them at 25 pictures a second, whatever they were filmed at.
const RAW: [&str; 10] = ["h264", "hevc", "mjpeg", "mpegvideo", "m4v", "h263", "h261", "rawvideo", "obu", "vc1"];
/// What ffmpeg reads as pictures and is no film.
const NO_FILM: [&str; 3] = ["tty", "image2", "gif"];

/// Matrices of colours that differ from that of JPEGs, by ffmpeg's names.
const OTHER_MATRICES: [&str; 3] = ["bt709", "bt2020nc", "smpte240m"];

/// Reads the header. `Ok(Err(words))` if it is no video, with what ffmpeg says of it.
pub fn probe(path: &Path, tools: &Tools) -> Result<Result<Track, String>, Problem> {
    let words = ["-v", "error", "-print_format", "json", "-show_format", "-show_streams", "-i"].map(Into::into);
    let words = words.into_iter().chain([url(path)]);
    let mut stream = Stream::start(&tools.ffprobe, words, tools.silence, |mut output, sender| {
        let mut text = Vec::new();
        output.read_to_end(&mut text)?;
        sender.send(text).map_err(std::io::Error::other)
    })?;
    let text = stream.next()?.unwrap_or_default();
    let end = stream.end()?;
    if !end.success {
        return Ok(Err(end.words));
    }
    let header: Header = serde_json::from_slice(&text)
        .map_err(|error| Problem::new(format!("the answer of {} cannot be read: {error}", tools.ffprobe.display())))?;
    Ok(track(header).ok_or_else(|| if end.words.is_empty() { "it has no video track".into() } else { end.words }))
}

fn track(header: Header) -> Option<Track> {
    let format = header.format.format_name;
    if NO_FILM.contains(&&*format) || format.ends_with("_pipe") {
        return None;
    }
    let is_video = |stream: &&Stated| {
        stream.codec_type.as_deref() == Some("video")
            && stream.disposition.attached_pic == 0
            && stream.disposition.timed_thumbnails == 0
    };
    let videos: Vec<_> = header.streams.iter().filter(is_video).collect();
    let stated = videos.first()?;
    let seconds = |text: &Option<String>| text.as_ref()?.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
    let tagged = stated.tags.duration.as_deref().and_then(clock);
    let start_s = seconds(&stated.start_time).unwrap_or(0.0);
    let sounds = header.streams.iter().filter(|stream| stream.codec_type.as_deref() == Some("audio"));
    let sound_s = sounds.filter_map(|sound| seconds(&sound.start_time)).reduce(f64::min);
    // A tag and the duration of the whole file say when the track ends, and not how long it is.
    let whole = || seconds(&header.format.duration).filter(|_| header.streams.len() == 1);
    let duration_s = seconds(&stated.duration).or_else(|| tagged.or_else(whole).map(|end| end - start_s.max(0.0)));
    let rotation = stated.side_data_list.iter().find_map(|data| data.rotation).map_or(0.0, |turn| -turn);
    let rotation = (rotation.round() as i32).rem_euclid(360);
    Some(Track {
        index: stated.index,
        codec: stated.codec_name.clone().unwrap_or_else(|| "an unknown codec".into()),
        tick_s: stated.time_base.as_deref().and_then(fraction).unwrap_or(1e-3),
        turned: matches!(rotation, 46..135 | 226..315),
        rotation,
        mirrored: stated.side_data_list.iter().any(SideData::mirrors),
        interlaced: matches!(stated.field_order.as_deref(), Some("tt" | "bb" | "tb" | "bt")),
        indexed: stated.nb_frames.as_ref().and_then(|count| count.parse().ok()),
        duration_s,
        after_sound_s: sound_s.map_or(0.0, |sound_s| start_s - sound_s),
        raw: RAW.contains(&&*format),
        hdr: ["smpte2084", "arib-std-b67"].into_iter().find(|hdr| stated.color_transfer.as_deref() == Some(hdr)),
        matrix: OTHER_MATRICES.into_iter().find(|name| stated.color_space.as_deref() == Some(*name)),
        others: videos.len() - 1,
    })
}

/// `1/90000`.
fn fraction(text: &str) -> Option<f64> {
    let (over, under) = text.split_once('/')?;
    let value = over.parse::<f64>().ok()? / under.parse::<f64>().ok()?;
    (value.is_finite() && value > 0.0).then_some(value)
}

/// `00:01:02.500000000`.
fn clock(text: &str) -> Option<f64> {
    text.split(':').try_fold(0.0, |seconds, part| Some(seconds * 60.0 + part.trim().parse::<f64>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Track> {
        track(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_first_track_that_is_no_cover_is_taken() {
        let json = r#"{"streams": [
            {"index": 0, "codec_type": "audio"},
            {"index": 1, "codec_type": "video", "codec_name": "mjpeg", "disposition": {"attached_pic": 1}},
            {"index": 2, "codec_type": "video", "codec_name": "hevc", "time_base": "1/600", "duration": "2.5",
             "nb_frames": "75", "side_data_list": [{"side_data_type": "Display Matrix", "rotation": -90}]},
            {"index": 3, "codec_type": "video", "codec_name": "h264"}],
            "format": {"format_name": "mov,mp4,m4a,3gp,3g2,mj2", "duration": "9"}}"#;
        let track = read(json).unwrap();
        assert_eq!((track.index, &*track.codec, track.rotation, track.turned), (2, "hevc", 90, true));
        assert_eq!((track.indexed, track.duration_s, track.others), (Some(75), Some(2.5), 1));
    }

    #[test]
    fn text_and_pictures_are_no_videos() {
        let json = |format: &str| {
            format!(
                r#"{{"streams": [{{"index": 0, "codec_type": "video"}}], "format": {{"format_name": "{format}"}}}}"#
            )
        };
        for format in ["tty", "image2", "png_pipe"] {
            assert_eq!(read(&json(format)), None, "{format}");
        }
        assert!(read(&json("avi")).is_some());
    }

    #[test]
    fn a_tag_tells_where_a_track_ends() {
        assert_eq!(clock("00:01:02.500000000"), Some(62.5));
        assert_eq!(clock("soon"), None);
    }
}
