//! The crops of moments as pictures for a joint finder.

use std::time::Duration;

use subject::FinderPicture;
use transport::{FinderSet, FinderSetSource, FinderView, Moment, MomentSource, TransportError};

use crate::Mismatch;

/// Turns each moment of a source into a set of pictures, its crops. With a source of depth 1 that is always the newest.
pub struct Crops<S> {
    moments: S,
    /// Hash of the expected preprocessing.
    preprocessing: u64,
    /// Whether another preprocessing was reported.
    reported: bool,
}

impl<S> Crops<S> {
    /// Skips moments with another preprocessing than that of this hash; the first one gives an error.
    pub fn new(moments: S, preprocessing: u64) -> Self {
        Self { moments, preprocessing, reported: false }
    }
}

impl<S: MomentSource> FinderSetSource for Crops<S> {
    fn receive(&mut self, wait: Duration) -> Result<Option<FinderSet>, TransportError> {
        let Some(moment) = self.moments.receive(wait)?.map(|received| received.value) else { return Ok(None) };
        let fits = moment.preprocessing == self.preprocessing;
        if !fits && !std::mem::replace(&mut self.reported, true) {
            let [model, moment] = [self.preprocessing, moment.preprocessing].map(|hash| format!("{hash:016x}"));
            return Err(TransportError::Malformed(Mismatch::Preprocessing { model, moment }.to_string()));
        }
        Ok(fits.then(|| finder_set(&moment)))
    }
}

/// The crops of a moment as pictures for a joint finder.
pub(crate) fn finder_set(moment: &Moment) -> FinderSet {
    let view = |view: &transport::View| {
        let picture = FinderPicture::of_crop(view.samples.first()?, view.frame_px);
        Some(FinderView { camera: view.camera, exposure: view.exposure, picture })
    };
    let Moment { set, trigger, segment, exposure, source, .. } = *moment;
    let views = moment.views.iter().filter_map(view).collect();
    FinderSet { set, trigger, segment, exposure, source, views, unusable: moment.unusable.clone() }
}
