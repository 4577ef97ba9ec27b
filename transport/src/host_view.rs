//! The encoding of a cropped view sent from a peer host to the first host: a packed message whose pixels are the crop's
//! RGB and mask and a JPEG for the finder of joints, as far as present.

use frame::{CameraId, SegmentId, SourcePosition};
use serde::{Deserialize, Serialize};
use subject::{FinderPicture, PictureFault, SceneFault};

use crate::codec::{SampleHeader, Time, trigger_from_wire, trigger_to_wire};
use crate::packed::{Packed, Unpacked};
use crate::{Asked, CroppedView, TransportError, TriggerState};

const FORMAT: u32 = 5;

/// What the receiver needs to know about a view besides the view itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewLabel {
    /// Identifies a start of the sending process; larger after each restart.
    pub incarnation: u64,
    /// Index of the camera among those in the host's [`Hello`](crate::Hello).
    pub camera: u16,
    /// Number of the view among those offered to the link, from 0.
    pub number: u64,
    /// Crops sent before this view.
    pub crops_before: u64,
    /// Hash of the preprocessing that makes the crops.
    pub preprocessing: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Header {
    label: ViewLabel,
    sequence: u64,
    segment: SegmentId,
    trigger: (TriggerState, u64),
    exposure: Time,
    source: Option<(u32, u32)>,
    frame_px: (u32, u32),
    crop: Option<SampleHeader>,
    picture: PictureHeader,
    unusable: Option<SceneFault>,
}

/// A picture for the finder of joints, which travels as a JPEG.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum PictureHeader {
    No,
    Nothing,
    Jpeg { bytes: u32, size: (u32, u32), origin_px: [f32; 2], scale: f32, frame_px: (u32, u32) },
}

/// A view received from a peer host.
#[derive(Clone, Debug, PartialEq)]
pub struct HostView {
    pub label: ViewLabel,
    /// The exposure is on the receiver's clock, the sequence is the sender's. The receiver fills in camera and arrival.
    pub view: CroppedView,
}

impl HostView {
    /// Encodes a view without its camera and arrival. Fails if a picture cannot become a JPEG.
    pub fn encode(label: ViewLabel, view: &CroppedView) -> Result<Vec<u8>, TransportError> {
        let jpeg = if let Asked::Picture(picture) = &view.picture { picture.to_jpeg().map_err(unfit)? } else { vec![] };
        let picture = match &view.picture {
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
        let (state, pulse) = trigger_to_wire(view.trigger);
        let header = Header {
            label,
            sequence: view.sequence,
            segment: view.segment,
            trigger: (state, pulse.unwrap_or(0)),
            exposure: view.exposure.into(),
            source: view.source.map(|s| (s.index, s.length)),
            frame_px: view.frame_px,
            crop: view.crop.as_ref().map(SampleHeader::from),
            picture,
            unusable: view.unusable,
        };
        let crop = view.crop.iter().flat_map(|crop| [&crop.rgb[..], &crop.mask[..]]);
        let pixels = crop.chain([&jpeg[..]]).collect();
        Ok(Packed::new(FORMAT, &header, pixels)?.to_vec())
    }

    /// Decodes a view.
    ///
    /// # Errors
    /// The message has another format, is truncated or too long, or its JPEG cannot be decoded.
    pub fn decode(bytes: &[u8]) -> Result<Self, TransportError> {
        let (header, mut pixels) = Unpacked::new::<Header>("a view", FORMAT, bytes)?;
        let crop = match header.crop {
            Some(crop) => {
                let (rgb, mask) = (pixels.take(3 * crop.area())?, pixels.take(crop.area())?);
                Some(crop.with(rgb.into(), mask.into()))
            }
            None => None,
        };
        let picture = match header.picture {
            PictureHeader::No => Asked::No,
            PictureHeader::Nothing => Asked::Nothing,
            PictureHeader::Jpeg { bytes, size: (width, height), origin_px, scale, frame_px } => {
                let blank = FinderPicture { width, height, rgb: [].into(), origin_px, scale, frame_px, mask: None };
                Asked::Picture(blank.with_jpeg(pixels.take(bytes as usize)?).map_err(unfit)?)
            }
        };
        pixels.end()?;
        let view = CroppedView {
            camera: CameraId(0),
            sequence: header.sequence,
            segment: header.segment,
            trigger: trigger_from_wire(header.trigger),
            exposure: header.exposure.into(),
            arrival_ns: 0,
            source: header.source.map(|(index, length)| SourcePosition { index, length }),
            frame_px: header.frame_px,
            crop,
            picture,
            unusable: header.unusable,
        };
        Ok(Self { label: header.label, view })
    }
}

fn unfit(fault: PictureFault) -> TransportError {
    TransportError::Malformed(fault.to_string())
}

#[cfg(test)]
mod tests {
    use frame::{HostTime, TriggerIndex};

    use super::*;
    use crate::moment::tests::moment;

    const LABEL: ViewLabel = ViewLabel { incarnation: 1, camera: 2, number: 3, crops_before: 4, preprocessing: 5 };

    fn view() -> CroppedView {
        CroppedView {
            camera: CameraId(0),
            sequence: 9,
            segment: SegmentId::seam(2),
            trigger: TriggerIndex::Certain(77),
            exposure: HostTime::monotonic(1_000_000, 500),
            arrival_ns: 0,
            source: Some(SourcePosition { index: 5, length: 6 }),
            frame_px: (640, 480),
            crop: Some(moment(7, 8).views.remove(0).samples.remove(0)),
            picture: Asked::No,
            unusable: None,
        }
    }

    fn travelled(view: &CroppedView) -> CroppedView {
        let came = HostView::decode(&HostView::encode(LABEL, view).unwrap()).unwrap();
        assert_eq!(came.label, LABEL);
        came.view
    }

    #[test]
    fn a_view_survives_the_way_with_its_crop_and_without() {
        let unusable = CroppedView { crop: None, unusable: Some(SceneFault::Moved(None)), ..view() };
        for sent in [view(), CroppedView { crop: None, ..view() }, unusable] {
            assert_eq!(travelled(&sent), sent);
        }
    }

    fn picture() -> FinderPicture {
        let rgb = (0..16 * 8 * 3).map(|at| (at / 3) as u8).collect();
        let (origin_px, scale, frame_px) = ([-3.5, 7.25], 1.5, (640, 480));
        FinderPicture { width: 16, height: 8, rgb, origin_px, scale, frame_px, mask: None }
    }

    #[test]
    fn a_picture_for_the_finder_survives_the_way() {
        for picture in [Asked::No, Asked::Nothing, Asked::Picture(picture())] {
            match (travelled(&CroppedView { picture: picture.clone(), ..view() }).picture, picture) {
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
        let bytes = HostView::encode(LABEL, &CroppedView { picture: Asked::Picture(picture()), ..view() }).unwrap();
        for length in 0..bytes.len() {
            assert!(HostView::decode(&bytes[..length]).is_err(), "cut at {length}");
        }
        assert!(HostView::decode(&[bytes.as_slice(), &[0]].concat()).is_err());
    }
}
