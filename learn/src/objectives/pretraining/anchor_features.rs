//! Features of whole moments: the means over their views.

use std::collections::BTreeMap;

use frame_sync::pairs::ImageRef;
use model::{Mode, ModelError, Precision, SyncNet, autocast};
use tch::{Device, Kind, Tensor};

use crate::LearnError;
use crate::data::moments::Moments;
use crate::data::pictures::pictures;
use crate::error::during;
use crate::objectives::pretext::PretextTask;

/// Encodes a moment by the running BatchNorm statistics.
///
/// # Errors
/// If the moment is not held, or the device fails.
pub(crate) fn anchor_features(
    net: &SyncNet,
    precision: Precision,
    moments: &Moments,
    id: u64,
    task: &dyn PretextTask,
) -> Result<Vec<f32>, LearnError> {
    let held = moments.trained();
    let (instant, wanted) = (held.place(id).unwrap_or(usize::MAX), task.wants());
    let views = held.get(instant).into_iter().flat_map(|moment| &moment.views);
    let images: Vec<ImageRef> = views.map(|view| ImageRef { instant, view: view.camera.0, mirrored: false }).collect();
    let input = pictures(held, &images, wanted, moments.recipe.crop_px, net.device())?;
    let encoded = tch::no_grad(|| autocast(precision, net.device(), || net.features(&input, Mode::Eval)));
    encoded.and_then(|features| mean(&features)).map_err(during("encoding a moment"))
}

/// Features `[images, D]` as means over the views of each instant.
pub(crate) fn by_instant(images: &[ImageRef], features: &Tensor) -> Result<Vec<(usize, Vec<f32>)>, LearnError> {
    let mut rows: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for (row, image) in (0..).zip(images) {
        rows.entry(image.instant).or_default().push(row);
    }
    let of =
        |rows: &[i64]| mean(&features.f_index_select(0, &Tensor::f_from_slice(rows)?.f_to_device(features.device())?)?);
    let means = rows.into_iter().map(|(instant, rows)| Ok((instant, of(&rows)?))).collect::<Result<_, ModelError>>();
    means.map_err(during("averaging features"))
}

fn mean(features: &Tensor) -> Result<Vec<f32>, ModelError> {
    let mean = features.f_mean_dim([0].as_slice(), false, Kind::Float)?.f_to_device(Device::Cpu)?;
    Ok(Vec::try_from(mean)?)
}
