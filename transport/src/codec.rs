//! The encoding of moments, on the wire and in files: a packed message whose pixels are the RGB and the mask of each
//! sample.

use std::sync::Arc;

use frame::{CameraId, ClockId, HostTime, SegmentId, SetIndex, SourcePosition, TriggerIndex};
use serde::{Deserialize, Serialize};
use subject::{BackgroundId, Region, Sample, SceneFault};

use crate::packed::{Packed, Unpacked};
use crate::{Moment, Received, TransportError, TriggerState, UnusableView, View};

const FORMAT: u32 = 4;
/// The previous formats, which files of moments may have.
const FORMAT_V3: u32 = 3;
const FORMAT_V2: u32 = 2;

#[derive(Serialize, Deserialize)]
struct Header {
    v3: HeaderV3,
    unusable: Vec<Unusable>,
}

/// The header of the previous format.
#[derive(Serialize, Deserialize)]
struct HeaderV3 {
    v2: HeaderV2,
    epoch: u32,
    opening: u32,
}

/// The header of the format before.
#[derive(Serialize, Deserialize)]
struct HeaderV2 {
    number: u64,
    set: u64,
    trigger: (TriggerState, u64),
    seam: u32,
    exposure: Time,
    arrival_ns: i64,
    source: Option<(u32, u32)>,
    preprocessing: u64,
    views: Vec<ViewHeader>,
}

#[derive(Serialize, Deserialize)]
struct ViewHeader {
    camera: u16,
    exposure: Time,
    frame_px: (u32, u32),
    samples: Vec<SampleHeader>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct SampleHeader {
    size_px: u16,
    region: Region,
    background: BackgroundId,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Time {
    ns: i64,
    uncertainty_ns: u32,
    simulated: bool,
}

impl From<HostTime> for Time {
    fn from(time: HostTime) -> Self {
        Self { ns: time.ns, uncertainty_ns: time.uncertainty_ns, simulated: time.clock == ClockId::Simulated }
    }
}

impl From<Time> for HostTime {
    fn from(time: Time) -> Self {
        let clock = if time.simulated { ClockId::Simulated } else { ClockId::Monotonic };
        Self { ns: time.ns, uncertainty_ns: time.uncertainty_ns, clock }
    }
}

impl From<&Sample> for SampleHeader {
    fn from(s: &Sample) -> Self {
        Self { size_px: s.size_px, region: s.region, background: s.background }
    }
}

impl SampleHeader {
    pub(crate) fn area(&self) -> usize {
        usize::from(self.size_px).pow(2)
    }

    pub(crate) fn with(self, rgb: Arc<[u8]>, mask: Arc<[u8]>) -> Sample {
        Sample { size_px: self.size_px, rgb, mask, region: self.region, background: self.background }
    }
}

/// The trigger as messages carry it: its state, and the pulse where there is one.
pub(crate) fn trigger_to_wire(trigger: TriggerIndex) -> (TriggerState, Option<u64>) {
    let state = match trigger {
        TriggerIndex::Certain(_) => TriggerState::Certain,
        TriggerIndex::Tentative(_) => TriggerState::Tentative,
        TriggerIndex::Unresolved => TriggerState::Unresolved,
    };
    (state, trigger.pulse())
}

pub(crate) fn trigger_from_wire((state, pulse): (TriggerState, u64)) -> TriggerIndex {
    match state {
        TriggerState::Certain => TriggerIndex::Certain(pulse),
        TriggerState::Tentative => TriggerIndex::Tentative(pulse),
        TriggerState::Unresolved => TriggerIndex::Unresolved,
    }
}

/// A view that cannot be used, on the wire.
pub(crate) type Unusable = (u16, SceneFault);

pub(crate) fn unusable_to_wire(views: &[UnusableView]) -> Vec<Unusable> {
    views.iter().map(|view| (view.camera.0, view.fault)).collect()
}

pub(crate) fn unusable_from_wire(views: Vec<Unusable>) -> Vec<UnusableView> {
    views.into_iter().map(|(camera, fault)| UnusableView { camera: CameraId(camera), fault }).collect()
}

fn header(number: u64, moment: &Moment) -> Header {
    let (state, pulse) = trigger_to_wire(moment.trigger);
    let SegmentId { epoch, opening, seam } = moment.segment;
    let v2 = HeaderV2 {
        number,
        set: moment.set.0,
        trigger: (state, pulse.unwrap_or(0)),
        seam,
        exposure: moment.exposure.into(),
        arrival_ns: moment.arrival_ns,
        source: moment.source.map(|s| (s.index, s.length)),
        preprocessing: moment.preprocessing,
        views: moment
            .views
            .iter()
            .map(|view| ViewHeader {
                camera: view.camera.0,
                exposure: view.exposure.into(),
                frame_px: view.frame_px,
                samples: view.samples.iter().map(SampleHeader::from).collect(),
            })
            .collect(),
    };
    Header { v3: HeaderV3 { v2, epoch, opening }, unusable: unusable_to_wire(&moment.unusable) }
}

fn pixels(moment: &Moment) -> Vec<&[u8]> {
    let samples = moment.views.iter().flat_map(|view| &view.samples);
    samples.flat_map(|s| [&s.rgb[..], &s.mask[..]]).collect()
}

pub(crate) fn encode(number: u64, moment: &Moment) -> Result<Packed<'_>, TransportError> {
    Packed::new(FORMAT, &header(number, moment), pixels(moment))
}

/// Encodes a moment, which is the `number`th of its sink.
pub fn encode_moment(number: u64, moment: &Moment) -> Result<Vec<u8>, TransportError> {
    Ok(encode(number, moment)?.to_vec())
}

/// Decodes a moment and its number. Fails if the message has an unknown format, is truncated or has bytes left over.
pub fn decode_moment(bytes: &[u8]) -> Result<Received<Moment>, TransportError> {
    let (Header { v3, unusable }, mut pixels) = if bytes.starts_with(&FORMAT_V2.to_le_bytes()) {
        let (v2, pixels) = Unpacked::new("a moment", FORMAT_V2, bytes)?;
        (Header { v3: HeaderV3 { v2, epoch: 0, opening: 0 }, unusable: vec![] }, pixels)
    } else if bytes.starts_with(&FORMAT_V3.to_le_bytes()) {
        let (v3, pixels) = Unpacked::new("a moment", FORMAT_V3, bytes)?;
        (Header { v3, unusable: vec![] }, pixels)
    } else {
        Unpacked::new("a moment", FORMAT, bytes)?
    };
    let HeaderV3 { v2: header, epoch, opening } = v3;
    let mut views = Vec::with_capacity(header.views.len());
    for view in header.views {
        let mut samples = Vec::with_capacity(view.samples.len());
        for s in &view.samples {
            let (rgb, mask) = (pixels.take(3 * s.area())?, pixels.take(s.area())?);
            samples.push(s.with(rgb.into(), mask.into()));
        }
        let ViewHeader { camera, exposure, frame_px, .. } = view;
        views.push(View { camera: CameraId(camera), exposure: exposure.into(), frame_px, samples });
    }
    pixels.end()?;
    Ok(Received {
        number: header.number,
        value: Moment {
            set: SetIndex(header.set),
            trigger: trigger_from_wire(header.trigger),
            segment: SegmentId { epoch, opening, seam: header.seam },
            exposure: header.exposure.into(),
            arrival_ns: header.arrival_ns,
            source: header.source.map(|(index, length)| SourcePosition { index, length }),
            preprocessing: header.preprocessing,
            views,
            unusable: unusable_from_wire(unusable),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::tests::moment;

    #[test]
    fn a_moment_survives_the_way() {
        let segment = SegmentId { epoch: 1_800_000_000, opening: 2, seam: 3 };
        let original = Moment { segment, ..moment(7, 8) };
        let bytes = encode_moment(3, &original).unwrap();
        assert_eq!(decode_moment(&bytes).unwrap(), Received { number: 3, value: original });
    }

    #[test]
    fn moments_of_the_formats_before_read() {
        let original = Moment { unusable: vec![], ..moment(7, 8) };
        let Header { v3, .. } = header(3, &original);
        let v2 = Packed::new(FORMAT_V2, &v3.v2, pixels(&original)).unwrap().to_vec();
        let v3 = Packed::new(FORMAT_V3, &v3, pixels(&original)).unwrap().to_vec();
        for bytes in [v2, v3] {
            assert_eq!(decode_moment(&bytes).unwrap(), Received { number: 3, value: original.clone() });
        }
    }

    #[test]
    fn every_cut_is_an_error_and_none_panics() {
        let bytes = encode_moment(0, &moment(1, 2)).unwrap();
        for length in 0..bytes.len() {
            assert!(decode_moment(&bytes[..length]).is_err(), "cut at {length}");
        }
        assert!(decode_moment(&[bytes.as_slice(), &[0]].concat()).is_err());
    }
}
