//! Pose files: `{"poses": [[[x, y, z] x 17] ...]}`, millimetres, root-relative.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::metrics::{Pose64, joint_errors64};
use crate::text_file::{parse_json, read_text, write_text};
use crate::{JOINTS, Metrics, Pose3d, PoseError};

#[derive(Deserialize)]
struct Wire {
    poses: Vec<Vec<Vec<f64>>>,
}

#[derive(Serialize)]
struct WireOut<'a> {
    poses: &'a [Pose3d],
}

/// The metrics of one pose file against another, pose by pose.
///
/// # Errors
/// If a file cannot be read or is not a pose file (the error names the pose and the joint), or as
/// [`compute_metrics`](crate::compute_metrics).
pub fn compare_files(prediction: &Path, truth: &Path) -> Result<Metrics, PoseError> {
    joint_errors64(&read64(prediction)?, &read64(truth)?).map(|errors| errors.metrics())
}

/// Reads the poses of a file.
///
/// # Errors
/// If it cannot be read or is not a pose file.
pub fn read(path: &Path) -> Result<Vec<Pose3d>, PoseError> {
    Ok(read64(path)?.into_iter().map(|pose| pose.map(|joint| joint.map(|value| value as f32))).collect())
}

/// Writes poses to a file, replacing it.
///
/// # Errors
/// If it cannot be written.
pub fn write(path: &Path, poses: &[Pose3d]) -> Result<(), PoseError> {
    let text = serde_json::to_string(&WireOut { poses }).map_err(|error| PoseError::file(path, error.to_string()))?;
    write_text(path, &text)
}

fn read64(path: &Path) -> Result<Vec<Pose64>, PoseError> {
    let wire: Wire = parse_json(path, &read_text(path)?)?;
    wire.poses.iter().enumerate().map(|(pose, joints)| whole_pose(path, pose, joints)).collect()
}

fn whole_pose(path: &Path, pose: usize, joints: &[Vec<f64>]) -> Result<Pose64, PoseError> {
    let mut whole = [[0.0; 3]; JOINTS];
    if joints.len() != JOINTS {
        let problem = format!("pose {pose} has {} joints instead of {JOINTS}", joints.len());
        return Err(PoseError::file(path, problem));
    }
    for (joint, (values, slot)) in joints.iter().zip(&mut whole).enumerate() {
        *slot = values.as_slice().try_into().map_err(|_| {
            let count = values.len();
            PoseError::file(path, format!("pose {pose}, joint {joint} has {count} coordinates instead of 3"))
        })?;
        if slot.iter().any(|value| value.abs() > f64::from(f32::MAX)) {
            return Err(PoseError::file(path, format!("pose {pose}, joint {joint} has a number that is too large")));
        }
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn file(dir: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn check_error(text: &str, expect: &str) {
        let dir = tempfile::tempdir().unwrap();
        let error = read(&file(&dir, "p.json", text)).unwrap_err().to_string();
        assert!(error.contains(expect), "{error:?} does not say {expect:?}");
    }

    #[test]
    fn a_written_file_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.json");
        let poses = vec![[[1.5, -2.25, 1e-3]; JOINTS], [[0.1; 3]; JOINTS]];
        write(&path, &poses).unwrap();
        assert_eq!(read(&path).unwrap(), poses);
    }

    #[test]
    fn files_compare_as_poses_do() {
        let dir = tempfile::tempdir().unwrap();
        let truth: Pose3d = std::array::from_fn(|j| [j as f32 * 10.0, (j * j) as f32, 0.0]);
        let prediction = truth.map(|[x, y, z]| [x, y, z + 3.0]);
        let (a, b) = (dir.path().join("a.json"), dir.path().join("b.json"));
        write(&a, &[prediction]).unwrap();
        write(&b, &[truth]).unwrap();
        let expect = crate::compute_metrics(&[prediction], &[truth]).unwrap();
        assert_eq!(compare_files(&a, &b).unwrap(), expect);
        assert!((expect.mpjpe17 - 3.0).abs() < 1e-12);
    }

    #[test]
    fn errors_name_pose_and_joint() {
        let whole = format!("[{}]", ["[0,0,0]"; JOINTS].join(","));
        check_error(&format!(r#"{{"poses": [{whole}, [[0,0,0]]]}}"#), "pose 1 has 1 joints instead of 17");
        let mut joints = ["[0,0,0]"; JOINTS];
        joints[4] = "[0,0]";
        check_error(&format!(r#"{{"poses": [[{}]]}}"#, joints.join(",")), "pose 0, joint 4 has 2 coordinates");
        joints[4] = "[0,null,0]";
        check_error(&format!(r#"{{"poses": [[{}]]}}"#, joints.join(",")), "poses[0][4][1]: invalid type: null");
        joints[4] = "[0,NaN,0]";
        check_error(&format!(r#"{{"poses": [[{}]]}}"#, joints.join(",")), "poses[0][4][1]: expected value at line 1");
        check_error(r#"{"frames": []}"#, "missing field `poses`");
        check_error("", "EOF");
        let missing = read(Path::new("no-such-file.json")).unwrap_err().to_string();
        assert_eq!(missing, "cannot read no-such-file.json");
    }
}
