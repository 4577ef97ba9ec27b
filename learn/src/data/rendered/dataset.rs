//! A rendered session in memory.

use std::collections::BTreeSet;

use frame_sync::pairs::InstantMeta;
use model::ModelError;
use pose::Pose3d;
use recipe::DataConfig;
use take::SessionTake;
use tch::{Device, Kind, Tensor};

use super::splits::Split;

/// Bytes of a picture with its mask and its labels.
pub fn bytes_per_picture(config: &DataConfig) -> u64 {
    4 * u64::from(config.store_px).pow(2) + 4 * 5 * pose::JOINTS as u64
}

/// A take of a session, and where its pictures are.
#[derive(Clone, Debug)]
pub struct DatasetTake {
    pub about: SessionTake,
    pub split: Split,
    /// In order of time; `views` are bits by camera.
    pub instants: Vec<InstantMeta>,
    /// By instant: its number in the take's source.
    pub sources: Vec<u32>,
    /// `[instant][camera]`: the picture's row.
    pub rows: Vec<Vec<Option<u32>>>,
}

/// What a picture is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureId {
    /// Index into [`Dataset::takes`].
    pub take: u32,
    /// Index into the take's instants.
    pub instant: u32,
    /// Index of the camera in the take.
    pub view: u16,
}

/// Where a picture is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PictureFrom {
    /// Index of its take.
    pub take: u32,
    /// Number of the instant in the take's source.
    pub instant: u32,
    pub camera: u16,
}

/// A rendered session in memory. Of each picture the square around the subject is held, `margin` times as large as
/// the crop that live use makes, with the mask as a fourth channel: [`bytes_per_picture`] each, on
/// the device that learns.
#[derive(Debug)]
pub struct Dataset {
    pub(super) config: DataConfig,
    pub(super) takes: Vec<DatasetTake>,
    pub(super) pictures: Vec<PictureId>,
    /// u8 `[N, 4, store, store]`: red, green, blue, and how much of the pixel is subject.
    pub(super) pixels: Tensor,
    /// f32 `[N, 17, 3]`.
    pub(super) joints_mm: Tensor,
    /// f32 `[N, 17, 2]`, −1 to 1 over the region, x right and y down.
    pub(super) joints_2d: Tensor,
    pub(super) without_subject: usize,
}

/// Pictures of a dataset, as they are held.
#[derive(Debug)]
pub struct Batch {
    /// u8 `[B, 4, store, store]`.
    pub pixels: Tensor,
    /// f32 `[B, 17, 3]`, root-relative, in the look-at frame.
    pub joints_mm: Tensor,
    /// f32 `[B, 17, 2]`, −1 to 1 over the held region.
    pub joints_2d: Tensor,
}

impl Dataset {
    pub fn config(&self) -> &DataConfig {
        &self.config
    }

    pub fn takes(&self) -> &[DatasetTake] {
        &self.takes
    }

    /// What each row is of.
    pub fn pictures(&self) -> &[PictureId] {
        &self.pictures
    }

    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// Pictures that are not held because their mask is empty or tiny.
    pub fn without_subject(&self) -> usize {
        self.without_subject
    }

    pub fn bytes(&self) -> u64 {
        bytes_per_picture(&self.config) * self.len() as u64
    }

    pub fn device(&self) -> Device {
        self.pixels.device()
    }

    pub fn take_of(&self, row: u32) -> &DatasetTake {
        &self.takes[self.pictures[row as usize].take as usize]
    }

    /// Which instant and camera a row is of, by their numbers in the take itself.
    pub fn from(&self, row: u32) -> PictureFrom {
        let PictureId { take, instant, view } = self.pictures[row as usize];
        PictureFrom { take, instant: self.takes[take as usize].sources[instant as usize], camera: view }
    }

    /// Rows of one side, ascending.
    pub fn rows(&self, split: Split) -> Vec<u32> {
        (0..self.len() as u32).filter(|&row| self.take_of(row).split == split).collect()
    }

    /// Distinct values over the takes of one side, sorted.
    pub fn distinct(&self, split: Split, of: impl Fn(&SessionTake) -> &str) -> BTreeSet<String> {
        self.takes.iter().filter(|take| take.split == split).map(|take| of(&take.about).to_owned()).collect()
    }

    pub fn batch(&self, rows: &[u32]) -> Result<Batch, ModelError> {
        let index: Vec<i64> = rows.iter().map(|&row| row.into()).collect();
        let index = Tensor::f_from_slice(&index)?.f_to_device(self.device())?;
        Ok(Batch {
            pixels: self.pixels.f_index_select(0, &index)?,
            joints_mm: self.joints_mm.f_index_select(0, &index)?,
            joints_2d: self.joints_2d.f_index_select(0, &index)?,
        })
    }

    /// The poses of rows, in their order.
    pub fn poses(&self, rows: &[u32]) -> Result<Vec<Pose3d>, ModelError> {
        poses(&self.batch_joints(rows)?)
    }

    fn batch_joints(&self, rows: &[u32]) -> Result<Tensor, ModelError> {
        let index: Vec<i64> = rows.iter().map(|&row| row.into()).collect();
        Ok(self.joints_mm.f_index_select(0, &Tensor::f_from_slice(&index)?.f_to_device(self.device())?)?)
    }
}

/// `[N, 17, 3]` on any device as poses.
pub(crate) fn poses(joints: &Tensor) -> Result<Vec<Pose3d>, ModelError> {
    let flat = joints.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?.f_contiguous()?.f_reshape([-1])?;
    let values: Vec<f32> = Vec::try_from(flat)?;
    let pose = |values: &[f32]| std::array::from_fn(|joint| std::array::from_fn(|axis| values[3 * joint + axis]));
    Ok(values.chunks_exact(3 * pose::JOINTS).map(pose).collect())
}
