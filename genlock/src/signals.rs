//! Signals that end a session.

use crossbeam::channel::{Receiver, bounded};
use miette::IntoDiagnostic;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

/// The runtime that serves signals and the page.
pub fn runtime() -> miette::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().into_diagnostic()
}

/// The first Ctrl-C or SIGTERM ends the session normally; the second exits at once.
pub fn listen(runtime: &Runtime) -> miette::Result<Receiver<()>> {
    let (asked, stop) = bounded(1);
    let _guard = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt()).into_diagnostic()?;
    let mut terminate = signal(SignalKind::terminate()).into_diagnostic()?;
    runtime.spawn(async move {
        let mut again = false;
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if std::mem::replace(&mut again, true) {
                std::process::exit(130);
            }
            // Capacity one, and this is the first message.
            let _ = asked.try_send(());
        }
    });
    Ok(stop)
}
