//! Small videos for tests, made by GStreamer.

use std::path::Path;
use std::process::Command;

use crate::succeed;

/// Nearly lossless H.264 in MP4.
pub const H264_IN_MP4: &str = "video/x-raw,format=I420 ! x264enc pass=quant quantizer=4 bframes=2 ! mp4mux";
/// JPEG in AVI.
pub const JPEG_IN_AVI: &str = "video/x-raw,format=RGB ! jpegenc quality=95 ! avimux";

/// Writes a video of pictures of one size, each `[height, width, 3]`.
pub fn write_video(path: &Path, [width, height]: [usize; 2], pictures: impl Iterator<Item = Vec<u8>>, encoder: &str) {
    let raw: Vec<u8> = pictures.flatten().collect();
    let source = path.with_extension("rgb");
    std::fs::create_dir_all(path.parent().expect("a path with a folder")).expect("the test's folder is writable");
    std::fs::write(&source, raw).expect("the test's folder is writable");
    // Separate arguments, since paths of data sets contain spaces.
    let mut command = Command::new("gst-launch-1.0");
    command.args(["-q", "filesrc"]).arg(format!("location={}", source.display()));
    command.args(["!", "rawvideoparse", "format=rgb", "framerate=50/1"]);
    command.args([format!("width={width}"), format!("height={height}")]);
    command.args(["!", "videoconvert", "!"]).args(encoder.split(' '));
    command.args(["!", "filesink"]).arg(format!("location={}", path.display()));
    succeed(&mut command);
    std::fs::remove_file(source).expect("the test's folder is writable");
}
