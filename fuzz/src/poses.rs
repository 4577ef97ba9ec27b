//! Files of poses, markers and calibrations.

use pose::{Labels, pose_file};
use virtual_studio::motion::Markers;

use crate::scratch;

/// A TRC file of markers.
pub fn trc(data: &[u8]) -> bool {
    scratch::file("markers.trc", data, |path| {
        let Ok(trc) = pose::trc::read(path) else { return false };
        assert!(trc.frames.is_sorted_by(|a, b| a.source_index < b.source_index));
        for frame in &trc.frames {
            assert_eq!(frame.markers_mm.len(), trc.names.len());
            assert!(frame.markers_mm.iter().flatten().flatten().all(|value| value.is_finite()));
        }
        if let Ok(markers) = Markers::load(path) {
            assert_eq!(markers.instants(), trc.frames.len());
            assert!(markers.rate_hz() > 0.0);
        }
        pose::trc::write(path, "again", &trc).expect("a temporary file");
        if trc.rate_hz > 0.0 && trc.frames.iter().all(|frame| frame.source_index < 1 << 31) {
            let again = pose::trc::read(path).expect("what was written reads");
            let indices =
                |trc: &pose::markers::Tracks| trc.frames.iter().map(|frame| frame.source_index).collect::<Vec<_>>();
            assert_eq!((&again.names, indices(&again)), (&trc.names, indices(&trc)));
        }
        true
    })
}

/// A C3D file of markers.
pub fn c3d(data: &[u8]) -> bool {
    scratch::file("markers.c3d", data, |path| {
        let Ok(read) = pose::markers::read(path, None) else { return false };
        let tracks = read.tracks;
        for frame in &tracks.frames {
            assert_eq!(frame.markers_mm.len(), tracks.names.len());
            assert!(frame.markers_mm.iter().flatten().flatten().all(|value| value.is_finite()));
        }
        if pose::c3d::write(path, &tracks).is_ok() && tracks.rate_hz as f32 > 0.0 && (tracks.rate_hz as f32).is_finite()
        {
            let again = pose::markers::read(path, None).expect("what was written reads").tracks;
            assert_eq!((again.names.len(), again.frames.len()), (tracks.names.len(), tracks.frames.len()));
        }
        true
    })
}

/// A calibration file in any known format.
pub fn calibration(data: &[u8]) -> bool {
    scratch::file("calibration", data, |path| {
        let Ok(cameras) = pose::calibration::read(path) else { return false };
        for camera in cameras {
            camera.project(camera.to_camera(nalgebra::Vector3::new(1.0, 2.0, 3.0)));
            assert!(camera.intrinsics.iter().all(|value| value.is_finite()));
            assert!(camera.size_px.iter().all(|side| *side > 0), "{:?}", camera.size_px);
        }
        true
    })
}

/// Poses to compare, or labels.
pub fn pose_files(data: &[u8]) -> bool {
    scratch::file("poses.json", data, |path| {
        let poses = pose_file::read(path);
        if let Ok(poses) = &poses {
            drop(pose::compare_files(path, path));
            pose_file::write(path, poses).expect("a temporary file");
            assert_eq!(&pose_file::read(path).expect("what was written reads"), poses);
        }
        std::fs::write(path, data).expect("a temporary file");
        let Ok(labels) = Labels::read(path) else { return poses.is_ok() };
        for camera in &labels.cameras {
            for frame in &camera.frames {
                assert!(camera.at(frame.source_index).is_some(), "a label is found by its index");
                assert!(frame.joints_mm.iter().flatten().chain(&frame.root_px).all(|value| value.is_finite()));
            }
        }
        true
    })
}
