//! Takes of a rendered session as moments of a live stream.

use frame::{CameraId, HostTime, SegmentId, SetIndex, TriggerIndex};
use model::ModelError;
use subject::{BackgroundId, Preprocessing, Region, Sample};
use tch::{Device, Kind, Tensor};
use transport::{Moment, View};

use super::dataset::Dataset;
use crate::LearnError;
use crate::data::augment::Placement;
use crate::error::during;

impl Dataset {
    /// The instants of a take as live crops of this size would show them, as one segment of this number.
    ///
    /// # Errors
    /// If the device fails.
    pub fn moments(&self, take: usize, crop_px: u16, segment: u32) -> Result<Vec<Moment>, LearnError> {
        let about = &self.takes[take];
        let rows: Vec<u32> = about.rows.iter().flatten().flatten().copied().collect();
        let mut samples = self.samples(&rows, crop_px).map_err(during("cropping pictures"))?.into_iter();
        let preprocessing = Preprocessing::with_crop_px(crop_px).hash();
        let moment = |(index, (instant, rows)): (u64, (&frame_sync::pairs::InstantMeta, &Vec<Option<u32>>))| {
            let exposure = HostTime::monotonic(instant.exposure_ns, 0);
            let cameras = (0..).zip(rows).filter(|(_, row)| row.is_some()).map(|(camera, _)| CameraId(camera));
            let views = cameras.zip(&mut samples).map(|(camera, sample)| View {
                camera,
                exposure,
                frame_px: (u32::from(crop_px), u32::from(crop_px)),
                samples: vec![sample],
            });
            Moment {
                set: SetIndex(index),
                trigger: TriggerIndex::Unresolved,
                segment: SegmentId::seam(segment),
                exposure,
                arrival_ns: exposure.ns,
                source: None,
                preprocessing,
                views: views.collect(),
                unusable: vec![],
            }
        };
        Ok((0..).zip(about.instants.iter().zip(&about.rows)).map(moment).collect())
    }

    fn samples(&self, rows: &[u32], crop_px: u16) -> Result<Vec<Sample>, ModelError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let (side, area) = (i64::from(crop_px), usize::from(crop_px).pow(2));
        let placement = Placement::plain(rows.len(), self.config.margin, self.device())?;
        let placed = tch::no_grad(|| placement.pictures(&self.batch(rows)?.pixels, side))?;
        let rgb = placed.f_narrow(1, 0, 3)?.f_permute([0, 2, 3, 1])?.f_mul_scalar(255.0)?.f_round()?;
        let mask = placed.f_narrow(1, 3, 1)?.f_gt(0.5)?.f_to_kind(Kind::Float)?.f_mul_scalar(255.0)?;
        let bytes = |values: Tensor| -> Result<Vec<u8>, ModelError> {
            let values = values.f_clamp(0.0, 255.0)?.f_to_kind(Kind::Uint8)?.f_to_device(Device::Cpu)?;
            Ok(Vec::try_from(values.f_contiguous()?.f_reshape([-1])?)?)
        };
        let (rgb, mask) = (bytes(rgb)?, bytes(mask)?);
        let sample = |(rgb, mask): (&[u8], &[u8])| Sample {
            size_px: crop_px,
            rgb: rgb.into(),
            mask: mask.into(),
            region: Region { centre_px: [0.0, 0.0], side_px: f32::from(crop_px) },
            background: BackgroundId(0),
        };
        Ok(rgb.chunks_exact(3 * area).zip(mask.chunks_exact(area)).map(sample).collect())
    }
}
