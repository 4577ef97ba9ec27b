//! Training in several processes: who this one is among them, by torchrun's environment, and starting all of one host.

use std::env;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic, WrapErr, bail, miette};
use model::{Meeting, Processes};

use crate::stop;

/// How long the others may take to end by themselves when one has failed.
const GRACE: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(50);

#[derive(clap::Args)]
pub struct Args {
    /// Train in so many processes of this machine, which share each batch. The batch must divide among them. The
    /// environment of torchrun (`RANK`, `WORLD_SIZE`, `MASTER_ADDR`, `MASTER_PORT`) does the same with processes that
    /// something else starts.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    processes: Option<u32>,
    /// How long a process waits for the others, in seconds, when they meet and in each exchange.
    #[arg(long, value_name = "S", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    process_patience_s: u64,
}

impl Args {
    /// Starts the processes that were asked for and waits for their end; `false` where this process is to train itself.
    ///
    /// # Errors
    /// If a process fails, or the environment says that something else starts processes.
    pub fn launch(&self) -> miette::Result<bool> {
        match self.processes {
            None | Some(1) => Ok(false),
            Some(_) if Place::of_environment()?.is_some() => {
                bail!("`--processes` starts the processes itself: leave it or RANK and WORLD_SIZE out")
            }
            Some(size) => launch(size).map(|()| true),
        }
    }

    /// Joins the others, where the environment says that there are any. Call it before anything else of libtorch, but
    /// after [`stop::watch`], since it starts threads.
    ///
    /// # Errors
    /// If the environment is incomplete, or the processes do not meet.
    pub fn join(&self) -> miette::Result<()> {
        match Place::of_environment()? {
            None => Ok(()),
            Some(place) => place.join(Duration::from_secs(self.process_patience_s)),
        }
    }
}

/// What torchrun's environment says.
struct Place {
    processes: Processes,
    local_rank: usize,
    host: String,
    port: u16,
    serves: bool,
}

impl Place {
    /// `None` without `WORLD_SIZE`, or where it is 1.
    fn of_environment() -> miette::Result<Option<Self>> {
        let Ok(size) = env::var("WORLD_SIZE") else { return Ok(None) };
        let size = number("WORLD_SIZE", &size)?;
        if size <= 1 {
            return Ok(None);
        }
        let value = |name: &str| {
            env::var(name).map_err(|_| {
                miette!(
                    "WORLD_SIZE is {size}, but {name} is not set: start with torchrun, or with `--processes {size}`"
                )
            })
        };
        let rank = number("RANK", &value("RANK")?)?;
        // torchrun serves the meeting itself where it says so.
        let served = env::var("TORCHELASTIC_USE_AGENT_STORE").is_ok_and(|word| word == "True");
        Ok(Some(Self {
            processes: Processes { rank, size },
            local_rank: env::var("LOCAL_RANK").map_or(Ok(rank), |word| number("LOCAL_RANK", &word))? as usize,
            host: value("MASTER_ADDR")?,
            port: number("MASTER_PORT", &value("MASTER_PORT")?)?,
            serves: rank == 0 && !served,
        }))
    }

    fn join(self, patience: Duration) -> miette::Result<()> {
        model::start_on(self.local_rank);
        let Self { processes, host, port, serves, .. } = self;
        let joined = processes.join(&Meeting { host, port, serves, patience }).into_diagnostic()?;
        if joined.rank > 0 {
            // All would say the same.
            silence().into_diagnostic().wrap_err("closing standard output")?;
        }
        Ok(())
    }
}

fn number<T: std::str::FromStr>(name: &str, word: &str) -> miette::Result<T> {
    word.parse().map_err(|_| miette!("{name} is {word:?}, which is not a number that can be used"))
}

fn silence() -> std::io::Result<()> {
    let nowhere = std::fs::File::options().write(true).open("/dev/null")?;
    // SAFETY: both descriptors are open.
    let done = unsafe { libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&nowhere), libc::STDOUT_FILENO) };
    if done < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}

/// This very command in `size` processes, which meet on the loopback device.
fn launch(size: u32) -> miette::Result<()> {
    let stopped = stop::watch(false)?.in_order();
    let program = env::current_exe().into_diagnostic()?;
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).into_diagnostic()?.port();
    let words = without_processes(env::args_os().skip(1));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut children = Vec::new();
    for rank in 0..size {
        let mut command = Command::new(&program);
        command.args(&words).stdin(Stdio::null()).process_group(0);
        let values = [
            ("RANK", rank.to_string()),
            ("LOCAL_RANK", rank.to_string()),
            ("WORLD_SIZE", size.to_string()),
            ("MASTER_ADDR", "127.0.0.1".to_owned()),
            ("MASTER_PORT", port.to_string()),
        ];
        command.envs(values).env_remove("TORCHELASTIC_USE_AGENT_STORE");
        if env::var_os("OMP_NUM_THREADS").is_none() {
            command.env("OMP_NUM_THREADS", (cores / size as usize).max(1).to_string());
        }
        // SAFETY: prctl is async-signal-safe.
        unsafe {
            command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            });
        }
        let child = command.spawn().into_diagnostic().wrap_err("starting a process of the training");
        match child {
            Ok(child) => children.push(Member { rank, child, ended: None }),
            Err(error) => {
                children.iter_mut().for_each(Member::kill);
                return Err(error);
            }
        }
    }
    let mut failed: Option<(String, Instant)> = None;
    loop {
        for member in &mut children {
            if let (Some(status), None) = (member.look().into_diagnostic()?, &failed)
                && !status.success()
            {
                failed = Some((format!("process {} of {size} ended: {status}", member.rank), Instant::now()));
            }
        }
        if children.iter().all(|member| member.ended.is_some()) {
            break;
        }
        if failed.as_ref().is_some_and(|(_, since)| since.elapsed() > GRACE) {
            children.iter_mut().for_each(Member::kill);
        }
        if stopped.recv_timeout(LOOK).is_ok() {
            children.iter().for_each(Member::ask_to_end);
        }
    }
    match failed {
        None => Ok(()),
        Some((what, _)) => {
            bail!("{what}; the others were ended, too. The same command goes on from the last checkpoint.")
        }
    }
}

/// The words of the command line without `--processes N`.
fn without_processes(words: impl Iterator<Item = std::ffi::OsString>) -> Vec<std::ffi::OsString> {
    let mut kept = Vec::new();
    let mut words = words;
    while let Some(word) = words.next() {
        if word == "--processes" {
            words.next();
        } else if !word.to_string_lossy().starts_with("--processes=") {
            kept.push(word);
        }
    }
    kept
}

struct Member {
    rank: u32,
    child: Child,
    ended: Option<ExitStatus>,
}

impl Member {
    /// How it ended, if it has.
    fn look(&mut self) -> std::io::Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        Ok(self.ended)
    }

    fn ask_to_end(&self) {
        if self.ended.is_none() {
            // SAFETY: a child that was not waited for, so its number is still its own.
            unsafe { libc::kill(self.child.id() as i32, libc::SIGTERM) };
        }
    }

    fn kill(&mut self) {
        if self.ended.is_none() {
            // It may have ended just now.
            let _ = self.child.kill();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processes_get_the_same_words_without_the_number_of_processes() {
        let words = |text: &str| without_processes(text.split(' ').map(Into::into));
        assert_eq!(words("train --processes 2 --out x"), ["train", "--out", "x"]);
        assert_eq!(words("train --out x --processes=2"), ["train", "--out", "x"]);
    }
}
