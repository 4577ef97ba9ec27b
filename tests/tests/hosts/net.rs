//! Two hosts on one machine: network namespaces with a cable between them, and clocks that differ.

use std::process::{Child, Command, Stdio};

use genlock_tests::genlock;

/// Where the first host listens.
pub const FIRST: &str = "10.77.0.1:7448";
/// How far the second host's monotonic clock is ahead.
pub const AHEAD_NS: i64 = 1_000_000_000_000;

/// The first host uses this thread's network, the second one that of a process.
pub struct Hosts(Child);

impl Hosts {
    /// `None`, after printing why, if the tests may not create networks.
    pub fn new() -> Option<Self> {
        match Self::open() {
            Ok(hosts) => Some(hosts),
            Err(why) => {
                assert!(std::env::var_os("GENLOCK_NEEDS_CAMERAS").is_none(), "{why}");
                println!("skipped: {why}");
                None
            }
        }
    }

    fn open() -> Result<Self, String> {
        // SAFETY: affects only this thread.
        if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
            let error = std::io::Error::last_os_error();
            return Err(format!("no network of its own ({error}); run the tests as root"));
        }
        let second = Command::new("unshare")
            .args(["--net", "--time", "--monotonic", &(AHEAD_NS / 1_000_000_000).to_string(), "sleep", "infinity"])
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("unshare: {error}"))?;
        let hosts = Self(second);
        hosts.wait_for_the_second()?;
        let id = hosts.0.id();
        ip("link set lo up")?;
        ip(&format!("link add first type veth peer name second netns {id}"))?;
        ip("addr add 10.77.0.1/24 dev first")?;
        ip("link set first up")?;
        for words in ["link set lo up", "addr add 10.77.0.2/24 dev second", "link set second up"] {
            let mut command = hosts.on_second("ip");
            command.args(words.split(' '));
            done(command)?;
        }
        Ok(hosts)
    }

    /// Its network and clocks exist once the program that `unshare` starts is running.
    fn wait_for_the_second(&self) -> Result<(), String> {
        let name = format!("/proc/{}/comm", self.0.id());
        for _ in 0..100 {
            if std::fs::read_to_string(&name).is_ok_and(|comm| comm.trim() == "sleep") {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Err("no host with a clock of its own; it takes root and a kernel with time namespaces".into())
    }

    /// A program on the second host. Killing it leaves nothing behind, since `nsenter` replaces itself by it.
    fn on_second(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.0.id().to_string(), "--net", "--time", "--no-fork", program]);
        command
    }

    pub fn genlock_on_second(&self) -> Command {
        self.on_second(genlock([""; 0]).get_program().to_str().expect("a path in UTF-8"))
    }

    pub fn cable(&self, plugged: bool) {
        ip(&format!("link set first {}", if plugged { "up" } else { "down" })).expect("the cable is there");
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ip(words: &str) -> Result<(), String> {
    let mut command = Command::new("ip");
    command.args(words.split(' '));
    done(command)
}

fn done(mut command: Command) -> Result<(), String> {
    let done = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if done.success() { Ok(()) } else { Err(format!("{command:?} failed")) }
}
