//! Imported pictures are those that ffmpeg decodes, one by one, in 34 combinations of container, codec, rate and rotation.

mod common;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{HEIGHT, WIDTH, ffmpeg, film, import, numbers, pictures, reference};
use frame::CameraId;

const PICTURES: u32 = 20;
const H264: &str = "-c:v libx264 -bf 2 -g 12 -pix_fmt yuv420p";

struct Clip {
    file: &'static str,
    rate: &'static str,
    codec: &'static str,
    rotation: u32,
}

const fn clip(file: &'static str, rate: &'static str, codec: &'static str) -> Clip {
    Clip { file, rate, codec, rotation: 0 }
}

const fn turned(rotation: u32, clip: Clip) -> Clip {
    Clip { rotation, ..clip }
}

const CLIPS: [Clip; 34] = [
    clip("film.mp4", "24", H264),
    clip("ntsc-film.mp4", "24000/1001", H264),
    clip("pal.mp4", "25", H264),
    clip("ntsc.mp4", "30000/1001", H264),
    clip("thirty.mp4", "30", H264),
    clip("fifty.mp4", "50", H264),
    clip("sixty.mp4", "60", H264),
    // ffmpeg rounds this rate to 120 unless told not to.
    clip("slow-motion.mp4", "120000/1001", "-c:v libx264 -enc_time_base 1001:120000 -video_track_timescale 120000"),
    clip("hevc.mp4", "30", "-c:v libx265 -x265-params log-level=error -pix_fmt yuv420p -tag:v hvc1"),
    clip("mpeg4.mp4", "25", "-c:v mpeg4 -q:v 2 -bf 2"),
    clip("ten-bits.mp4", "30", "-c:v libx264 -pix_fmt yuv420p10le"),
    clip("full-range.mp4", "30", "-c:v libx264 -pix_fmt yuvj420p"),
    clip("hd-colours.mp4", "30", "-vf scale=out_color_matrix=bt709 -c:v libx264 -pix_fmt yuv420p -colorspace bt709"),
    clip(
        "action-camera.mp4",
        "60",
        "-vf scale=out_color_matrix=bt709:out_range=pc -c:v libx264 -pix_fmt yuvj420p -colorspace bt709",
    ),
    clip(
        "ten-bits-hd.mp4",
        "30",
        "-vf scale=out_color_matrix=bt709 -c:v libx264 -pix_fmt yuv420p10le -colorspace bt709",
    ),
    clip("no-subsampling.mp4", "30", "-c:v libx264 -pix_fmt yuv444p"),
    turned(90, clip("right.mp4", "30", H264)),
    turned(180, clip("over.mov", "60000/1001", H264)),
    turned(270, clip("left.mov", "25", H264)),
    turned(90, clip("phone.3gp", "15", H264)),
    clip("prores.mov", "25", "-c:v prores_ks"),
    clip("mjpeg.mov", "60", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p"),
    clip("h264.mkv", "30000/1001", H264),
    clip("vp9.mkv", "60", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 20 -b:v 0"),
    clip("lossless.mkv", "25", "-c:v ffv1 -pix_fmt yuv422p"),
    clip("vp8.webm", "30", "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 2M -auto-alt-ref 1 -lag-in-frames 8"),
    clip("mpeg4.avi", "25", "-c:v mpeg4 -q:v 2"),
    clip("mjpeg.avi", "60", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p"),
    clip("h264.ts", "50", H264),
    clip("mpeg2.ts", "25", "-c:v mpeg2video -q:v 2 -bf 2"),
    clip("camcorder.m2ts", "30000/1001", H264),
    clip("mpeg2.mpg", "30000/1001", "-c:v mpeg2video -q:v 2 -bf 2"),
    clip("stream.flv", "30", "-c:v flv1 -q:v 2"),
    clip("windows.wmv", "25", "-c:v wmv2 -q:v 2"),
];

fn make(clip: &Clip, folder: &Path) {
    let Clip { file, rate, codec, rotation } = clip;
    let input = film(rate, PICTURES);
    if *rotation == 0 {
        return ffmpeg(folder, &format!("{input} {codec} {file}"));
    }
    ffmpeg(folder, &format!("{input} {codec} straight-{file}"));
    // As ffmpeg 5 has it, and as phones write it.
    ffmpeg(folder, &format!("-i straight-{file} -c copy -metadata:s:v rotate={rotation} {file}"));
}

fn check(clip: &Clip, folder: &Path) -> Result<(), String> {
    make(clip, folder);
    let path = folder.join(clip.file);
    let out = folder.join(format!("{}.take", clip.file));
    let (remarks, take) = import(std::slice::from_ref(&path), &out).map_err(|error| error.to_string())?;
    let size = if clip.rotation % 180 == 90 { [HEIGHT, WIDTH] } else { [WIDTH, HEIGHT] };
    let (imported, decoded) = (pictures(&take, 0), reference(&path, size));
    if imported.len() != PICTURES as usize || decoded.len() != imported.len() {
        return Err(format!("{} pictures, ffmpeg decodes {}: {remarks:?}", imported.len(), decoded.len()));
    }
    for (number, (picture, expected)) in imported.iter().zip(&decoded).enumerate() {
        let difference = picture.difference(expected);
        if difference > 2.0 {
            return Err(format!("picture {number} differs by {difference:.2} levels"));
        }
    }
    if numbers(&imported) != (0..PICTURES.into()).collect::<Vec<_>>() {
        return Err(format!("their order is {:?}", numbers(&imported)));
    }
    let (over, under) = clip.rate.split_once('/').unwrap_or((clip.rate, "1"));
    let rate_hz = over.parse::<f64>().unwrap() / under.parse::<f64>().unwrap();
    let found_hz = take.info().trigger_rate_hz;
    if found_hz != rate_hz {
        return Err(format!("{found_hz} Hz in place of {rate_hz} Hz"));
    }
    let indices = (0..take.len(CameraId(0))).map(|at| take.frame_info(CameraId(0), at).unwrap().sequence);
    if !indices.eq(0..PICTURES.into()) || !take.gaps().is_empty() {
        return Err(format!("it has gaps: {remarks:?}"));
    }
    let expected = usize::from(clip.rotation != 0);
    if remarks.len() != expected {
        return Err(format!("it says {remarks:?}"));
    }
    Ok(())
}

#[test]
fn every_clip_is_imported_picture_by_picture() {
    let folder = tempfile::tempdir().unwrap();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(clip) = CLIPS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(what) = check(clip, folder.path()) {
                        wrong.lock().unwrap().push(format!("{}: {what}", clip.file));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
