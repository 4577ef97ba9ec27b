//! One view on its way from the host of its camera to the host that puts the sets together: a packed message whose pixels
//! are the crop's RGB and mask, and a JPEG for the finder of joints, where there are such.

use frame::{CameraId, DeviceStamp, FrameInfo, Picture, PixelFormat, SegmentId, SourcePosition};
use serde::{Deserialize, Serialize};
use subject::{FinderPicture, PictureFault, Sample};

use crate::codec::{SampleHeader, Time, trigger_from_wire, trigger_to_wire};
use crate::packed::{Packed, Unpacked};
use crate::{Asked, TransportError, TriggerState};

const FORMAT: u32 = 2;

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
    picture: PictureHeader,
}

/// A picture for the finder of joints, which travels as a JPEG.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum PictureHeader {
    No,
    Nothing,
    Jpeg { bytes: u32, size: (u32, u32), origin_px: [f32; 2], scale: f32, frame_px: (u32, u32) },
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
pub fn encode_view(
    label: ViewLabel,
    info: &FrameInfo,
    sample: Option<&Sample>,
    picture: &Asked,
) -> Result<Vec<u8>, TransportError> {
    let unfit = |fault: PictureFault| TransportError::Malformed(fault.to_string());
    let jpeg = if let Asked::Picture(picture) = picture { picture.to_jpeg().map_err(unfit)? } else { vec![] };
    let picture = match picture {
        Asked::No => PictureHeader::No,
        Asked::Nothing => PictureHeader::Nothing,
        Asked::Picture(FinderPicture { width, height, origin_px, scale, frame_px, .. }) => PictureHeader::Jpeg {
            bytes: jpeg.len() as u32,
            size: (*width, *height),
            origin_px: *origin_px,
            scale: *scale,
            frame_px: *frame_px,
        },
    };
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
        picture,
    };
    let crop = sample.into_iter().flat_map(|sample| [&sample.rgb[..], &sample.mask[..]]);
    let pixels = crop.chain([&jpeg[..]]).collect();
    Ok(Packed::new(FORMAT, &header, pixels)?.to_vec())
}

impl HostView {
    pub fn decode(bytes: Vec<u8>) -> Result<Self, TransportError> {
        let (header, ..) = unpack(&bytes)?;
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

/// The picture for the finder of joints in a view's message.
pub fn picture_of(bytes: &[u8]) -> Result<Asked, TransportError> {
    let (header, _, jpeg) = unpack(bytes)?;
    let PictureHeader::Jpeg { size: (width, height), origin_px, scale, frame_px, .. } = header.picture else {
        return Ok(if matches!(header.picture, PictureHeader::No) { Asked::No } else { Asked::Nothing });
    };
    let blank = FinderPicture { width, height, rgb: [].into(), origin_px, scale, frame_px, mask: None };
    blank.with_jpeg(jpeg).map(Asked::Picture).map_err(|fault| TransportError::Malformed(fault.to_string()))
}

/// Header, crop and the JPEG behind it.
fn unpack(bytes: &[u8]) -> Result<(Header, Option<Sample>, &[u8]), TransportError> {
    let (header, mut pixels) = Unpacked::new::<Header>("a view", FORMAT, bytes)?;
    let sample = match header.sample {
        Some(sample) => {
            let (rgb, mask) = (pixels.take(3 * sample.area())?, pixels.take(sample.area())?);
            Some(sample.with(rgb.into(), mask.into()))
        }
        None => None,
    };
    let jpeg = match header.picture {
        PictureHeader::Jpeg { bytes, .. } => pixels.take(bytes as usize)?,
        PictureHeader::No | PictureHeader::Nothing => &[],
    };
    pixels.end()?;
    Ok((header, sample, jpeg))
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
            let bytes = encode_view(LABEL, &info(), crop, &Asked::No).unwrap();
            assert_eq!(crop_of(&bytes).unwrap().as_ref(), crop);
            let view = HostView::decode(bytes).unwrap();
            assert_eq!((view.label, view.info, view.has_crop), (LABEL, info(), crop.is_some()));
        }
    }

    fn picture() -> FinderPicture {
        let rgb = (0..16 * 8 * 3).map(|at| (at / 3) as u8).collect();
        let (origin_px, scale, frame_px) = ([-3.5, 7.25], 1.5, (640, 480));
        FinderPicture { width: 16, height: 8, rgb, origin_px, scale, frame_px, mask: None }
    }

    #[test]
    fn a_picture_for_the_finder_survives_the_way() {
        for asked in [Asked::No, Asked::Nothing, Asked::Picture(picture())] {
            let bytes = encode_view(LABEL, &info(), None, &asked).unwrap();
            match (picture_of(&bytes).unwrap(), asked) {
                (Asked::Picture(came), Asked::Picture(sent)) => {
                    let apart = came.rgb.iter().zip(&*sent.rgb).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                    assert!(apart < 16, "{apart}");
                    assert_eq!(FinderPicture { rgb: sent.rgb.clone(), ..came }, sent);
                }
                (came, sent) => assert_eq!(came, sent),
            }
        }
    }

    #[test]
    fn every_cut_is_an_error_and_none_panics() {
        let sample = moment(7, 4).views.remove(0).samples.remove(0);
        let bytes = encode_view(LABEL, &info(), Some(&sample), &Asked::Picture(picture())).unwrap();
        for length in 0..bytes.len() {
            assert!(HostView::decode(bytes[..length].to_vec()).is_err(), "cut at {length}");
        }
        assert!(crop_of(&[bytes.as_slice(), &[0]].concat()).is_err());
    }
}
