//! The instants in which people move, by how much their masks change. Labels are not used.

use std::collections::BTreeSet;

use model::ModelError;
use recipe::MotionFilter;
use tch::{Device, Kind, Tensor};

use super::dataset::{Dataset, DatasetTake};
use super::splits::Split;

/// Which instants of the training takes pretraining may learn from; those of other takes are never left out.
#[derive(Debug, Default)]
pub(crate) struct MovingInstants {
    /// Take and instant, by their indices, of those that are left out.
    still: BTreeSet<(usize, usize)>,
}

impl MovingInstants {
    /// # Errors
    /// If the device fails.
    pub fn of(dataset: &Dataset, filter: MotionFilter) -> Result<Self, ModelError> {
        let takes = || (0..).zip(dataset.takes()).filter(|(_, take)| take.split != Split::HeldOut);
        let still = match filter {
            MotionFilter::None => BTreeSet::new(),
            MotionFilter::EveryFourth => takes()
                .flat_map(|(index, take)| (3..take.instants.len()).step_by(4).map(move |instant| (index, instant)))
                .collect(),
            MotionFilter::MaskDifference { share } => {
                let mut changes: Vec<(f64, (usize, usize))> = Vec::new();
                for (index, take) in takes() {
                    let of_take = tch::no_grad(|| mask_changes(dataset, take))?;
                    changes.extend((0..).zip(of_take).filter_map(|(at, change)| Some((change?, (index, at)))));
                }
                changes.sort_by(|(a, _), (b, _)| a.total_cmp(b));
                let out = (share * changes.len() as f64).round() as usize;
                changes.into_iter().take(out).map(|(_, instant)| instant).collect()
            }
        };
        Ok(Self { still })
    }

    /// Whether an instant may be learned from, by the indices of its take and of itself.
    pub fn contains(&self, take: usize, instant: usize) -> bool {
        !self.still.contains(&(take, instant))
    }
}

/// For each instant, how much the masks differ from those of the instant before, as a share of the larger of both: the
/// mean over the views of both instants. The first instant of a segment has the value of the second; `None` where there
/// is nothing to compare.
fn mask_changes(dataset: &Dataset, take: &DatasetTake) -> Result<Vec<Option<f64>>, ModelError> {
    let (mut now, mut before, mut instants) = (Vec::new(), Vec::new(), Vec::new());
    for (instant, pair) in (1..).zip(take.instants.windows(2)) {
        if pair[0].segment != pair[1].segment {
            continue;
        }
        for rows in take.rows[instant].iter().zip(&take.rows[instant - 1]) {
            if let (Some(row), Some(earlier)) = rows {
                now.push(i64::from(*row));
                before.push(i64::from(*earlier));
                instants.push(instant);
            }
        }
    }
    let mut sums = vec![(0.0, 0u32); take.instants.len()];
    if !now.is_empty() {
        let masks = |rows: &[i64]| -> Result<Tensor, ModelError> {
            let index = Tensor::f_from_slice(rows)?.f_to_device(dataset.device())?;
            Ok(dataset.pixels.f_narrow(1, 3, 1)?.f_index_select(0, &index)?.f_to_kind(Kind::Float)?)
        };
        let (now, before) = (masks(&now)?, masks(&before)?);
        let area = |masks: &Tensor| masks.f_sum_dim_intlist([1, 2, 3].as_slice(), false, Kind::Float);
        let larger = area(&now)?.f_maximum(&area(&before)?)?.f_clamp_min(1.0)?;
        let changes: Vec<f32> =
            Vec::try_from(area(&now.f_sub(&before)?.f_abs()?)?.f_div(&larger)?.f_to_device(Device::Cpu)?)?;
        for (instant, change) in instants.into_iter().zip(changes) {
            sums[instant].0 += f64::from(change);
            sums[instant].1 += 1;
        }
    }
    let mut means: Vec<Option<f64>> =
        sums.into_iter().map(|(sum, views)| (views > 0).then(|| sum / f64::from(views))).collect();
    for instant in 0..means.len().saturating_sub(1) {
        let begins = instant == 0 || take.instants[instant - 1].segment != take.instants[instant].segment;
        if begins && take.instants[instant].segment == take.instants[instant + 1].segment {
            means[instant] = means[instant + 1];
        }
    }
    Ok(means)
}

#[cfg(test)]
mod tests {
    use frame::SegmentId;
    use frame_sync::pairs::InstantMeta;
    use recipe::DataConfig;
    use take::SessionTake;
    use take::session;

    use super::*;
    use crate::data::rendered::PictureId;

    /// A take of one camera whose subject, 4 pixels wide, stands at these columns in turn.
    fn dataset(split: Split, columns: &[i64]) -> Dataset {
        let count = columns.len() as i64;
        let pixels = Tensor::zeros([count, 4, 32, 32], (Kind::Uint8, Device::Cpu));
        for (row, &column) in (0..).zip(columns) {
            let _ = pixels.get(row).get(3).narrow(1, column, 4).fill_(255);
        }
        let name = || "x".to_owned();
        let about = SessionTake {
            name: name(),
            person: name(),
            clip: name(),
            action: name(),
            environment: name(),
            split: session::Split::Train,
        };
        let instant = |at: i64| InstantMeta { segment: SegmentId::seam(0), exposure_ns: at, views: 1 };
        let take = DatasetTake {
            about,
            split,
            instants: (0..count).map(instant).collect(),
            sources: (0..count as u32).collect(),
            rows: (0..count as u32).map(|row| vec![Some(row)]).collect(),
        };
        Dataset {
            config: DataConfig { store_px: 32, ..DataConfig::default() },
            imported: None,
            takes: vec![take],
            pictures: (0..count as u32).map(|instant| PictureId { take: 0, instant, view: 0 }).collect(),
            pixels,
            joints_mm: Tensor::zeros([count, 17, 3], (Kind::Float, Device::Cpu)),
            joints_2d: Tensor::zeros([count, 17, 2], (Kind::Float, Device::Cpu)),
            frame_shares: vec![1.0; columns.len()],
            without_subject: 0,
        }
    }

    fn kept(split: Split, columns: &[i64], filter: MotionFilter) -> Vec<usize> {
        let moving = MovingInstants::of(&dataset(split, columns), filter).unwrap();
        (0..columns.len()).filter(|&instant| moving.contains(0, instant)).collect()
    }

    #[test]
    fn those_that_change_least_are_left_out() {
        // Changes of 2 columns (also for the first instant), 0, 1, 4, 0 and 3.
        let columns = [0, 2, 2, 3, 7, 7, 10];
        let filter = |share| MotionFilter::MaskDifference { share };
        assert_eq!(kept(Split::Train, &columns, filter(2.0 / 7.0)), [0, 1, 3, 4, 6]);
        assert_eq!(kept(Split::Train, &columns, filter(3.0 / 7.0)), [0, 1, 4, 6]);
        assert_eq!(kept(Split::Train, &columns, MotionFilter::None).len(), 7);
        assert_eq!(kept(Split::Train, &columns, MotionFilter::EveryFourth), [0, 1, 2, 4, 5, 6]);
    }

    #[test]
    fn takes_to_measure_on_keep_all() {
        let filter = MotionFilter::MaskDifference { share: 0.5 };
        assert_eq!(kept(Split::HeldOut, &[0, 0, 0, 9], filter), [0, 1, 2, 3]);
    }
}
