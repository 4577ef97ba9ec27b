//! A session, rendered or imported, in memory.

use std::collections::BTreeSet;

use frame_sync::pairs::InstantMeta;
use model::ModelError;
use pose::Pose3d;
use recipe::DataConfig;
use take::{Imported, SessionTake};
use tch::{Device, Kind, Tensor};

use super::splits::Split;

/// Bytes of a stored picture with its mask and labels.
pub fn bytes_per_picture(config: &DataConfig) -> u64 {
    4 * u64::from(config.store_px).pow(2) + 4 * 5 * pose::JOINTS as u64
}

/// A take of a session, with the rows of its pictures.
#[derive(Clone, Debug)]
pub struct DatasetTake {
    pub about: SessionTake,
    pub split: Split,
    /// In order of time. `views` has one bit per camera.
    pub instants: Vec<InstantMeta>,
    /// By instant: its source position; in recorded takes its trigger pulse.
    pub sources: Vec<u32>,
    /// `[instant][camera]`: the picture's row.
    pub rows: Vec<Vec<Option<u32>>>,
}

/// Take, instant and view of a picture, by their indices in the dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureId {
    /// Index into [`Dataset::takes`].
    pub take: u32,
    /// Index into the take's instants.
    pub instant: u32,
    /// Index of the camera in the take.
    pub view: u16,
}

/// Take, instant and camera of a picture, by their numbers in the take itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PictureFrom {
    /// Index of its take in the dataset.
    pub take: u32,
    /// Source position; in recorded takes the trigger pulse.
    pub instant: u32,
    pub camera: u16,
}

/// A session, rendered or imported, in memory, on the training device. For each picture it holds a square region around the subject,
/// `margin` times as large as the crop of live use, with the mask as fourth channel. A picture takes
/// [`bytes_per_picture`].
#[derive(Debug)]
pub struct Dataset {
    pub(super) config: DataConfig,
    /// The data set that it was imported from; `None` if it was rendered.
    pub(super) imported: Option<Imported>,
    pub(super) takes: Vec<DatasetTake>,
    pub(super) pictures: Vec<PictureId>,
    /// u8 `[N, 4, store, store]`: red, green, blue, and the subject's mask (0 to 255).
    pub(super) pixels: Tensor,
    /// f32 `[N, 17, 3]`, root-relative, in the look-at frame.
    pub(super) joints_mm: Tensor,
    /// f32 `[N, 17, 2]`, −1 to 1 over the region, x right and y down.
    pub(super) joints_2d: Tensor,
    /// Side of each region as a part of the frame's width.
    pub(super) frame_shares: Vec<f32>,
    pub(super) without_subject: usize,
}

/// Stored pictures of a dataset, with their labels. Labels of recorded takes are 0.
#[derive(Debug)]
pub struct Batch {
    /// u8 `[B, 4, store, store]`.
    pub pixels: Tensor,
    /// f32 `[B, 17, 3]`, root-relative, in the look-at frame.
    pub joints_mm: Tensor,
    /// f32 `[B, 17, 2]`, −1 to 1 over the stored region.
    pub joints_2d: Tensor,
}

impl Dataset {
    pub fn config(&self) -> &DataConfig {
        &self.config
    }

    pub fn takes(&self) -> &[DatasetTake] {
        &self.takes
    }

    /// The picture of each row.
    pub fn pictures(&self) -> &[PictureId] {
        &self.pictures
    }

    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// Number of pictures left out because their subject is missing or tiny.
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

    /// Take, instant and camera of a row.
    pub fn from(&self, row: u32) -> PictureFrom {
        let PictureId { take, instant, view } = self.pictures[row as usize];
        PictureFrom { take, instant: self.takes[take as usize].sources[instant as usize], camera: view }
    }

    /// Rows of a split, ascending.
    pub fn rows(&self, split: Split) -> Vec<u32> {
        (0..self.len() as u32).filter(|&row| self.take_of(row).split == split).collect()
    }

    /// Rows to measure on, ascending: those of held-out takes, of imported sessions the test frames of the data set's
    /// protocol.
    pub fn test_rows(&self) -> Vec<u32> {
        let every = self.imported.as_ref().and_then(|imported| imported.test_every).unwrap_or(1).max(1);
        let mut rows = self.rows(Split::HeldOut);
        rows.retain(|&row| self.from(row).instant.is_multiple_of(every));
        rows
    }

    /// Whether the takes are an imported data set's.
    pub fn is_imported(&self) -> bool {
        self.imported.is_some()
    }

    /// Distinct values over the takes of a split, sorted.
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

    /// The side of the picture's region as a part of its frame's width; 0 in recorded takes.
    pub fn frame_share(&self, row: u32) -> f32 {
        self.frame_shares[row as usize]
    }

    /// The poses of these rows, in mm.
    pub fn poses(&self, rows: &[u32]) -> Result<Vec<Pose3d>, ModelError> {
        poses(&self.batch_joints(rows)?)
    }

    fn batch_joints(&self, rows: &[u32]) -> Result<Tensor, ModelError> {
        let index: Vec<i64> = rows.iter().map(|&row| row.into()).collect();
        Ok(self.joints_mm.f_index_select(0, &Tensor::f_from_slice(&index)?.f_to_device(self.device())?)?)
    }
}

/// Converts `[N, 17, 3]`, on any device, to poses.
pub(crate) fn poses(joints: &Tensor) -> Result<Vec<Pose3d>, ModelError> {
    let flat = joints.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?.f_contiguous()?.f_reshape([-1])?;
    let values: Vec<f32> = Vec::try_from(flat)?;
    let pose = |values: &[f32]| std::array::from_fn(|joint| std::array::from_fn(|axis| values[3 * joint + axis]));
    Ok(values.chunks_exact(3 * pose::JOINTS).map(pose).collect())
}
