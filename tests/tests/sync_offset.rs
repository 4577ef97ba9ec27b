//! `genlock sync-offset` finds the offsets of shifted recordings, in takes and in videos.

use std::path::{Path, PathBuf};

use frame::{CameraId, SegmentId, TriggerIndex};
use genlock_tests::{fail, genlock, succeed, take_and_finder, test_data};
use serde_json::Value;
use take::{TakeInfo, TakeReader, TakeWriter};

fn offsets(source: &Path, finder: &Path) -> Value {
    let mut command = genlock(["sync-offset"]);
    command.arg(source).args(["--json", "--most-s", "0.5"]).env("GENLOCK_FINDER", finder);
    serde_json::from_str(&succeed(&mut command)).unwrap()
}

/// One loop of the footage, with cameras that began to record `late` frames later.
fn shifted(take: &Path, parent: &Path, late: &[u32]) -> PathBuf {
    let take = TakeReader::open(take).unwrap();
    let info = TakeInfo { cameras: take.cameras().to_vec(), source_rate_hz: None, ..take.info().clone() };
    let mut writer = TakeWriter::create(parent, &info).unwrap();
    for (camera, &late) in late.iter().enumerate() {
        let id = CameraId(camera as u16);
        let mut written = std::collections::BTreeSet::new();
        let mut frames: Vec<(u32, usize)> = (0..take.len(id))
            .filter_map(|index| Some((take.frame_info(id, index)?.source?.index, index)))
            .filter(|&(source, _)| source >= late && written.insert(source))
            .collect();
        frames.sort_unstable();
        for (source, index) in frames {
            let (mut info, bytes) = take.read(id, index).unwrap();
            let number = u64::from(source - late);
            info.sequence = number;
            info.segment = SegmentId::seam(0);
            info.trigger = TriggerIndex::Certain(number);
            info.exposure.ns = (number as f64 * 1e9 / 60.0) as i64;
            info.arrival_ns = info.exposure.ns;
            info.source = None;
            writer.write_frame(&info, &bytes).unwrap();
        }
    }
    writer.finish().unwrap().directory
}

#[test]
fn shifts_of_takes_and_of_videos_are_found() {
    let (Some((take, finder)), Some(data)) = (take_and_finder(), test_data()) else { return };
    let videos = data.join("pose2sim_single/videos");
    let folder = tempfile::tempdir().unwrap();
    let shifts: [[u32; 4]; 3] = [[0, 7, 0, 0], [0, 0, 12, 3], [5, 0, 11, 2]];
    let shifted = shifts.map(|late| {
        let parent = folder.path().join(format!("{late:?}"));
        std::fs::create_dir(&parent).unwrap();
        shifted(&take, &parent, &late)
    });
    // Beside each other, since one does not use every core all the time.
    let (own, found) = std::thread::scope(|scope| {
        let finder = &finder;
        let searches = shifted.each_ref().map(|take| scope.spawn(move || offsets(take, finder)));
        (offsets(&videos, finder), searches.map(|search| search.join().unwrap()))
    });
    // The take itself: its cameras are synchronised except for the footage's own offsets.
    let frames = |offsets: &Value, camera: &str| offsets["offset_frames"][camera].as_f64().unwrap();
    for camera in ["cam01", "cam02", "cam03", "cam04"] {
        assert!(frames(&own, camera).abs() < 1.5, "{own}");
    }
    let mut errors = Vec::new();
    for (late, found) in shifts.iter().zip(&found) {
        println!("{late:?}: {found}");
        for (camera, at) in [("cam02", 1), ("cam03", 2), ("cam04", 3)] {
            // Frame n of a camera that begins later shows a later time, so its offset is smaller.
            let made = f64::from(late[0]) - f64::from(late[at]);
            errors.push((frames(found, camera) - frames(&own, camera) - made).abs());
        }
    }
    errors.sort_by(f64::total_cmp);
    println!("errors in frames: {errors:?}");
    assert!(errors[errors.len() / 2] <= 0.3, "{errors:?}");
    assert!(errors[errors.len() - 1] < 1.5, "{errors:?}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = fail(genlock(["sync-offset"]).arg(folder.path()));
    assert!(error.contains("there is no video in"), "{error}");
    for name in ["one.mp4", "two.mp4"] {
        std::fs::write(folder.path().join(name), "no video").unwrap();
    }
    let error = fail(genlock(["sync-offset"]).arg(folder.path()));
    assert!(error.contains("one.mp4") && error.contains("two.mp4"), "{error}");
}
