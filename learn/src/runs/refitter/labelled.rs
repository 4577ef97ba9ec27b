//! Joins labels with the crops of the moments that they belong to.

use std::collections::VecDeque;
use std::sync::Arc;

use frame_sync::pairs::{HoldOut, Side};
use pose::{JOINTS, Pose3d};
use subject::Sample;
use transport::{BodyLabels, Moment};

use crate::data::{LabelledSample, in_crop};

/// Moments that wait for their labels, which take inference less than a second.
const WAITING: usize = 300;
/// The memory of waiting moments, and of labelled pictures, of which the newest are kept: 8,000 of 64 pixels a side.
const MOST_BYTES: usize = 128 << 20;
/// Labels at most this far apart are of one stretch of people in view, in nanoseconds: while the own network serves, the
/// finder gives some once a second.
const STRETCH_NS: i64 = 3_000_000_000;
/// By more than this the size of the world changed, so that earlier labels have other lengths.
const SAME_SIZE: f64 = 0.01;

/// The labelled pictures to learn from.
pub struct Labelled {
    hold_out: HoldOut,
    moments: VecDeque<Moment>,
    /// Labels whose moments are still on their way. Those of sets without a moment are dropped in time.
    early: VecDeque<BodyLabels>,
    pictures: Vec<Arc<LabelledSample>>,
    /// Where the next picture goes once the store is full.
    oldest: usize,
    taken: u64,
    in_view_ns: i64,
    last_ns: Option<i64>,
    bones_mm: f64,
    /// How often the size of the world changed.
    sizes: u64,
    finder: String,
    geometry: String,
}

impl Labelled {
    pub fn new(hold_out: HoldOut) -> Self {
        Self {
            hold_out,
            moments: VecDeque::with_capacity(WAITING),
            early: VecDeque::with_capacity(WAITING),
            pictures: Vec::new(),
            oldest: 0,
            taken: 0,
            in_view_ns: 0,
            last_ns: None,
            bones_mm: 0.0,
            sizes: 0,
            finder: String::new(),
            geometry: String::new(),
        }
    }

    pub fn offer(&mut self, moment: &Moment) {
        let bytes: usize = moment.views.iter().flat_map(|view| &view.samples).map(bytes).sum();
        let most = (MOST_BYTES / bytes.max(1)).clamp(1, WAITING);
        while self.moments.len() >= most {
            self.moments.pop_front();
        }
        self.moments.push_back(moment.clone());
        if let Some(at) = self.early.iter().position(|labels| are_of(labels, moment))
            && let Some(labels) = self.early.remove(at)
        {
            self.label(&labels);
        }
    }

    /// Held-out instants and those beside them are not learned from.
    pub fn label(&mut self, labels: &BodyLabels) {
        let Some(moment) = self.moments.iter().rev().find(|moment| are_of(labels, moment)) else {
            if self.early.len() == WAITING {
                self.early.pop_front();
            }
            self.early.push_back(labels.clone());
            return;
        };
        if self.hold_out.side(moment.source, moment.exposure.ns) != Side::Train {
            return;
        }
        let pictures: Vec<_> = labels.views.iter().filter_map(|label| picture(moment, label)).map(Arc::new).collect();
        let at_ns = moment.exposure.ns;
        if pictures.is_empty() {
            return;
        }
        if (labels.bones_mm / self.bones_mm - 1.0).abs() > SAME_SIZE {
            self.pictures.clear();
            self.oldest = 0;
            self.sizes += 1;
        }
        self.bones_mm = labels.bones_mm;
        self.finder.clone_from(&labels.finder);
        self.geometry.clone_from(&labels.geometry_id);
        let since_ns = self.last_ns.replace(at_ns).map_or(0, |last_ns| at_ns - last_ns);
        self.in_view_ns += if (0..=STRETCH_NS).contains(&since_ns) { since_ns } else { 0 };
        for picture in pictures {
            self.taken += 1;
            let most = (MOST_BYTES / bytes(&picture.sample).max(1)).max(1);
            if self.pictures.len() < most {
                self.pictures.push(picture);
            } else {
                self.pictures[self.oldest] = picture;
                self.oldest = (self.oldest + 1) % self.pictures.len();
            }
        }
    }

    pub fn pictures(&self) -> &[Arc<LabelledSample>] {
        &self.pictures
    }

    /// Another number after the size of the world changed, and with it all pictures.
    pub fn size_number(&self) -> u64 {
        self.sizes
    }

    /// How many labelled pictures came so far.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Minutes of people in view that gave labels.
    pub fn minutes(&self) -> f64 {
        self.in_view_ns as f64 / 60e9
    }

    /// The finder and the geometry behind the newest labels.
    pub fn origin(&self) -> (String, String) {
        (self.finder.clone(), self.geometry.clone())
    }
}

/// The memory of a crop.
fn bytes(sample: &Sample) -> usize {
    sample.rgb.len() + sample.mask.len()
}

/// Whether labels and moment are of one instant.
fn are_of(labels: &BodyLabels, moment: &Moment) -> bool {
    labels.set_index == moment.set.0 && labels.exposure_ns == moment.exposure.ns
}

fn picture(moment: &Moment, label: &transport::BodyLabel) -> Option<LabelledSample> {
    let view = moment.views.iter().find(|view| view.camera.0 == label.camera)?;
    let sample = view.samples.first()?.clone();
    let pose: Pose3d = label.joints_mm.clone().try_into().ok()?;
    let px: [[f32; 2]; JOINTS] = label.joints_px.clone().try_into().ok()?;
    Some(LabelledSample {
        camera: label.camera,
        instant: u32::try_from(moment.set.0).unwrap_or(u32::MAX),
        source: moment.source,
        exposure_ns: moment.exposure.ns,
        joints_2d: px.map(|joint| in_crop(joint, &sample.region)),
        pose,
        sample,
    })
}
