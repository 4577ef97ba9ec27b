//! Crops a folder of one camera's JPEG files at 60 Hz, writes each sample as a PPM with the background removed beside
//! it and the regions (centre and side in pixels) as `regions.txt`, and prints the time per frame.
//! Usage: `crops CROP_PX OUT_DIR fixed|live FILE...`

use std::fmt::Write;
use std::time::Instant;

use frame::{CameraId, Encoding, FrameInfo, HostTime, Picture, SegmentId, TriggerIndex};
use subject::{BackgroundConfig, CropOutcome, Preprocessing, Region, SubjectCropper};

/// The metadata of frame `k` of a looping source with `length` frames.
fn info(k: usize, length: usize) -> FrameInfo {
    FrameInfo {
        camera: CameraId(0),
        sequence: k as u64,
        segment: SegmentId::seam((k / length) as u32),
        trigger: TriggerIndex::Unresolved,
        exposure: HostTime::monotonic(k as i64 * 1_000_000_000 / 60, 0),
        exposure_duration_ns: 0,
        arrival_ns: 0,
        device: frame::DeviceStamp::default(),
        source: None,
        picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px: 0, height_px: 0 },
    }
}

/// Number of loops over which a live background is learned first.
const LOOPS: usize = 6;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [crop_px, out, mode, files @ ..] = args.as_slice() else {
        return Err("usage: crops CROP_PX OUT_DIR fixed|live FILE...".into());
    };
    let settings = Preprocessing::with_crop_px(crop_px.parse()?);
    let files = files.iter().map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    let mut cropper = if mode == "fixed" {
        let half = files.iter().enumerate().step_by(2);
        SubjectCropper::with_background_from(&settings, half.map(|(k, file)| (info(k, files.len()), file)))?
    } else {
        let mut cropper = SubjectCropper::new(&settings, BackgroundConfig::default())?;
        for k in 0..LOOPS * files.len() {
            cropper.process(&info(k, files.len()), &files[k % files.len()])?;
        }
        cropper
    };
    let started = Instant::now();
    let mut samples = Vec::new();
    for (k, file) in files.iter().enumerate() {
        samples.push(cropper.process(&info(LOOPS * files.len() + k, files.len()), file)?);
    }
    println!("{:.2} ms per frame", started.elapsed().as_secs_f64() * 1e3 / files.len() as f64);
    let mut regions = String::new();
    for (k, outcome) in samples.into_iter().enumerate() {
        let CropOutcome::Sample(sample) = outcome else {
            println!("frame {k}: {outcome:?}");
            continue;
        };
        let Region { centre_px: [x, y], side_px } = sample.region;
        writeln!(regions, "{k} {x} {y} {side_px}")?;
        let size = usize::from(sample.size_px);
        let mut ppm = format!("P6 {} {size} 255\n", 2 * size).into_bytes();
        for y in 0..size {
            let row = &sample.rgb[y * size * 3..(y + 1) * size * 3];
            ppm.extend(row);
            let mask = &sample.mask[y * size..(y + 1) * size];
            ppm.extend(row.chunks_exact(3).zip(mask).flat_map(|(p, &m)| [p[0] & m, p[1] & m, p[2] & m]));
        }
        std::fs::write(format!("{out}/{k:03}.ppm"), ppm)?;
    }
    std::fs::write(format!("{out}/regions.txt"), regions)?;
    Ok(())
}
