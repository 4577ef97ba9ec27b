//! The encoding of one instant's pictures for the finder of joints: a packed message whose pixels are the RGB of each
//! view's picture, and its mask if it has one.

use frame::{CameraId, HostTime, SegmentId, SetIndex, SourcePosition, TriggerIndex};
use serde::{Deserialize, Serialize};
use subject::FinderPicture;

use crate::codec::{Time, Unusable, trigger_from_wire, trigger_to_wire, unusable_from_wire, unusable_to_wire};
use crate::packed::{Packed, Unpacked};
use crate::{TransportError, TriggerState, UnusableView};

const FORMAT: u32 = 4;

/// The pictures of one instant for the finder of joints.
#[derive(Clone, Debug, PartialEq)]
pub struct FinderSet {
    /// As in the [`crate::Moment`] of the same instant.
    pub set: SetIndex,
    pub trigger: TriggerIndex,
    pub segment: SegmentId,
    /// Start of exposure of the earliest view.
    pub exposure: HostTime,
    pub source: Option<SourcePosition>,
    /// By ascending camera, one for each view that has a picture. May be empty, if nothing moved and whole frames were
    /// not yet due.
    pub views: Vec<FinderView>,
    /// As in the moment: not empty where fewer than two views can be used, so that no body is known.
    pub unusable: Vec<UnusableView>,
}

/// One camera's picture.
#[derive(Clone, Debug, PartialEq)]
pub struct FinderView {
    pub camera: CameraId,
    /// Start of exposure.
    pub exposure: HostTime,
    pub picture: FinderPicture,
}

/// Whether the finder of joints asked for an instant, and the picture of a view that it gets.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Asked {
    #[default]
    No,
    /// It asked, but nothing moves there, or the picture cannot be decoded.
    Nothing,
    Picture(FinderPicture),
}

#[derive(Serialize, Deserialize)]
struct Header {
    set: u64,
    trigger: (TriggerState, u64),
    segment: SegmentId,
    exposure: Time,
    source: Option<(u32, u32)>,
    views: Vec<ViewHeader>,
    unusable: Vec<Unusable>,
}

#[derive(Serialize, Deserialize)]
struct ViewHeader {
    camera: u16,
    exposure: Time,
    size: (u32, u32),
    origin_px: [f32; 2],
    scale: f32,
    frame_px: (u32, u32),
    masked: bool,
}

pub(crate) fn encode(set: &FinderSet) -> Result<Packed<'_>, TransportError> {
    let (state, pulse) = trigger_to_wire(set.trigger);
    let view = |FinderView { camera, exposure, picture }: &FinderView| ViewHeader {
        camera: camera.0,
        exposure: (*exposure).into(),
        size: (picture.width, picture.height),
        origin_px: picture.origin_px,
        scale: picture.scale,
        frame_px: picture.frame_px,
        masked: picture.mask.is_some(),
    };
    let header = Header {
        set: set.set.0,
        trigger: (state, pulse.unwrap_or(0)),
        segment: set.segment,
        exposure: set.exposure.into(),
        source: set.source.map(|s| (s.index, s.length)),
        views: set.views.iter().map(view).collect(),
        unusable: unusable_to_wire(&set.unusable),
    };
    let pictures = set.views.iter().map(|view| &view.picture);
    let pixels = pictures.flat_map(|picture| [&picture.rgb[..]].into_iter().chain(picture.mask.as_deref()));
    Packed::new(FORMAT, &header, pixels.collect())
}

/// Encodes the pictures of one instant.
pub fn encode_finder_set(set: &FinderSet) -> Result<Vec<u8>, TransportError> {
    Ok(encode(set)?.to_vec())
}

/// Decodes the pictures of one instant. Fails if the message has another format, is truncated or has bytes left over.
pub fn decode_finder_set(bytes: &[u8]) -> Result<FinderSet, TransportError> {
    let (header, mut pixels) = Unpacked::new::<Header>("pictures of an instant", FORMAT, bytes)?;
    let mut views = Vec::with_capacity(header.views.len());
    for view in header.views {
        let (width, height) = view.size;
        // A size that overflows is saturated, and so exceeds any message.
        let area = (width as usize).saturating_mul(height as usize);
        let picture = FinderPicture {
            width,
            height,
            rgb: pixels.take(area.saturating_mul(3))?.into(),
            origin_px: view.origin_px,
            scale: view.scale,
            frame_px: view.frame_px,
            mask: if view.masked { Some(pixels.take(area)?.into()) } else { None },
        };
        views.push(FinderView { camera: CameraId(view.camera), exposure: view.exposure.into(), picture });
    }
    pixels.end()?;
    Ok(FinderSet {
        set: SetIndex(header.set),
        trigger: trigger_from_wire(header.trigger),
        segment: header.segment,
        exposure: header.exposure.into(),
        source: header.source.map(|(index, length)| SourcePosition { index, length }),
        views,
        unusable: unusable_from_wire(header.unusable),
    })
}

#[cfg(test)]
mod tests {
    use subject::SceneFault;

    use super::*;

    fn set() -> FinderSet {
        let view = |camera: u16| FinderView {
            camera: CameraId(camera),
            exposure: HostTime::monotonic(1_000 + i64::from(camera), 5),
            picture: FinderPicture {
                width: 3,
                height: 2,
                rgb: (0..18).map(|at| at + camera as u8).collect(),
                origin_px: [-3.5, 7.25],
                scale: 1.5,
                frame_px: (640, 480),
                mask: (camera == 3).then(|| [0, 255, 0, 255, 0, 0].into()),
            },
        };
        FinderSet {
            set: SetIndex(7),
            trigger: TriggerIndex::Certain(8),
            segment: SegmentId::seam(2),
            exposure: HostTime::monotonic(1_000, 5),
            source: Some(SourcePosition { index: 4, length: 100 }),
            views: vec![view(0), view(3)],
            unusable: vec![UnusableView { camera: CameraId(2), fault: SceneFault::Dark(9) }],
        }
    }

    #[test]
    fn pictures_survive_the_way() {
        for set in [set(), FinderSet { views: vec![], ..set() }] {
            assert_eq!(decode_finder_set(&encode_finder_set(&set).unwrap()).unwrap(), set);
        }
    }

    #[test]
    fn sides_whose_product_overflows_are_an_error() {
        // 3 × width × height is 2,273 modulo 2⁶⁴.
        let (width, height) = (3_718_527_251, 1_653_588_713);
        let mut views = set().views;
        views.truncate(1);
        views[0].picture = FinderPicture { width, height, rgb: vec![0; 2_273].into(), ..views[0].picture.clone() };
        let bytes = encode_finder_set(&FinderSet { views, ..set() }).unwrap();
        assert!(decode_finder_set(&bytes).is_err());
    }

    #[test]
    fn every_cut_is_an_error_and_none_panics() {
        let bytes = encode_finder_set(&set()).unwrap();
        for length in 0..bytes.len() {
            assert!(decode_finder_set(&bytes[..length]).is_err(), "cut at {length}");
        }
        assert!(decode_finder_set(&[bytes.as_slice(), &[0]].concat()).is_err());
    }
}
