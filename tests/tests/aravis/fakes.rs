//! Simulated GigE Vision cameras in a network namespace of the test.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use genlock_tests::binary;

const PROGRAM: &str = "arv-fake-gv-camera-0.8";
pub const CAMERAS: usize = 4;

/// Moves this thread, and all that it starts, into a network with only a loopback; false after printing that the test
/// is skipped.
pub fn own_network() -> bool {
    let why = match (Command::new(PROGRAM).arg("--help").stdout(Stdio::null()).status(), enter()) {
        (Err(_), _) => format!("no {PROGRAM}; `bash scripts/setup.sh --tests` installs it"),
        (Ok(_), Err(why)) => why,
        (Ok(_), Ok(())) => return true,
    };
    assert!(std::env::var_os("GENLOCK_NEEDS_CAMERAS").is_none(), "{why}");
    println!("skipped: {why}");
    false
}

fn enter() -> Result<(), String> {
    // SAFETY: affects only this thread.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
        let error = std::io::Error::last_os_error();
        return Err(format!("no network of its own ({error}); run the tests as root"));
    }
    let ip = |words: &str| {
        let done = Command::new("ip").args(words.split(' ')).status().map_err(|e| format!("ip: {e}"))?;
        if done.success() { Ok(()) } else { Err(format!("ip {words} failed")) }
    };
    ip("link set lo up")?;
    (1..CAMERAS).try_for_each(|camera| ip(&format!("addr add {}/8 dev lo", address(camera))))
}

pub fn address(camera: usize) -> String {
    format!("127.0.0.{}", camera + 1)
}

/// A program that is killed with the test.
pub struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        let running = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts"));
        std::thread::sleep(Duration::from_millis(500));
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One camera of the program that comes with Aravis.
pub fn plain(camera: usize) -> Running {
    Running::start(Command::new(PROGRAM).args(["-i", &address(camera), "-s", &format!("FC{camera:02}")]))
}

/// Four cameras that check for triggers every four milliseconds, and lose this share of their packets.
pub fn quick(lost_ratio: f64) -> Running {
    let addresses: Vec<_> = (0..CAMERAS).map(address).collect();
    Running::start(Command::new(binary("examples/fake-cameras")).args(["250", &lost_ratio.to_string()]).args(addresses))
}

/// A rig of the four cameras.
pub fn rig(folder: &Path, trigger: &str, more: &str) -> std::path::PathBuf {
    let mut rig = format!("version = 1\nname = \"fakes\"\n[trigger]\n{trigger}\n");
    for camera in 0..CAMERAS {
        // On the loopback a picture arrives at once.
        rig += &format!(
            "[[camera]]\nname = \"c{camera}\"\ndriver = \"aravis\"\nsource = \"{}\"\nwidth-px = 640\nheight-px = 480\n\
             format = \"mono8\"\nleast-delay-ms = 0.5\nleast-delay-uncertainty-ms = 1.0\n{more}",
            address(camera)
        );
    }
    let path = folder.join("rig.toml");
    std::fs::write(&path, rig).unwrap();
    path
}
