//! Loads a session from disk into a [`Dataset`].

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use pose::JOINTS;
use recipe::DataConfig;
use subject::{Decoder, RgbImage, Sample, Scale, SquareCutter};
use take::{MaskReader, Session, SessionTake, TakeReader};
use tch::{Device, Kind, Tensor};

use super::dataset::{Dataset, DatasetTake, PictureId, bytes_per_picture};
use super::parallel::in_parallel;
use super::plan::{PlannedTake, plan};
use super::recorded::{Crop, Recorded};
use super::splits::{Split, splits};
use crate::LearnError;
use crate::error::during;

impl Dataset {
    /// Decodes a session into host memory on all processors, then moves it to `device`. `recorded` are additional takes
    /// from real cameras, for pretraining. `progress` is called with the numbers of finished and of all pictures.
    ///
    /// # Errors
    /// If the session is incomplete or lacks files, its splits overlap, a picture has no mask, a recorded take has no
    /// certain trigger indices, or the pictures need more than `memory-gb`.
    pub fn load(
        session: &Path,
        recorded: &[PathBuf],
        config: &DataConfig,
        device: Device,
        progress: impl FnMut(usize, usize),
    ) -> Result<Self, LearnError> {
        Self::load_some(session, |_| true, recorded, config, device, progress)
    }

    /// [`Self::load`] of those takes of the session that are `wanted`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_some(
        session: &Path,
        wanted: impl Fn(&SessionTake) -> bool,
        recorded: &[PathBuf],
        config: &DataConfig,
        device: Device,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Self, LearnError> {
        let Session { takes: about, imported, .. } = Session::read(session)?;
        let test_every = imported.as_ref().and_then(|imported| imported.test_every);
        let splits = splits(session, &about)?;
        let (about, splits): (Vec<_>, Vec<_>) = about.into_iter().zip(splits).filter(|(take, _)| wanted(take)).unzip();
        let planned =
            in_parallel(about.len(), |index| plan(session, &about[index], index as u32, config, test_every), |_| {})?;
        let recorded = in_parallel(recorded.len(), |index| Recorded::crop(&recorded[index], config), |_| {})?;
        let crops: Vec<&Sample> = recorded.iter().flat_map(|take| &take.samples).map(|crop| &crop.sample).collect();
        let count = planned.iter().map(|take| take.pictures.len()).sum::<usize>() + crops.len();
        let needed_gb = bytes_per_picture(config) as f64 * count as f64 / 1e9;
        if count == 0 || needed_gb > config.memory_gb {
            let problem = if count == 0 {
                "no picture has a label and a subject".to_owned()
            } else {
                format!(
                    "its {count} pictures need {needed_gb:.1} GB at store-px = {}, and data.memory-gb is {:.1}: hold \
                     fewer instants (data.every), a smaller store-px, or allow more",
                    config.store_px, config.memory_gb
                )
            };
            return Err(LearnError::Session { session: session.to_owned(), problem });
        }
        let pixels = fill(&planned, &crops, count, config, &mut progress)?;

        let failed = during("loading a session");
        let without_subject = planned.iter().map(|take| take.without_subject).sum::<usize>()
            + recorded.iter().map(|take| take.without_subject).sum::<usize>();
        let (mut joints_mm, mut joints_2d) = (Vec::with_capacity(51 * count), Vec::with_capacity(34 * count));
        let (mut takes, mut pictures) = (Vec::with_capacity(about.len()), Vec::with_capacity(count));
        let mut frame_shares = Vec::with_capacity(count);
        for ((index, about), (split, mut take)) in (0..).zip(about).zip(splits.into_iter().zip(planned)) {
            let first = pictures.len() as u32;
            take.rows.iter_mut().flatten().flatten().for_each(|row| *row += first);
            for (instant, picture) in take.pictures {
                pictures.push(PictureId { take: index, instant, view: picture.camera.0 });
                joints_mm.extend(picture.joints_mm.into_iter().flatten());
                joints_2d.extend(picture.joints_2d.into_iter().flatten());
                frame_shares.push(picture.frame_share);
            }
            let (instants, sources) = (take.instants, take.sources);
            takes.push(DatasetTake { about, split, instants, sources, rows: take.rows });
        }
        for mut take in recorded {
            let (index, first) = (takes.len() as u32, pictures.len() as u32);
            take.rows.iter_mut().flatten().flatten().for_each(|row| *row += first);
            let of = |crop: &Crop| PictureId { take: index, instant: crop.instant, view: crop.view };
            pictures.extend(take.samples.iter().map(of));
            let Recorded { about, instants, pulses: sources, rows, .. } = take;
            takes.push(DatasetTake { about, split: Split::Recorded, instants, sources, rows });
        }
        // Recorded pictures have no labels; the zeros are not used.
        joints_mm.resize(51 * count, 0.0);
        joints_2d.resize(34 * count, 0.0);
        frame_shares.resize(count, 0.0);
        let on_device = |values: &[f32], axes: i64| -> Result<Tensor, model::ModelError> {
            Ok(Tensor::f_from_slice(values)?.f_reshape([-1, JOINTS as i64, axes])?.f_to_device(device)?)
        };
        Ok(Self {
            config: *config,
            imported,
            takes,
            pictures,
            pixels: pixels.f_to_device(device).map_err(|e| failed(e.into()))?,
            joints_mm: on_device(&joints_mm, 3).map_err(&failed)?,
            joints_2d: on_device(&joints_2d, 2).map_err(&failed)?,
            frame_shares,
            without_subject,
        })
    }
}

/// Decodes every planned picture into a tensor u8 `[N, 4, store, store]`, and appends the crops of recorded takes.
fn fill(
    takes: &[PlannedTake],
    crops: &[&Sample],
    count: usize,
    config: &DataConfig,
    progress: &mut impl FnMut(usize, usize),
) -> Result<Tensor, LearnError> {
    let store = usize::from(config.store_px);
    let shape = [count as i64, 4, store as i64, store as i64];
    let pixels =
        Tensor::f_zeros(shape, (Kind::Uint8, Device::Cpu)).map_err(|e| during("loading a session")(e.into()))?;
    // SAFETY: the tensor is new, contiguous, of type u8 and on the CPU, and nothing else accesses it while this slice
    // is in use.
    let mut rest = unsafe { std::slice::from_raw_parts_mut(pixels.data_ptr().cast::<u8>(), count * 4 * store * store) };
    let mut parts = Vec::with_capacity(takes.len());
    for take in takes {
        let (part, after) = rest.split_at_mut(take.pictures.len() * 4 * store * store);
        parts.push(Mutex::new(part));
        rest = after;
    }
    let area = store * store;
    for (crop, out) in crops.iter().zip(rest.chunks_exact_mut(4 * area)) {
        put(&crop.rgb, area, out);
        out[3 * area..].copy_from_slice(&crop.mask);
    }
    let mut done = crops.len();
    in_parallel(
        takes.len(),
        |index| {
            let mut part = parts[index].lock().unwrap_or_else(PoisonError::into_inner);
            fill_take(&takes[index], config.store_px, &mut part).map(|()| takes[index].pictures.len())
        },
        |pictures| {
            done += pictures;
            progress(done, count);
        },
    )?;
    drop(parts);
    Ok(pixels)
}

fn fill_take(take: &PlannedTake, store_px: u16, out: &mut [u8]) -> Result<(), LearnError> {
    let area = usize::from(store_px).pow(2);
    let (reader, masks) = (TakeReader::open(&take.directory)?, MaskReader::open(&take.directory)?);
    let mut cutter = SquareCutter::default();
    let (mut bytes, mut picture, mut cut) = (Vec::new(), RgbImage::default(), Vec::new());
    let mut decoder = None;
    for ((_, planned), out) in take.pictures.iter().zip(out.chunks_exact_mut(4 * area)) {
        let failed = |source| LearnError::Picture {
            take: take.directory.clone(),
            camera: planned.name.clone(),
            frame: planned.frame,
            source: Box::new(source),
        };
        let decoder = match &mut decoder {
            Some(decoder) => decoder,
            none => none.insert(Decoder::new().map_err(failed)?),
        };
        let info = reader.read_into(planned.camera, planned.frame, &mut bytes)?;
        decoder.decode(&info, &bytes, scale(planned.region.side_px, store_px), &mut picture).map_err(failed)?;
        let at = |fault| subject::SubjectError::Picture { camera: info.camera, sequence: info.sequence, fault };
        cutter.cut(&picture, &planned.region, store_px, &mut cut).map_err(|fault| failed(at(fault)))?;
        put(&cut, area, out);
        let mask = masks.get(&planned.name, planned.source)?.unwrap_or_default();
        let mask = RgbImage {
            width: mask.width_px,
            height: mask.height_px,
            rgb: mask.pixels.iter().flat_map(|&value| [value; 3]).collect(),
            scale: Scale::Full,
        };
        cutter.cut(&mask, &planned.region, store_px, &mut cut).map_err(|fault| failed(at(fault)))?;
        out[3 * area..].iter_mut().zip(cut.chunks_exact(3)).for_each(|(to, from)| *to = from[0]);
    }
    Ok(())
}

/// Copies interleaved RGB into planar RGB.
fn put(rgb: &[u8], area: usize, out: &mut [u8]) {
    for (pixel, rgb) in rgb.chunks_exact(3).enumerate() {
        for (channel, value) in rgb.iter().enumerate() {
            out[channel * area + pixel] = *value;
        }
    }
}

/// The coarsest decoding scale with at least one decoded pixel per stored pixel.
fn scale(side_px: f32, store_px: u16) -> Scale {
    let enough = |scale: &Scale| side_px >= f32::from(store_px) * scale.denominator() as f32;
    Scale::COARSE_TO_FINE.into_iter().find(enough).unwrap_or(Scale::Full)
}
