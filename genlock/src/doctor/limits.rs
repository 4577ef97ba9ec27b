//! Limits of a process: locked memory, shared memory, open files.

use calibration_free_config::Rig;
use transport::POOL_BYTES;

use super::finding::Finding;
use super::host::{Host, free_bytes, megabytes};

/// Zenoh locks some pages besides the pool.
const BESIDE_POOL: u64 = 1 << 20;
const NEEDED: u64 = POOL_BYTES as u64 + BESIDE_POOL;
/// A process with this capability may lock memory without limit (`CAP_IPC_LOCK`).
const MAY_LOCK: u64 = 1 << 14;
/// A session with four cameras has 35 files open; device drivers and readers of the page need more.
const FILES: u64 = 128;
const FILES_PER_CAMERA: u64 = 16;
const BY_NETWORK: &str = "moments then go by loopback TCP, which costs more of the processor";

pub fn check(rig: &Rig, host: &Host) -> Vec<Finding> {
    let status = host.text("/proc/self/status").unwrap_or_default();
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let capabilities = capabilities.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0);
    let cameras = rig.cameras.iter().filter(|camera| camera.is_local()).count() as u64;
    vec![
        locked(host.limit("Max locked memory"), capabilities & MAY_LOCK != 0),
        shared(free_bytes(&host.path("/dev/shm"))),
        files(host.limit("Max open files"), cameras),
    ]
}

fn locked(limit: Option<u64>, unlimited: bool) -> Finding {
    const NAME: &str = "locked memory";
    match limit {
        _ if unlimited => Finding::ok(NAME, "this user locks without limit"),
        None => Finding::ok(NAME, "no limit"),
        Some(bytes) if bytes >= NEEDED => Finding::ok(NAME, format!("{} may be locked", megabytes(bytes as f64))),
        Some(bytes) => {
            let (has, needs) = (megabytes(bytes as f64), megabytes(NEEDED as f64));
            let found = format!("{has} may be locked, shared memory wants {needs}; {BY_NETWORK}");
            let remedy =
                "echo \"$USER - memlock 65536\" | sudo tee /etc/security/limits.d/genlock.conf   (then log in again)";
            Finding::warning(NAME, found, remedy)
        }
    }
}

fn shared(free: Option<u64>) -> Finding {
    const NAME: &str = "shared memory";
    match free {
        None => {
            Finding::warning(NAME, format!("there is no /dev/shm; {BY_NETWORK}"), "sudo mount -t tmpfs tmpfs /dev/shm")
        }
        Some(bytes) if bytes >= 2 * NEEDED => {
            Finding::ok(NAME, format!("{} free in /dev/shm", megabytes(bytes as f64)))
        }
        Some(bytes) => {
            let found =
                format!("{} free in /dev/shm, a session wants {}", megabytes(bytes as f64), megabytes(NEEDED as f64));
            Finding::warning(NAME, found, "sudo mount -o remount,size=1G /dev/shm   (of a container: --shm-size=1g)")
        }
    }
}

fn files(limit: Option<u64>, cameras: u64) -> Finding {
    const NAME: &str = "open files";
    let needed = FILES + FILES_PER_CAMERA * cameras;
    match limit {
        None => Finding::ok(NAME, "no limit"),
        Some(limit) if limit >= needed => Finding::ok(NAME, format!("{limit} may be open")),
        Some(limit) => {
            let found = format!("{limit} may be open, a session of {cameras} cameras may want {needed}");
            Finding::failure(NAME, found, format!("ulimit -n {}", needed.next_power_of_two().max(1024)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::State;
    use crate::doctor::tests::{machine, rig};

    #[test]
    fn limits_are_read_and_judged() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            64                   4096                 files\n\
                      Max locked memory         8388608              8388608              bytes\n";
        let (_folder, host) =
            machine(&[("proc/self/limits", limits), ("proc/self/status", "CapEff:\t0000000000000000")]);
        let findings = check(&rig("[[camera]]\nname = \"a\"\ndriver = \"simulated\"\n"), &host);
        let states: Vec<_> = findings.iter().map(|finding| finding.state).collect();
        // The other machine has no /dev/shm.
        assert_eq!(states, [State::Warning, State::Warning, State::Failure], "{findings:?}");
        assert!(findings[0].found.contains("8.4 MB may be locked"), "{findings:?}");
        assert_eq!(findings[2].remedy.as_deref(), Some("ulimit -n 1024"));
    }

    #[test]
    fn enough_is_enough() {
        assert_eq!(locked(Some(64 << 20), false).state, State::Ok);
        assert_eq!(locked(Some(8 << 20), true).state, State::Ok);
        assert_eq!(locked(None, false).state, State::Ok);
        assert_eq!(shared(Some(1 << 30)).state, State::Ok);
        assert_eq!(shared(Some(1 << 20)).state, State::Warning);
        assert_eq!(files(Some(1024), 4).state, State::Ok);
    }
}
