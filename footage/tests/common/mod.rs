//! Clips that ffmpeg makes, imports of them, and pictures to compare.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

use footage::{FootageError, Lengths, Rates, Tools, discover, look, plan, write};
use frame::CameraId;
use take::TakeReader;

pub const WIDTH: usize = 64;
pub const HEIGHT: usize = 48;

/// Runs ffmpeg in a folder, with arguments in one text.
pub fn ffmpeg(folder: &Path, words: &str) {
    ffmpeg_with(folder, &words.split_whitespace().collect::<Vec<_>>());
}

pub fn ffmpeg_with(folder: &Path, words: &[&str]) {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(words)
        .current_dir(folder)
        .output()
        .expect("the tests need ffmpeg; `make setup` installs it");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Input of ffmpeg: picture `n` has the brightness 40 + 4·(n mod 40), and grows brighter to the right and redder to the
/// bottom.
pub fn film(rate: &str, pictures: u32) -> String {
    film_of(WIDTH, HEIGHT, rate, pictures)
}

pub fn film_of(width: usize, height: usize, rate: &str, pictures: u32) -> String {
    // The duration is a little more than the pictures take, and their number is stated.
    format!(
        "-f lavfi -i color=black:s={width}x{height}:r={rate},geq=lum='40+4*mod(N\\,40)+X/4':cb='120':cr='128+Y/2' \
         -frames:v {pictures}"
    )
}

/// An import as the command does it: what it said, and the take.
pub fn import(paths: &[PathBuf], out: &Path) -> Result<(Vec<String>, TakeReader), FootageError> {
    import_with(paths, out, Rates::Resample, &Tools::default())
}

pub fn import_with(
    paths: &[PathBuf],
    out: &Path,
    rates: Rates,
    tools: &Tools,
) -> Result<(Vec<String>, TakeReader), FootageError> {
    let found = discover(paths, tools)?;
    let videos = look(&found.cameras, tools, |_| ())?;
    let axis = plan(&videos, rates, Lengths::Common)?;
    write(&videos, &axis, &found.remarks, out, tools, |_, _| ())?;
    let take = TakeReader::open(out).expect("what was written can be read");
    assert!(take.complete());
    let remarks = take.notes().iter().map(|note| note.text.clone()).collect();
    Ok((remarks, take))
}

/// A picture with three bytes a pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Rgb {
    pub size_px: [usize; 2],
    pub bytes: Vec<u8>,
}

impl Rgb {
    /// Mean difference of two pictures of one size, in levels of 255.
    pub fn difference(&self, other: &Self) -> f64 {
        assert_eq!(self.size_px, other.size_px);
        let sum: u64 = self.bytes.iter().zip(&other.bytes).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / self.bytes.len() as f64
    }

    /// The mean of green, which is nearest to brightness.
    pub fn brightness(&self) -> f64 {
        let sum: u64 = self.bytes.iter().skip(1).step_by(3).map(|green| u64::from(*green)).sum();
        sum as f64 / (self.bytes.len() / 3) as f64
    }
}

/// The pictures of a camera, decoded.
pub fn pictures(take: &TakeReader, camera: u16) -> Vec<Rgb> {
    let camera = CameraId(camera);
    (0..take.len(camera)).map(|index| jpeg(&take.read(camera, index).unwrap().1)).collect()
}

fn jpeg(bytes: &[u8]) -> Rgb {
    let image = turbojpeg::decompress(bytes, turbojpeg::PixelFormat::RGB).expect("a JPEG");
    let [width, height, pitch] = [image.width, image.height, image.pitch];
    let rows = (0..height).flat_map(|row| image.pixels[row * pitch..][..3 * width].iter().copied());
    Rgb { size_px: [width, height], bytes: rows.collect() }
}

/// What ffmpeg itself makes of a video, scaled to a size.
pub fn reference(video: &Path, [width, height]: [usize; 2]) -> Vec<Rgb> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(video)
        .args(["-map", "0:v:0", "-fps_mode", "passthrough", "-vf", &format!("scale={width}:{height}")])
        .args(["-sws_flags", "accurate_rnd+full_chroma_int", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let whole = output.stdout.chunks_exact(3 * width * height);
    whole.map(|bytes| Rgb { size_px: [width, height], bytes: bytes.to_vec() }).collect()
}

/// Brightness of each picture in steps of the film: the number that a picture was given.
pub fn numbers(pictures: &[Rgb]) -> Vec<i64> {
    let brightness: Vec<_> = pictures.iter().map(Rgb::brightness).collect();
    let first = brightness.first().copied().unwrap_or_default();
    // 4 levels of 219, in levels of 255.
    brightness.iter().map(|level| ((level - first) / (4.0 * 255.0 / 219.0)).round() as i64).collect()
}
