//! The header before each unit, version 2: 120 bytes, little endian, followed by the bytes that the camera sent.
//!
//! | offset | type | field |
//! |---|---|---|
//! | 0 | u8 | header version, 2 |
//! | 1 | u8 | trigger: 0 unresolved, 1 tentative, 2 certain |
//! | 2 | u8 | clock of the exposure: 0 monotonic, 1 simulated |
//! | 3 | u8 | picture: 0 Gray8, 1 Rgb8, 2 Yuyv, 3 Nv12, 4 to 7 Bayer8 (RGGB, GRBG, GBRG, BGGR), 128 MJPEG, 129 H.264 |
//! | 4 | u8 | flags: 1 source position, 2 first plane, 4 second plane, 8 device time, 16 device counter are present |
//! | 5 | u24 | segment: how often the pulses had begun again |
//! | 8 | u64 | sequence |
//! | 16 | u64 | trigger pulse, 0 when unresolved |
//! | 24 | i64 | start of exposure, ns |
//! | 32 | i64 | arrival, ns of `CLOCK_MONOTONIC` |
//! | 40 | u32 | segment: the seam of the source |
//! | 44 | u32 | uncertainty of the start of exposure, ns |
//! | 48 | u32 | duration of the exposure, ns |
//! | 52, 56 | u32 | index in and length of the source, frames |
//! | 60, 64 | u32 | width, height, px |
//! | 68 | u32 | segment: the session of several hosts, s UTC; 0 for one host |
//! | 72, 80 | u64 | first plane: offset after this header, stride, bytes |
//! | 88, 96 | u64 | second plane: the same |
//! | 104 | i64 | the device's own clock at the start of exposure, ns |
//! | 112 | u64 | the device's own count of frames |
//!
//! Version 1 ends before the device's clock and count.
//!
//! The camera is that of the channel. MCAP's `log_time` repeats the start of exposure and `publish_time` the arrival,
//! both at least 0, for tools that do not know this header.

use frame::{
    BayerPattern, CameraId, ClockId, DeviceStamp, Encoding, FrameInfo, HostTime, Picture, PixelFormat, Plane,
    SegmentId, SourcePosition, TriggerIndex,
};

/// Bytes of the header.
pub const LENGTH: usize = 120;
/// The message encoding of camera channels.
pub const ENCODING: &str = "genlock-frame/1";
/// The topic of a camera's channel is this and the camera's name.
pub const TOPIC_PREFIX: &str = "/camera/";

/// Bytes of a header of version 1.
pub const V1_LENGTH: usize = 104;

const VERSION: u8 = 2;
const HAS_SOURCE: u8 = 1;
const HAS_PLANE: [u8; 2] = [2, 4];
const PLANE_AT: [usize; 2] = [72, 88];
const HAS_DEVICE_TIME: u8 = 8;
const HAS_DEVICE_COUNTER: u8 = 16;
const PATTERNS: [BayerPattern; 4] = [BayerPattern::Rggb, BayerPattern::Grbg, BayerPattern::Gbrg, BayerPattern::Bggr];

/// Encodes the header of a frame.
pub fn encode(info: &FrameInfo) -> [u8; LENGTH] {
    let mut out = [0; LENGTH];
    let (trigger, pulse) = match info.trigger {
        TriggerIndex::Unresolved => (0, 0),
        TriggerIndex::Tentative(pulse) => (1, pulse),
        TriggerIndex::Certain(pulse) => (2, pulse),
    };
    let clock = match info.exposure.clock {
        ClockId::Monotonic => 0,
        ClockId::Simulated => 1,
    };
    let (picture, planes) = match info.picture {
        Picture::Raw { format: PixelFormat::Gray8, planes, .. } => (0, planes),
        Picture::Raw { format: PixelFormat::Rgb8, planes, .. } => (1, planes),
        Picture::Raw { format: PixelFormat::Yuyv, planes, .. } => (2, planes),
        Picture::Raw { format: PixelFormat::Nv12, planes, .. } => (3, planes),
        Picture::Raw { format: PixelFormat::Bayer8(pattern), planes, .. } => (4 + pattern as u8, planes),
        Picture::Encoded { encoding: Encoding::Mjpeg, .. } => (128, [None; 2]),
        Picture::Encoded { encoding: Encoding::H264, .. } => (129, [None; 2]),
    };
    let (width_px, height_px) = info.picture.size_px();
    out[..4].copy_from_slice(&[VERSION, trigger, clock, picture]);
    put(&mut out, 8, info.sequence.to_le_bytes());
    put(&mut out, 16, pulse.to_le_bytes());
    put(&mut out, 24, info.exposure.ns.to_le_bytes());
    put(&mut out, 32, info.arrival_ns.to_le_bytes());
    let [opening @ .., _] = info.segment.opening.min(SegmentId::MAX_OPENING).to_le_bytes();
    put(&mut out, 5, opening);
    put(&mut out, 40, info.segment.seam.to_le_bytes());
    put(&mut out, 68, info.segment.epoch.to_le_bytes());
    put(&mut out, 44, info.exposure.uncertainty_ns.to_le_bytes());
    put(&mut out, 48, info.exposure_duration_ns.to_le_bytes());
    put(&mut out, 60, width_px.to_le_bytes());
    put(&mut out, 64, height_px.to_le_bytes());
    if let Some(source) = info.source {
        out[4] |= HAS_SOURCE;
        put(&mut out, 52, source.index.to_le_bytes());
        put(&mut out, 56, source.length.to_le_bytes());
    }
    for (i, plane) in planes.into_iter().enumerate() {
        if let Some(plane) = plane {
            out[4] |= HAS_PLANE[i];
            put(&mut out, PLANE_AT[i], (plane.offset as u64).to_le_bytes());
            put(&mut out, PLANE_AT[i] + 8, (plane.stride as u64).to_le_bytes());
        }
    }
    if let Some(ns) = info.device.ns {
        out[4] |= HAS_DEVICE_TIME;
        put(&mut out, 104, ns.to_le_bytes());
    }
    if let Some(counter) = info.device.counter {
        out[4] |= HAS_DEVICE_COUNTER;
        put(&mut out, 112, counter.to_le_bytes());
    }
    out
}

/// Decodes the header at the start of `bytes`, of a unit of this camera. Returns it and its length.
///
/// # Errors
/// What is wrong with it.
pub fn decode(camera: CameraId, bytes: &[u8]) -> Result<(FrameInfo, usize), String> {
    let length = match bytes.first() {
        Some(1) => V1_LENGTH,
        Some(&VERSION) => LENGTH,
        Some(other) => return Err(format!("a frame header of version {other}")),
        None => return Err("a frame without its header".into()),
    };
    // Version 1 reads as version 2 without the device's clock and count.
    let mut whole = [0; LENGTH];
    whole[..length].copy_from_slice(bytes.get(..length).ok_or("a frame without its whole header")?);
    let header = &whole;
    let pulse = u64::from_le_bytes(get(header, 16));
    let trigger = match header[1] {
        0 => TriggerIndex::Unresolved,
        1 => TriggerIndex::Tentative(pulse),
        2 => TriggerIndex::Certain(pulse),
        other => return Err(format!("a frame header with trigger state {other}")),
    };
    let clock = match header[2] {
        0 => ClockId::Monotonic,
        1 => ClockId::Simulated,
        other => return Err(format!("a frame header with clock {other}")),
    };
    let u32_at = |at| u32::from_le_bytes(get(header, at));
    let u64_at = |at| u64::from_le_bytes(get(header, at));
    let (width_px, height_px) = (u32_at(60), u32_at(64));
    let planes = [0, 1].map(|i| {
        (header[4] & HAS_PLANE[i] != 0)
            .then(|| Plane { offset: u64_at(PLANE_AT[i]) as usize, stride: u64_at(PLANE_AT[i] + 8) as usize })
    });
    let raw = |format| Picture::Raw { format, width_px, height_px, planes };
    let picture = match header[3] {
        0 => raw(PixelFormat::Gray8),
        1 => raw(PixelFormat::Rgb8),
        2 => raw(PixelFormat::Yuyv),
        3 => raw(PixelFormat::Nv12),
        code @ 4..=7 => raw(PixelFormat::Bayer8(PATTERNS[usize::from(code) - 4])),
        128 => Picture::Encoded { encoding: Encoding::Mjpeg, width_px, height_px },
        129 => Picture::Encoded { encoding: Encoding::H264, width_px, height_px },
        other => return Err(format!("a frame header with picture kind {other}")),
    };
    let device = DeviceStamp {
        ns: (header[4] & HAS_DEVICE_TIME != 0).then(|| i64::from_le_bytes(get(header, 104))),
        counter: (header[4] & HAS_DEVICE_COUNTER != 0).then(|| u64_at(112)),
    };
    let info = FrameInfo {
        camera,
        sequence: u64_at(8),
        segment: SegmentId { epoch: u32_at(68), opening: u32_at(4) >> 8, seam: u32_at(40) },
        trigger,
        exposure: HostTime { ns: i64::from_le_bytes(get(header, 24)), uncertainty_ns: u32_at(44), clock },
        exposure_duration_ns: u32_at(48),
        arrival_ns: i64::from_le_bytes(get(header, 32)),
        device,
        source: (header[4] & HAS_SOURCE != 0).then(|| SourcePosition { index: u32_at(52), length: u32_at(56) }),
        picture,
    };
    Ok((info, length))
}

fn put<const N: usize>(out: &mut [u8; LENGTH], at: usize, bytes: [u8; N]) {
    out[at..at + N].copy_from_slice(&bytes);
}

fn get<const N: usize>(header: &[u8; LENGTH], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&header[at..at + N]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_one_reads_without_the_devices_clock_and_count() {
        let info = FrameInfo {
            camera: CameraId(3),
            sequence: 7,
            segment: SegmentId { epoch: 1_800_000_000, opening: 2, seam: 1 },
            trigger: TriggerIndex::Certain(9),
            exposure: HostTime::monotonic(11, 12),
            exposure_duration_ns: 13,
            arrival_ns: 14,
            device: DeviceStamp { ns: Some(15), counter: Some(16) },
            source: None,
            picture: Picture::packed(PixelFormat::Gray8, 2, 2),
        };
        let newer = encode(&info);
        assert_eq!(decode(CameraId(3), &newer), Ok((info, LENGTH)));
        let mut older = newer[..V1_LENGTH].to_vec();
        older[0] = 1;
        older[4] &= !(HAS_DEVICE_TIME | HAS_DEVICE_COUNTER);
        let without = FrameInfo { device: DeviceStamp::default(), ..info };
        assert_eq!(decode(CameraId(3), &older), Ok((without, V1_LENGTH)));
        assert!(decode(CameraId(3), &older[..100]).is_err());
    }
}
