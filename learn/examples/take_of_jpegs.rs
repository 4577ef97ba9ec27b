//! Makes a take of JPEG files named `cN-III.jpg`, camera and source position, as a replay of them would be recorded:
//! `take_of_jpegs FOLDER CAMERAS FRAMES RATE_HZ OUT`. Prints the folder of the take.

use std::path::Path;

use frame::{
    CameraId, Encoding, FrameInfo, HostTime, Picture, SegmentId, SourcePosition, TriggerIndex, monotonic_now_ns,
};
use take::{TakeInfo, TakeWriter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, cameras, frames, rate_hz, out] = words.as_slice() else {
        return Err("usage: take_of_jpegs FOLDER CAMERAS FRAMES RATE_HZ OUT".into());
    };
    let (cameras, frames): (u16, u32) = (cameras.parse()?, frames.parse()?);
    let rate_hz: f64 = rate_hz.parse()?;
    std::fs::create_dir_all(out)?;
    let info = TakeInfo {
        name: "jpegs".into(),
        rig_toml: String::new(),
        cameras: (1..=cameras).map(|camera| format!("cam{camera:02}")).collect(),
        host: "local".into(),
        trigger_rate_hz: rate_hz,
        source_rate_hz: Some(rate_hz),
    };
    let mut writer = TakeWriter::create(Path::new(out), &info)?;
    let start = monotonic_now_ns();
    let mut decoder = subject::Decoder::new()?;
    for index in 0..frames {
        let exposure_ns = start + (f64::from(index) * 1e9 / rate_hz) as i64;
        for camera in 0..cameras {
            let bytes = std::fs::read(Path::new(folder).join(format!("c{}-{index:03}.jpg", camera + 1)))?;
            let mut info = FrameInfo {
                camera: CameraId(camera),
                sequence: index.into(),
                segment: SegmentId::seam(0),
                trigger: TriggerIndex::Certain(index.into()),
                exposure: HostTime::monotonic(exposure_ns, 1_000),
                exposure_duration_ns: 0,
                arrival_ns: exposure_ns,
                device: frame::DeviceStamp::default(),
                source: Some(SourcePosition { index, length: frames }),
                picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px: 0, height_px: 0 },
            };
            let (width_px, height_px) = decoder.size_px(&info, &bytes)?;
            info.picture = Picture::Encoded { encoding: Encoding::Mjpeg, width_px, height_px };
            writer.write_frame(&info, &bytes)?;
        }
    }
    println!("{}", writer.finish()?.directory.display());
    Ok(())
}
