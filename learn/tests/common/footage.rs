//! Moments of real footage, from a take that was recorded of it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::Path;

use frame::{CameraId, FrameInfo, SetIndex};
use subject::{CropOutcome, Preprocessing, SubjectCropper};
use take::TakeReader;
use transport::{Moment, View};

/// Names a take of real footage: one loop of it is read.
const TAKE: &str = "GENLOCK_FOOTAGE_TAKE";

/// The instants of the take that `GENLOCK_FOOTAGE_TAKE` names, cropped to `crop_px`, in order; `None`, with a word on
/// it, when it is unset.
pub fn load_instants(crop_px: u16) -> Option<Vec<Moment>> {
    let Some(directory) = std::env::var_os(TAKE) else {
        println!("skipped: {TAKE} names no take of real footage");
        return None;
    };
    Some(moments(Path::new(&directory), crop_px))
}

fn moments(directory: &Path, crop_px: u16) -> Vec<Moment> {
    let take = TakeReader::open(directory).unwrap();
    let settings = Preprocessing::with_crop_px(crop_px);
    let mut instants: BTreeMap<u32, (FrameInfo, Vec<View>)> = BTreeMap::new();
    for camera in (0..take.cameras().len()).map(|camera| CameraId(camera as u16)) {
        let frames = first_loop(&take, camera);
        let mut cropper = SubjectCropper::with_background_from(&settings, frames.iter().step_by(4).cloned()).unwrap();
        for (info, bytes) in &frames {
            if let CropOutcome::Sample(sample) = cropper.process(info, bytes).unwrap() {
                let position = info.source.expect("replayed footage says where a frame stands").index;
                let (exposure, frame_px) = (info.exposure, info.picture.size_px());
                let view = View { camera, exposure, frame_px, samples: vec![sample] };
                instants.entry(position).or_insert_with(|| (*info, Vec::new())).1.push(view);
            }
        }
    }
    let moment = |(info, views): (FrameInfo, Vec<View>)| Moment {
        set: SetIndex(info.sequence),
        trigger: info.trigger,
        segment: info.segment,
        exposure: info.exposure,
        arrival_ns: info.arrival_ns,
        source: info.source,
        preprocessing: settings.hash(),
        views,
        unusable: vec![],
    };
    instants.into_values().map(moment).collect()
}

/// The frames of a camera's first segment: later loops show the same.
fn first_loop(take: &TakeReader, camera: CameraId) -> Vec<(FrameInfo, Vec<u8>)> {
    let frames = (0..take.len(camera)).map(|index| take.read(camera, index).unwrap());
    let mut segment = None;
    frames.take_while(|(info, _)| *segment.get_or_insert(info.segment) == info.segment).collect()
}
