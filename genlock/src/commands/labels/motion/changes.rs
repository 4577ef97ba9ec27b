//! Where pictures of a take change.

use frame::{CameraId, FrameInfo};
use miette::IntoDiagnostic;
use subject::{Decoder, RgbImage, Scale};
use take::TakeReader;

/// Pairs of pictures of a camera that are looked at.
const PAIRS: usize = 24;
/// Seconds between the two of a pair.
const APART_S: f64 = 0.25;
/// Differences of brightness beyond this, of 255, count as this.
const GREATEST: u8 = 40;

/// What changed between two pictures of a camera.
pub struct Change {
    /// Positions of the two in the source.
    pub source: [u32; 2],
    /// Width and height of the map.
    pub size: [usize; 2],
    /// By which factor the map is smaller than the pictures.
    pub reduced: f32,
    /// Differences of brightness, row by row.
    pub differences: Vec<u8>,
}

/// A picture without colours.
struct Grey {
    source: u32,
    size: [usize; 2],
    brightness: Vec<u8>,
}

/// Pairs of pictures, spread evenly over the take.
pub fn changes(take: &TakeReader, camera: CameraId) -> miette::Result<Vec<Change>> {
    let scale = Scale::Eighth;
    let mut decoder = Decoder::new().into_diagnostic()?;
    let mut picture = RgbImage::default();
    let mut grey = |index: usize| -> miette::Result<Option<Grey>> {
        let (info, bytes): (FrameInfo, Vec<u8>) = take.read(camera, index).into_diagnostic()?;
        let Some(source) = info.source else { return Ok(None) };
        decoder.decode(&info, &bytes, scale, &mut picture).into_diagnostic()?;
        let brightness = |rgb: &[u8]| ((u16::from(rgb[0]) + 2 * u16::from(rgb[1]) + u16::from(rgb[2])) / 4) as u8;
        let brightness = picture.rgb.chunks_exact(3).map(brightness).collect();
        let size = <[u32; 2]>::from(picture.size()).map(|side| side as usize);
        Ok(Some(Grey { source: source.index, size, brightness }))
    };
    let apart = ((APART_S * take.info().trigger_rate_hz).round() as usize).max(1);
    let last = take.len(camera).saturating_sub(apart);
    let mut changes = Vec::new();
    for index in (0..last).step_by(last.div_ceil(PAIRS).max(1)) {
        let (Some(before), Some(after)) = (grey(index)?, grey(index + apart)?) else { continue };
        // Where a source begins again, nothing moved.
        if before.size != after.size || before.source >= after.source {
            continue;
        }
        let differences = before.brightness.iter().zip(&after.brightness);
        let differences = differences.map(|(before, after)| before.abs_diff(*after).min(GREATEST)).collect();
        let (source, reduced) = ([before.source, after.source], scale.denominator() as f32);
        changes.push(Change { source, size: before.size, reduced, differences });
    }
    Ok(changes)
}
