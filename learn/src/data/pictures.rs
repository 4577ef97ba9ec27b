//! Turns images of stored moments, as chosen by a sampler, into network input.

use frame_sync::pairs::ImageRef;
use model::{Background, PictureBatch};
use tch::{Device, Kind, Tensor};

use super::buffer::Buffer;
use crate::LearnError;
use crate::error::during;

/// Which of a view's samples a task uses, and how to treat its background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SampleWanted {
    /// Index into `View::samples`; 0 is the crop around the subject.
    pub index: usize,
    pub background: Background,
}

/// The images as network input `[N, 3, crop_px, crop_px]` on the device.
pub(crate) fn pictures(
    store: &Buffer,
    images: &[ImageRef],
    wanted: SampleWanted,
    crop_px: u16,
    device: Device,
) -> Result<Tensor, LearnError> {
    let mut batch = PictureBatch::new(crop_px.into());
    for image in images {
        let sample = store
            .get(image.instant)
            .and_then(|moment| moment.views.iter().find(|view| view.camera.index() == usize::from(image.view)))
            .and_then(|view| view.samples.get(wanted.index))
            .ok_or(LearnError::MissingSample { view: image.view.into(), index: wanted.index })?;
        batch.push(&sample.rgb, &sample.mask, image.mirrored).map_err(during("filling a batch"))?;
    }
    batch.to_input(device, Kind::Float, wanted.background).map_err(during("moving a batch to the device"))
}
