//! What is written to a take is read back, by this crate and by other MCAP readers.

mod common;

use common::{any_frame, assert_frame, frame, take_info};
use frame::{CameraId, LossReason};
use proptest::prelude::*;
use take::{Gap, TakeReader, TakeWriter, UNEXPLAINED, inspect};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the frames, and in whatever order cameras take turns, all come back as they were.
    #[test]
    fn frames_come_back(frames in proptest::collection::vec(any_frame(3), 0..40), finish: bool) {
        let parent = tempfile::tempdir().unwrap();
        let mut writer = TakeWriter::create(parent.path(), &take_info(3)).unwrap();
        let directory = writer.directory().to_owned();
        for (info, bytes) in &frames {
            writer.write_frame(info, bytes).unwrap();
        }
        if finish {
            prop_assert_eq!(writer.finish().unwrap().frames, frames.len() as u64);
        } else {
            drop(writer);
            let file = std::fs::read(directory.join("lab-one.mcap")).unwrap();
            prop_assert!(!file.ends_with(mcap::MAGIC), "an end that nobody wrote");
        }
        let take = TakeReader::open(&directory).unwrap();
        prop_assert_eq!(take.complete(), finish);
        prop_assert_eq!(take.torn(), &[]);
        for camera in 0..3 {
            let expected: Vec<_> = frames.iter().filter(|(info, _)| info.camera == CameraId(camera)).collect();
            prop_assert_eq!(take.len(CameraId(camera)), expected.len());
            for (index, frame) in expected.into_iter().enumerate().rev() {
                assert_frame(&take, camera, index, frame);
            }
        }
    }
}

#[test]
fn everything_beside_the_frames_comes_back() {
    let parent = tempfile::tempdir().unwrap();
    let info = take_info(2);
    let mut writer = TakeWriter::create(parent.path(), &info).unwrap();
    let gaps: Vec<Gap> = LossReason::ALL
        .into_iter()
        .map(|reason| Gap { camera: CameraId(1), reason, first_sequence: reason as u64 * 10, frames: 3, at_ns: 77 })
        .collect();
    for gap in &gaps {
        writer.write_gap(gap).unwrap();
    }
    writer.write_note(5, "camera-lost", "cam0: \"unplugged\"").unwrap();
    let poses = [r#"{"set_index": 0}"#, "", r#"{"set_index": 1}"#];
    for (at_ns, json) in (0..).zip(poses) {
        writer.write_poses(at_ns, json.as_bytes()).unwrap();
    }
    let summary = writer.finish().unwrap();
    assert_eq!(summary.lost, 3 * gaps.len() as u64);
    let take = TakeReader::open(&summary.directory).unwrap();
    assert_eq!(take.info(), &info);
    assert_eq!(take.gaps(), gaps);
    assert_eq!(take.notes().len(), 1);
    assert_eq!((take.notes()[0].at_ns, take.notes()[0].text.as_str()), (5, "cam0: \"unplugged\""));
    assert_eq!((take.pose_messages(), inspect(&summary.directory).unwrap().pose_messages), (3, 3));
    assert_eq!(take.poses().map(Result::unwrap).collect::<Vec<_>>(), poses.map(|json| json.as_bytes()));
    assert!(take.clocks().len() >= 2, "one reading at the start and one at the end");
    assert_eq!(std::fs::read_dir(&summary.directory).unwrap().count(), 2, "only take.toml and the recording remain");
}

#[test]
fn a_finished_recording_is_an_mcap_file_to_others() {
    let parent = tempfile::tempdir().unwrap();
    let mut writer = TakeWriter::create(parent.path(), &take_info(1)).unwrap();
    for sequence in 0..5 {
        let (info, bytes) = frame(0, sequence);
        writer.write_frame(&info, &bytes).unwrap();
    }
    let file = std::fs::read(writer.finish().unwrap().directory.join("lab-one.mcap")).unwrap();
    let messages: Vec<_> = mcap::MessageStream::new(&file).unwrap().map(Result::unwrap).collect();
    let of_camera: Vec<_> = messages.iter().filter(|message| message.channel.topic == "/camera/cam0").collect();
    assert_eq!(of_camera.iter().map(|message| message.sequence).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert!(of_camera[4].data.ends_with(&frame(0, 4).1));
    let statistics = mcap::Summary::read(&file).unwrap().unwrap().stats.unwrap();
    assert_eq!(statistics.message_count, messages.len() as u64);
}

#[test]
fn inspecting_tells_recorded_gaps_from_unexplained_holes() {
    let parent = tempfile::tempdir().unwrap();
    let mut writer = TakeWriter::create(parent.path(), &take_info(2)).unwrap();
    // 3..5 and 7 are missing; the recorder knows of 3 and 4, and of 10 and 11 that came after the end.
    for sequence in [0, 1, 2, 6, 8, 9] {
        let (info, bytes) = frame(0, sequence);
        writer.write_frame(&info, &bytes).unwrap();
    }
    for (first_sequence, reason) in [(3, LossReason::RecorderQuota), (10, LossReason::Shutdown)] {
        writer.write_gap(&Gap { camera: CameraId(0), reason, first_sequence, frames: 2, at_ns: 1 }).unwrap();
    }
    let directory = writer.finish().unwrap().directory;
    let inspection = inspect(&directory).unwrap();
    let camera = &inspection.cameras[0];
    let gaps: Vec<_> = camera.gaps.iter().map(|gap| (gap.reason.as_str(), gap.first_sequence, gap.frames)).collect();
    assert_eq!(gaps, [("recorder-quota", 3, 2), (UNEXPLAINED, 5, 1), (UNEXPLAINED, 7, 1), ("shutdown", 10, 2)]);
    assert_eq!((camera.frames, camera.first_trigger, camera.last_trigger), (6, Some(0), Some(9)));
    assert_eq!((camera.width_px, camera.height_px, camera.segments), (640, 480, 1));
    assert!((inspection.duration_s - 9.0 / 60.0).abs() < 1e-6);
    let silent = &inspection.cameras[1];
    assert_eq!((silent.frames, silent.first_trigger, silent.gaps.len()), (0, None, 0));
    assert!(inspection.complete);
}

#[test]
fn takes_of_the_same_second_have_folders_of_their_own() {
    let parent = tempfile::tempdir().unwrap();
    let mut writers: Vec<_> = (0..5).map(|_| TakeWriter::create(parent.path(), &take_info(1)).unwrap()).collect();
    for (sequence, writer) in writers.iter_mut().enumerate() {
        let (info, bytes) = frame(0, sequence as u64);
        writer.write_frame(&info, &bytes).unwrap();
    }
    for (sequence, writer) in writers.into_iter().enumerate() {
        let take = TakeReader::open(writer.finish().unwrap().directory).unwrap();
        assert_eq!(take.len(CameraId(0)), 1);
        assert_frame(&take, 0, 0, &frame(0, sequence as u64));
    }
}
