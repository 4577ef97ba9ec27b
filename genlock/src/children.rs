//! The child processes that genlock starts, watches and stops. A crash of one loses no frame.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use session::{EventKind, EventSender};

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(30);
/// A child that ran at least this long is restarted without back-off.
const HEALTHY: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct ChildSpec {
    pub name: &'static str,
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

/// A child that is restarted, with back-off, until it is stopped.
pub struct Child {
    spec: ChildSpec,
    state: Arc<(Mutex<State>, Condvar)>,
    keeper: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    pid: Option<u32>,
    stopping: bool,
    ended: bool,
    restarts: u64,
}

fn lock(state: &(Mutex<State>, Condvar)) -> MutexGuard<'_, State> {
    state.0.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Child {
    pub fn start(spec: ChildSpec, events: EventSender) -> std::io::Result<Self> {
        let state = Arc::new((Mutex::new(State::default()), Condvar::new()));
        let keeper = {
            let (spec, state) = (spec.clone(), state.clone());
            std::thread::Builder::new()
                .name(format!("keep-{}", spec.name))
                .spawn(move || keep(&spec, &state, &events))?
        };
        Ok(Self { spec, state, keeper })
    }

    /// How often it was restarted.
    pub fn restarts(&self) -> u64 {
        lock(&self.state).restarts
    }

    /// Asks it to end, and kills it after `deadline`. True if it ended by itself.
    pub fn stop(self, deadline: Duration) -> bool {
        let until = Instant::now() + deadline;
        let mut state = lock(&self.state);
        state.stopping = true;
        self.state.1.notify_all();
        send(&state, libc::SIGTERM);
        let mut in_time = true;
        while !state.ended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::error!(name = self.spec.name, ?deadline, "did not end in time and was killed");
                in_time = false;
                send(&state, libc::SIGKILL);
                state = self.state.1.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                state = self.state.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        drop(state);
        self.keeper.join().is_ok() && in_time
    }
}

fn send(state: &State, signal: i32) {
    if let Some(pid) = state.pid {
        // SAFETY: the child has not been reaped while `pid` is set, so the id still belongs to it.
        unsafe { libc::kill(pid as i32, signal) };
    }
}

fn keep(spec: &ChildSpec, state: &(Mutex<State>, Condvar), events: &EventSender) {
    let mut retry_in = FIRST_RETRY;
    loop {
        let begun = Instant::now();
        let how = run_once(spec, state);
        let mut now = lock(state);
        if now.stopping {
            break;
        }
        if begun.elapsed() >= HEALTHY {
            retry_in = FIRST_RETRY;
        }
        tracing::error!(name = spec.name, how, ?retry_in, "a process ended and will be restarted");
        let text = format!("{} ended ({how}) and will be restarted in {retry_in:?}", spec.name);
        events.send(EventKind::ProcessDied, text);
        let until = Instant::now() + retry_in;
        while !now.stopping && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            now = state.1.wait_timeout(now, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if now.stopping {
            break;
        }
        now.restarts += 1;
        retry_in = (retry_in * 2).min(LAST_RETRY);
    }
    lock(state).ended = true;
    state.1.notify_all();
}

/// Runs the child to its end and says how it ended.
fn run_once(spec: &ChildSpec, state: &(Mutex<State>, Condvar)) -> String {
    let mut command = Command::new(&spec.program);
    command.args(&spec.arguments).stdin(Stdio::null());
    // In its own process group, so that Ctrl-C on the terminal reaches it only through us, in the order of shutdown.
    command.process_group(0);
    // SAFETY: between fork and exec only one async-signal-safe call is made.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
            Ok(())
        });
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return format!("cannot start {}: {error}", spec.program.display()),
    };
    let pid = child.id();
    {
        let mut state = lock(state);
        state.pid = Some(pid);
        if state.stopping {
            send(&state, libc::SIGTERM);
        }
    }
    wait_unreaped(pid);
    // Once reaped, the id may be reused for another process, so clear it first.
    lock(state).pid = None;
    match child.wait() {
        Ok(status) => describe(status),
        Err(error) => format!("cannot wait for it: {error}"),
    }
}

/// Blocks until the child has ended, without reaping it.
fn wait_unreaped(pid: u32) {
    loop {
        // SAFETY: `info` is plain data that the kernel fills; the child is ours.
        let done = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            libc::waitid(libc::P_PID, pid, &mut info, libc::WEXITED | libc::WNOWAIT)
        };
        if done == 0 || std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
            return;
        }
    }
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}
