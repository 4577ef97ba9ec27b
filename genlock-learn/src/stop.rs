//! Detects when to stop: on SIGINT or SIGTERM, or when the parent process ended.

use std::fmt;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam::channel::{Receiver, bounded};
use miette::{IntoDiagnostic, WrapErr};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Signal,
    ParentGone,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signal => "asked to stop",
            Self::ParentGone => "the parent process ended",
        })
    }
}

/// Watches for a reason to stop from the start on.
pub struct Watch {
    stopped: Receiver<Stop>,
    in_order: Arc<AtomicBool>,
}

impl Watch {
    /// Call it at the end of the start-up. From here on, the first reason to stop gives one message, and only a second
    /// signal exits at once. Before, any reason did.
    pub fn in_order(self) -> Receiver<Stop> {
        self.in_order.store(true, Ordering::Release);
        self.stopped
    }
}

/// Call it before any thread is started, since threads inherit the blocked signals.
pub fn watch(follow_parent: bool) -> miette::Result<Watch> {
    let signals = blocked_signals().into_diagnostic().wrap_err("waiting for signals")?;
    let parent = if follow_parent { parent_handle() } else { None };
    let (stop, stopped) = bounded(1);
    let in_order = Arc::new(AtomicBool::new(false));
    let watch = Watch { stopped, in_order: in_order.clone() };
    std::thread::Builder::new()
        .name("stop".into())
        .spawn(move || {
            let mut asked = false;
            let mut parent = parent;
            while let Ok(reason) = next(&signals, parent.as_ref()) {
                if !in_order.load(Ordering::Acquire) {
                    tracing::info!("ended during the start: {reason}");
                    // SAFETY: nothing is lost yet; libtorch's destructors must not run beside a thread that uses it.
                    unsafe { libc::_exit(0) };
                }
                if reason == Stop::ParentGone {
                    parent = None;
                } else if std::mem::replace(&mut asked, true) {
                    std::process::exit(130);
                }
                // If the channel is full, the first reason is kept.
                let _ = stop.try_send(reason);
            }
        })
        .into_diagnostic()?;
    Ok(watch)
}

fn blocked_signals() -> std::io::Result<OwnedFd> {
    // SAFETY: `set` is initialised by sigemptyset before use; signalfd's result is checked before taking ownership.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGINT);
        libc::sigaddset(&mut set, libc::SIGTERM);
        if libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()) != 0 {
            return Err(std::io::Error::last_os_error());
        }
        owned(libc::signalfd(-1, &set, libc::SFD_CLOEXEC))
    }
}

/// A handle that becomes readable when the parent exits; `None` if the kernel does not support it.
fn parent_handle() -> Option<OwnedFd> {
    // SAFETY: neither call takes a pointer; the result is checked before taking ownership.
    let handle = unsafe { owned(libc::syscall(libc::SYS_pidfd_open, libc::getppid(), 0) as i32) };
    handle.inspect_err(|e| tracing::warn!("cannot watch the parent process: {e}")).ok()
}

/// # Safety
/// `fd` is negative, or open and not owned elsewhere.
unsafe fn owned(fd: i32) -> std::io::Result<OwnedFd> {
    if fd < 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: guaranteed by this function's contract.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn next(signals: &OwnedFd, parent: Option<&OwnedFd>) -> std::io::Result<Stop> {
    loop {
        let readable = |fd: Option<&OwnedFd>| libc::pollfd {
            // poll skips entries whose descriptor is negative.
            fd: fd.map_or(-1, AsRawFd::as_raw_fd),
            events: libc::POLLIN,
            revents: 0,
        };
        let mut polled = [readable(Some(signals)), readable(parent)];
        // SAFETY: the array outlives the call and has the length that is passed.
        if unsafe { libc::poll(polled.as_mut_ptr(), 2, -1) } < 0 {
            let e = std::io::Error::last_os_error();
            if e.kind() == std::io::ErrorKind::Interrupted {
                continue;
            }
            return Err(e);
        }
        if polled[0].revents != 0 {
            let mut info = [0u8; size_of::<libc::signalfd_siginfo>()];
            // SAFETY: the buffer has the size that signalfd writes.
            if unsafe { libc::read(signals.as_raw_fd(), info.as_mut_ptr().cast(), info.len()) } < 0 {
                return Err(std::io::Error::last_os_error());
            }
            return Ok(Stop::Signal);
        }
        if polled[1].revents != 0 {
            return Ok(Stop::ParentGone);
        }
    }
}
