//! ROS's message filters, if their development files are installed: a small program next to this file, compiled for the
//! run. Its publishers and subscribers are in one process, in which ROS passes messages by pointer.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::Outcome;
use crate::load::{Load, Yield};

const SOURCE: &str = include_str!("ros_sets.cpp");
const PACKAGES: [&str; 3] = ["message_filters", "roscpp", "sensor_msgs"];
/// The master's port, on loopback.
const PORT: u16 = 21311;

/// The compiled program, and ROS's master, which is stopped on drop.
pub struct Ros {
    folder: tempfile::TempDir,
    master: Child,
}

/// Starts both, or says why not.
pub fn prepare() -> Result<Ros, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let source = folder.path().join("ros_sets.cpp");
    std::fs::write(&source, SOURCE).map_err(|e| e.to_string())?;
    let flags = Command::new("pkg-config").args(["--cflags", "--libs"]).args(PACKAGES).output();
    let flags = flags.map_err(|e| format!("pkg-config: {e}"))?;
    if !flags.status.success() {
        return Err(
            "its development files are missing (libmessage-filters-dev, libroscpp-dev, libsensor-msgs-dev)".into()
        );
    }
    let flags = String::from_utf8_lossy(&flags.stdout).into_owned();
    let compiled = Command::new("c++")
        .args(["-O2", "-o"])
        .arg(folder.path().join("ros_sets"))
        .arg(&source)
        .args(flags.split_whitespace())
        .output()
        .map_err(|e| format!("c++: {e}"))?;
    if !compiled.status.success() {
        return Err(format!("it does not compile: {}", String::from_utf8_lossy(&compiled.stderr)));
    }
    let master = Command::new("rosmaster")
        .args(["--core", "-p", &PORT.to_string()])
        .envs(environment())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("rosmaster (python3-rosmaster): {e}"))?;
    std::thread::sleep(Duration::from_secs(2));
    Ok(Ros { folder, master })
}

fn environment() -> [(&'static str, String); 2] {
    [("ROS_MASTER_URI", format!("http://127.0.0.1:{PORT}")), ("ROS_IP", "127.0.0.1".into())]
}

impl Ros {
    pub fn run(&self, load: Load) -> Outcome<Yield> {
        let program: PathBuf = self.folder.path().join("ros_sets");
        let words = [load.width_px, load.height_px].map(|px| px.to_string());
        let output = Command::new(program)
            .args(words)
            .args([load.rate_hz, load.seconds, load.work.as_secs_f64()].map(|number| number.to_string()))
            .envs(environment())
            .env("ROS_HOME", self.folder.path())
            .output()?;
        if !output.status.success() {
            return Err(format!("ros_sets: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let said: Value = serde_json::from_slice(&output.stdout)?;
        let number = |key: &str| said[key].as_f64().unwrap_or_default();
        let latency_ms = said["latency_ms"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        Ok(Yield {
            latency_ms,
            made: number("made") as u64,
            used: number("used") as u64,
            // Full queues of publishers and subscribers drop messages without a report.
            counted_lost: 0,
            cpu_s: number("cpu_s"),
            resident_mb: (0.0, 0.0),
        })
    }
}

impl Drop for Ros {
    fn drop(&mut self) {
        let _ = self.master.kill();
        let _ = self.master.wait();
    }
}
