//! One view on its way from the host of its camera to the host that puts the sets together: a packed message whose pixels
//! are the crop's RGB and mask, where there is one.

use frame::{CameraId, DeviceStamp, FrameInfo, Picture, PixelFormat, SegmentId, SourcePosition};
use serde::{Deserialize, Serialize};
use subject::Sample;

use crate::codec::{SampleHeader, Time, trigger_from_wire, trigger_to_wire};
use crate::packed::{Packed, Unpacked};
use crate::{TransportError, TriggerState};

const FORMAT: u32 = 1;

/// What is said of a view beside the frame that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewLabel {
    /// Tells one start of the sending process from the next; later ones are larger.
    pub incarnation: u64,
    /// Index of the camera among those that the host says are its own.
    pub camera: u16,
    /// Counts the views that were meant for the link, from 0.
    pub number: u64,
    /// Crops that were sent before this view.
    pub crops_before: u64,
    /// Hash of the preprocessing that makes the crops.
    pub preprocessing: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Header {
    label: ViewLabel,
    sequence: u64,
    segment: u32,
    trigger: (TriggerState, u64),
    exposure: Time,
    exposure_duration_ns: u32,
    device: (Option<i64>, Option<u64>),
    source: Option<(u32, u32)>,
    size_px: (u32, u32),
    sample: Option<SampleHeader>,
}

/// A view as it came, its crop not yet looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct HostView {
    pub label: ViewLabel,
    /// The frame, with times on the receiver's clock; camera and arrival are the receiver's to say. The picture tells
    /// the size of the whole frame alone.
    pub info: FrameInfo,
    pub has_crop: bool,
    bytes: Vec<u8>,
}

/// The message for a view.
pub fn encode_view(label: ViewLabel, info: &FrameInfo, sample: Option<&Sample>) -> Result<Vec<u8>, TransportError> {
    let (state, pulse) = trigger_to_wire(info.trigger);
    let header = Header {
        label,
        sequence: info.sequence,
        segment: info.segment.0,
        trigger: (state, pulse.unwrap_or(0)),
        exposure: info.exposure.into(),
        exposure_duration_ns: info.exposure_duration_ns,
        device: (info.device.ns, info.device.counter),
        source: info.source.map(|s| (s.index, s.length)),
        size_px: info.picture.size_px(),
        sample: sample.map(SampleHeader::from),
    };
    let pixels = sample.into_iter().flat_map(|sample| [&sample.rgb[..], &sample.mask[..]]).collect();
    Ok(Packed::new(FORMAT, &header, pixels)?.to_vec())
}

impl HostView {
    pub fn decode(bytes: Vec<u8>) -> Result<Self, TransportError> {
        let (header, _) = unpack(&bytes)?;
        let (width_px, height_px) = header.size_px;
        let info = FrameInfo {
            camera: CameraId(0),
            sequence: header.sequence,
            segment: SegmentId(header.segment),
            trigger: trigger_from_wire(header.trigger),
            exposure: header.exposure.into(),
            exposure_duration_ns: header.exposure_duration_ns,
            arrival_ns: 0,
            device: DeviceStamp { ns: header.device.0, counter: header.device.1 },
            source: header.source.map(|(index, length)| SourcePosition { index, length }),
            picture: Picture::Raw { format: PixelFormat::Rgb8, width_px, height_px, planes: [None; 2] },
        };
        Ok(Self { label: header.label, info, has_crop: header.sample.is_some(), bytes })
    }

    /// The whole message, from which [`crop_of`] takes the crop.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The crop of a view's message; `None` where the frame shows no subject.
pub fn crop_of(bytes: &[u8]) -> Result<Option<Sample>, TransportError> {
    Ok(unpack(bytes)?.1)
}

fn unpack(bytes: &[u8]) -> Result<(Header, Option<Sample>), TransportError> {
    let (header, mut pixels) = Unpacked::new::<Header>("a view", FORMAT, bytes)?;
    let sample = match header.sample {
        Some(sample) => {
            let (rgb, mask) = (pixels.take(3 * sample.area())?, pixels.take(sample.area())?);
            Some(sample.with(rgb.into(), mask.into()))
        }
        None => None,
    };
    pixels.end()?;
    Ok((header, sample))
}

#[cfg(test)]
mod tests {
    use frame::{HostTime, TriggerIndex};

    use super::*;
    use crate::moment::tests::moment;

    fn info() -> FrameInfo {
        FrameInfo {
            camera: CameraId(0),
            sequence: 9,
            segment: SegmentId(2),
            trigger: TriggerIndex::Certain(77),
            exposure: HostTime::monotonic(1_000_000, 500),
            exposure_duration_ns: 3,
            arrival_ns: 0,
            device: DeviceStamp { ns: Some(4), counter: None },
            source: Some(SourcePosition { index: 5, length: 6 }),
            picture: Picture::Raw { format: PixelFormat::Rgb8, width_px: 640, height_px: 480, planes: [None; 2] },
        }
    }

    const LABEL: ViewLabel = ViewLabel { incarnation: 1, camera: 2, number: 3, crops_before: 4, preprocessing: 5 };

    #[test]
    fn a_view_survives_the_way_with_its_crop_and_without() {
        let sample = moment(7, 8).views.remove(0).samples.remove(0);
        for crop in [Some(&sample), None] {
            let bytes = encode_view(LABEL, &info(), crop).unwrap();
            assert_eq!(crop_of(&bytes).unwrap().as_ref(), crop);
            let view = HostView::decode(bytes).unwrap();
            assert_eq!((view.label, view.info, view.has_crop), (LABEL, info(), crop.is_some()));
        }
    }

    #[test]
    fn every_cut_is_an_error_and_none_panics() {
        let sample = moment(7, 4).views.remove(0).samples.remove(0);
        let bytes = encode_view(LABEL, &info(), Some(&sample)).unwrap();
        for length in 0..bytes.len() {
            assert!(HostView::decode(bytes[..length].to_vec()).is_err(), "cut at {length}");
        }
        assert!(crop_of(&[bytes.as_slice(), &[0]].concat()).is_err());
    }
}
