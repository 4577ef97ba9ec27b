//! Frames and takes for several test files, each of which uses only a part.
#![allow(dead_code)]

use frame::{
    BayerPattern, CameraId, ClockId, Encoding, FrameInfo, HostTime, Picture, PixelFormat, Plane, SegmentId,
    SourcePosition, TriggerIndex,
};
use proptest::prelude::*;
use take::{TakeInfo, TakeReader};

pub fn take_info(cameras: usize) -> TakeInfo {
    TakeInfo {
        name: "a take".into(),
        rig_toml: "version = 1\n\n[[camera]]\nname = \"\"\"left'\"\"\"\n".into(),
        cameras: (0..cameras).map(|i| format!("cam{i}")).collect(),
        host: "lab/one".into(),
        trigger_rate_hz: 60.0,
        source_rate_hz: None,
    }
}

/// The `sequence`-th MJPEG unit of a camera that runs at 60 Hz.
pub fn frame(camera: u16, sequence: u64) -> (FrameInfo, Vec<u8>) {
    let exposure_ns = sequence as i64 * 16_666_667;
    let info = FrameInfo {
        camera: CameraId(camera),
        sequence,
        segment: SegmentId::seam(0),
        trigger: TriggerIndex::Certain(sequence),
        exposure: HostTime::monotonic(exposure_ns, 1000),
        exposure_duration_ns: 5_000_000,
        arrival_ns: exposure_ns + 20_000_000,
        device: frame::DeviceStamp::default(),
        source: None,
        picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px: 640, height_px: 480 },
    };
    let bytes = (0..40 + sequence % 50).map(|i| (i * 31 + sequence * 7 + u64::from(camera)) as u8).collect();
    (info, bytes)
}

pub fn assert_frame(take: &TakeReader, camera: u16, index: usize, expected: &(FrameInfo, Vec<u8>)) {
    let read = take.read(CameraId(camera), index).unwrap();
    assert_eq!(&read, expected);
    assert_eq!(take.frame_info(CameraId(camera), index), Some(&expected.0));
}

pub fn any_frame(cameras: u16) -> impl Strategy<Value = (FrameInfo, Vec<u8>)> {
    let device = (proptest::option::of(any::<i64>()), proptest::option::of(any::<u64>()));
    let times = (any::<i64>(), any::<u32>(), any::<bool>(), any::<u32>(), any::<i64>(), device);
    let source = proptest::option::of((any::<u32>(), any::<u32>()));
    let bytes = prop_oneof![
        9 => proptest::collection::vec(any::<u8>(), 0..300),
        1 => (60_000..200_000_usize, any::<u8>()).prop_map(|(n, b)| vec![b; n]),
    ];
    (0..cameras, any::<u64>(), any::<u32>(), any_trigger(), times, source, any_picture(), bytes).prop_map(
        |(
            camera,
            sequence,
            segment,
            trigger,
            (ns, uncertainty_ns, simulated, duration, arrival_ns, (device_ns, counter)),
            source,
            picture,
            bytes,
        )| {
            let clock = if simulated { ClockId::Simulated } else { ClockId::Monotonic };
            let info = FrameInfo {
                camera: CameraId(camera),
                sequence,
                segment: SegmentId::seam(segment),
                trigger,
                exposure: HostTime { ns, uncertainty_ns, clock },
                exposure_duration_ns: duration,
                arrival_ns,
                device: frame::DeviceStamp { ns: device_ns, counter },
                source: source.map(|(index, length)| SourcePosition { index, length }),
                picture,
            };
            (info, bytes)
        },
    )
}

fn any_trigger() -> impl Strategy<Value = TriggerIndex> {
    prop_oneof![
        any::<u64>().prop_map(TriggerIndex::Certain),
        any::<u64>().prop_map(TriggerIndex::Tentative),
        Just(TriggerIndex::Unresolved),
    ]
}

fn any_picture() -> impl Strategy<Value = Picture> {
    let format = proptest::sample::select(vec![
        PixelFormat::Gray8,
        PixelFormat::Rgb8,
        PixelFormat::Yuyv,
        PixelFormat::Nv12,
        PixelFormat::Bayer8(BayerPattern::Rggb),
        PixelFormat::Bayer8(BayerPattern::Bggr),
    ]);
    let plane =
        || proptest::option::of((any::<usize>(), any::<usize>()).prop_map(|(offset, stride)| Plane { offset, stride }));
    let encoding = proptest::sample::select(vec![Encoding::Mjpeg, Encoding::H264]);
    prop_oneof![
        (format, any::<u32>(), any::<u32>(), plane(), plane()).prop_map(|(format, width_px, height_px, a, b)| {
            Picture::Raw { format, width_px, height_px, planes: [a, b] }
        }),
        (encoding, any::<u32>(), any::<u32>()).prop_map(|(encoding, width_px, height_px)| Picture::Encoded {
            encoding,
            width_px,
            height_px
        }),
    ]
}
