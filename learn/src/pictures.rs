//! From images named by a sampler to what a network takes.

use frame_sync::ImageRef;
use model::PictureBatch;
use recipe::PretrainRecipe;
use tch::{Device, Kind, Tensor};

use crate::PretrainError;
use crate::error::during;
use crate::pretext::SampleWanted;
use crate::store::Store;

/// The images as `[N, 3, size, size]`, normalised, on the device.
pub(crate) fn pictures(
    store: &Store,
    images: &[ImageRef],
    wanted: SampleWanted,
    recipe: &PretrainRecipe,
    device: Device,
) -> Result<Tensor, PretrainError> {
    let mut batch = PictureBatch::new(recipe.crop_px.into());
    for image in images {
        let sample = store
            .get(image.instant)
            .and_then(|moment| moment.views.iter().find(|view| view.camera.index() == usize::from(image.view)))
            .and_then(|view| view.samples.get(wanted.index))
            .ok_or(PretrainError::MissingSample { view: image.view.into(), index: wanted.index })?;
        batch.push(&sample.rgb, &sample.mask, image.mirrored).map_err(during("filling a batch"))?;
    }
    batch.to_input(device, Kind::Float, wanted.background).map_err(during("moving a batch to the device"))
}
