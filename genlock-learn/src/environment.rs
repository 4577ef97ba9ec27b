//! Settings that must be made before libtorch's libraries are loaded, or before the first thread starts.

use std::os::unix::process::CommandExt;

use miette::{IntoDiagnostic, WrapErr};

/// Makes idle OpenMP threads sleep instead of spin, since capture needs the cores between two steps.
const WAIT_POLICY: (&str, &str) = ("OMP_WAIT_POLICY", "PASSIVE");

/// libgomp is linked in and reads its environment when it is loaded, so setting it here would be too late: the process
/// replaces itself once, with the variable set. A value that is already set is kept.
pub fn with_quiet_openmp() -> miette::Result<()> {
    if std::env::var_os(WAIT_POLICY.0).is_some() {
        return Ok(());
    }
    let this = std::env::current_exe().into_diagnostic().wrap_err("finding this program's own file")?;
    let failed =
        std::process::Command::new(this).args(std::env::args_os().skip(1)).env(WAIT_POLICY.0, WAIT_POLICY.1).exec();
    Err(failed).into_diagnostic().wrap_err("restarting this program with OMP_WAIT_POLICY set")
}

/// Gives capture and recording priority. Threads inherit this, so call it before any is started.
pub fn lower_priority() {
    const BY: i32 = 10;
    // SAFETY: no pointers; the call changes only the scheduling of this thread.
    let raised = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, BY) };
    if raised != 0 {
        tracing::warn!("cannot lower the priority: {}", std::io::Error::last_os_error());
    }
}
