//! The shipped firmware's logic behind a pseudo-terminal, with a clock, a line and faults of its own.

use std::ffi::CStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub struct SimulatedBox {
    /// Path of its device while it is plugged in.
    pub device: PathBuf,
    _folder: tempfile::TempDir,
    child: Child,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    pty: Mutex<Option<Pty>>,
    /// The host's monotonic times at which outputs went high since the box started.
    pulses: Mutex<Vec<i64>>,
    /// Number of answers still to be lost.
    lose: AtomicU32,
    silent: AtomicBool,
    /// Sends garbage before every second answer.
    garbage: AtomicBool,
    reboot: AtomicBool,
    ended: AtomicBool,
}

struct Pty {
    master: File,
    /// Kept open, so that the master can be read before the host opens it.
    _slave: File,
}

impl SimulatedBox {
    /// A box whose counter shows `first_ticks` now and is too fast by `drift_ppm`.
    pub fn start(first_ticks: u32, drift_ppm: f64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("ttyBOX");
        let mut child = Command::new(firmware())
            .args([first_ticks.to_string(), drift_ppm.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let shared = Arc::new(Shared::default());
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn({
            let shared = shared.clone();
            move || carry_up(&shared, stdin)
        });
        thread::spawn({
            let shared = shared.clone();
            move || carry_down(&shared, stdout)
        });
        thread::spawn({
            let shared = shared.clone();
            move || {
                for line in stderr.lines().map_while(Result::ok) {
                    let mut pulses = shared.pulses.lock().unwrap();
                    match line.split_once(' ').unwrap() {
                        ("pulse", ns) => pulses.push(ns.parse().unwrap()),
                        _ => pulses.clear(),
                    }
                }
            }
        });
        let simulated = Self { device, _folder: folder, child, shared };
        simulated.plug_in();
        simulated
    }

    pub fn path(&self) -> String {
        self.device.to_str().unwrap().to_owned()
    }

    pub fn plug_in(&self) {
        let (pty, name) = open_pty();
        symlink(name, &self.device).unwrap();
        *self.shared.pty.lock().unwrap() = Some(pty);
    }

    /// Removes the device; the box has its own power supply and keeps running.
    pub fn pull_cable(&self) {
        std::fs::remove_file(&self.device).unwrap();
        *self.shared.pty.lock().unwrap() = None;
    }

    pub fn reboot(&self) {
        self.shared.reboot.store(true, Relaxed);
        while self.shared.reboot.load(Relaxed) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn lose_answers(&self, answers: u32) {
        self.shared.lose.store(answers, Relaxed);
    }

    pub fn be_silent(&self, silent: bool) {
        self.shared.silent.store(silent, Relaxed);
    }

    pub fn send_garbage(&self) {
        self.shared.garbage.store(true, Relaxed);
    }

    /// Suspends the box for `time`.
    pub fn hang(&self, time: Duration) {
        let pid = self.child.id() as i32;
        // SAFETY: signals to a child that has not been waited for, so its pid is not reused.
        unsafe { libc::kill(pid, libc::SIGSTOP) };
        thread::sleep(time);
        unsafe { libc::kill(pid, libc::SIGCONT) };
    }

    /// When outputs went high since the box started.
    pub fn pulses(&self) -> Vec<i64> {
        self.shared.pulses.lock().unwrap().clone()
    }
}

impl Drop for SimulatedBox {
    fn drop(&mut self) {
        self.shared.ended.store(true, Relaxed);
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Carries bytes from host to box, with a delay of 0.1 to 0.5 ms.
fn carry_up(shared: &Shared, mut firmware: ChildStdin) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    while !shared.ended.load(Relaxed) {
        if shared.reboot.load(Relaxed) {
            firmware.write_all(&[1]).unwrap();
            shared.reboot.store(false, Relaxed);
        }
        let master = shared.pty.lock().unwrap().as_ref().map(|pty| pty.master.try_clone().unwrap());
        let Some(mut master) = master else {
            thread::sleep(Duration::from_millis(2));
            continue;
        };
        let mut poll = libc::pollfd { fd: master.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one descriptor, open for as long as `master` is.
        if unsafe { libc::poll(&raw mut poll, 1, 10) } != 1 {
            continue;
        }
        let mut bytes = [0; 256];
        let Ok(read) = master.read(&mut bytes) else { continue };
        thread::sleep(Duration::from_micros(rng.random_range(100..500)));
        if firmware.write_all(&bytes[..read]).is_err() {
            return;
        }
    }
}

/// Carries answers from box to host, with a delay of 0.1 to 0.5 ms, and 3 ms more one time in four.
fn carry_down(shared: &Shared, firmware: ChildStdout) {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for (index, line) in BufReader::new(firmware).lines().map_while(Result::ok).enumerate() {
        let late = if rng.random_bool(0.25) { 3000 } else { 0 };
        thread::sleep(Duration::from_micros(rng.random_range(100..500) + late));
        let lost = shared.lose.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
        if lost || shared.silent.load(Relaxed) {
            continue;
        }
        let mut sent = Vec::new();
        if shared.garbage.load(Relaxed) && index % 2 == 0 {
            sent.extend((0..rng.random_range(1..300)).map(|_| rng.random::<u8>()));
        }
        sent.extend(line.bytes());
        sent.push(b'\n');
        if let Some(pty) = &mut *shared.pty.lock().unwrap() {
            // Nobody reads it while the host is away.
            let _ = pty.master.write_all(&sent);
        }
    }
}

fn open_pty() -> (Pty, PathBuf) {
    let (mut master, mut slave) = (-1, -1);
    let mut name = [0; 128];
    // SAFETY: both descriptors and the name are written by a successful call alone; names of terminals are short.
    let opened = unsafe {
        libc::openpty(&raw mut master, &raw mut slave, name.as_mut_ptr(), std::ptr::null_mut(), std::ptr::null_mut())
    };
    assert_eq!(opened, 0, "no pseudo-terminal: {}", std::io::Error::last_os_error());
    // SAFETY: the descriptors are new and nobody else's; the name ends with 0.
    let (master, slave, name) = unsafe {
        (
            File::from_raw_fd(master),
            File::from_raw_fd(slave),
            CStr::from_ptr(name.as_ptr()).to_str().unwrap().to_owned(),
        )
    };
    (Pty { master, _slave: slave }, name.into())
}

/// Builds the firmware's logic as a native program.
fn firmware() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("box_on_stdio");
        let built = Command::new("c++")
            .args(["-std=c++11", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-I"])
            .arg(crate_folder.join("../trigger-box"))
            .arg(crate_folder.join("tests/trigger_box/box_on_stdio.cpp"))
            .arg("-o")
            .arg(&program)
            .status()
            .expect("a C++ compiler (build-essential)");
        assert!(built.success(), "the firmware's logic does not compile");
        program
    })
}
