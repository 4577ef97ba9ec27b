//! What a file in a folder is, by its name.

use std::fmt;
use std::path::Path;

/// Endings of videos. A file with one that is no video is an error.
const VIDEOS: [&str; 36] = [
    "3g2", "3gp", "amv", "asf", "avi", "divx", "dv", "f4v", "flv", "h264", "hevc", "ivf", "insv", "m2t", "m2ts", "m2v",
    "m4v", "mjpeg", "mjpg", "mkv", "mod", "mov", "mp4", "mpeg", "mpg", "mts", "mxf", "nut", "ogm", "ogv", "qt", "tod",
    "ts", "vob", "webm", "wmv",
];
/// Endings of what lies beside videos, and is not worth opening. ffmpeg would show some of them as films of text.
const NO_VIDEOS: [&str; 63] = [
    "aac", "aif", "aiff", "ass", "avif", "bin", "bmp", "bvh", "c3d", "csv", "dat", "db", "dng", "doc", "docx", "exr",
    "flac", "gif", "gz", "hdr", "heic", "heif", "htm", "html", "idx", "ini", "jpeg", "jpg", "json", "log", "m3u",
    "m4a", "mat", "md", "mp3", "npy", "npz", "ogg", "opus", "pdf", "pkl", "png", "py", "sh", "srt", "sub", "svg",
    "tar", "thm", "tif", "tiff", "toml", "trc", "tsv", "txt", "vtt", "wav", "webp", "wma", "xls", "xlsx", "xml",
    "yaml",
];
/// Endings that cameras give to small copies of their videos.
const PROXIES: [&str; 2] = ["lrv", "lrf"];
/// Names that editors give to small copies.
const PROXY_WORDS: [&str; 9] =
    ["proxy", "proxies", "thumbnail", "thumbnails", "thumb", "thumbs", "preview", "lowres", "lrv"];

/// What a path in a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Folder,
    Video,
    LeftOut(LeftOut),
    /// ffmpeg is to say what it is.
    Unknown,
}

/// Why something is not taken as a camera's video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    AppleDouble,
    Hidden,
    Proxy,
    NoVideo,
    NoFile,
    Folder,
    NoVideos,
}

impl Kind {
    pub fn of(path: &Path) -> Self {
        let lower = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().to_lowercase();
        let (name, ending) = (lower(path.file_name()), lower(path.extension()));
        if name.starts_with("._") || name == "__macosx" {
            return Self::LeftOut(LeftOut::AppleDouble);
        }
        if name.starts_with('.') {
            return Self::LeftOut(LeftOut::Hidden);
        }
        let mut words = name.split(|c: char| !c.is_alphanumeric());
        // GoPro's, beside GX010001.MP4.
        let of_gopro = name.strip_prefix("gl").and_then(|rest| rest.strip_suffix(".mp4"));
        let of_gopro = of_gopro.is_some_and(|rest| rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_digit()));
        if of_gopro || PROXIES.contains(&&*ending) || words.any(|word| PROXY_WORDS.contains(&word)) {
            return Self::LeftOut(LeftOut::Proxy);
        }
        match path.metadata() {
            Ok(file) if file.is_dir() => Self::Folder,
            // What cannot be read is reported when it is opened.
            Ok(file) if !file.is_file() => Self::LeftOut(LeftOut::NoFile),
            _ if VIDEOS.contains(&&*ending) => Self::Video,
            _ if NO_VIDEOS.contains(&&*ending) => Self::LeftOut(LeftOut::NoVideo),
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AppleDouble => "macOS's notes on other files",
            Self::Hidden => "hidden",
            Self::Proxy => "a small copy or a thumbnail, by its name",
            Self::NoVideo => "no video",
            Self::NoFile => "neither a file nor a folder",
            Self::Folder => "a folder of videos beside the videos",
            Self::NoVideos => "a folder without videos",
        })
    }
}
