//! A child process that sends things through its standard output.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use frame::Problem;

/// Things read ahead; then the pipe fills and the child waits.
const AHEAD: usize = 4;
/// Lines kept of what the child says: the first, which name the cause, and the last.
const FIRST_LINES: usize = 3;
const LAST_LINES: usize = 2;
/// How long to wait for the last words of a child that has ended. Its own children may keep the pipe open.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A running child that sends `T`s. It is killed when this is dropped.
pub struct Stream<T> {
    program: PathBuf,
    child: Child,
    received: Receiver<T>,
    words: Arc<Mutex<Words>>,
    listener: JoinHandle<()>,
    silence: Duration,
}

/// How a stream ended.
pub struct End {
    /// Whether the child succeeded.
    pub success: bool,
    /// What it said, in one line; may be empty.
    pub words: String,
}

impl<T: Send + 'static> Stream<T> {
    /// Starts `program`; `read` turns its output into `T`s in a thread of its own, until the output ends or nobody
    /// receives any more.
    pub fn start(
        program: &Path,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        silence: Duration,
        read: impl FnOnce(BufReader<ChildStdout>, &SyncSender<T>) -> io::Result<()> + Send + 'static,
    ) -> Result<Self, Problem> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| not_started(program, &error))?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Problem::new(format!("{} has no output", program.display())));
        };
        let (sender, received) = sync_channel(AHEAD);
        thread::spawn(move || {
            // An output that ends early is told from a whole one by what came of it.
            let _ = read(BufReader::with_capacity(1 << 16, stdout), &sender);
        });
        let words = Arc::new(Mutex::new(Words::default()));
        let kept = words.clone();
        let listener = thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).add(&String::from_utf8_lossy(&line));
            }
        });
        Ok(Self { program: program.to_owned(), child, received, words, listener, silence })
    }

    /// The next one; `None` after the last.
    pub fn next(&mut self) -> Result<Option<T>, Problem> {
        match self.received.recv_timeout(self.silence) {
            Ok(received) => Ok(Some(received)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => Err(self.silent()),
        }
    }

    /// Waits for the end of a child whose output has ended.
    pub fn end(mut self) -> Result<End, Problem> {
        let until = Instant::now() + self.silence;
        let status: ExitStatus = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() > until => return Err(self.silent()),
                Ok(None) => thread::sleep(Duration::from_millis(2)),
                Err(error) => return Err(Problem::new(format!("{}: {error}", self.program.display()))),
            }
        };
        let until = Instant::now() + LAST_WORDS;
        while !self.listener.is_finished() && Instant::now() < until {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(End { success: status.success(), words: self.words() })
    }

    fn words(&self) -> String {
        self.words.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).line()
    }

    fn silent(&mut self) -> Problem {
        // It may have ended by itself just now.
        let _ = self.child.kill();
        let words = self.words();
        let said = if words.is_empty() { String::new() } else { format!("; it said: {words}") };
        Problem::with_remedy(
            format!("{} gave nothing for {:.0?} and was ended{said}", self.program.display(), self.silence),
            "copy the video to a disk of this machine, and check that it plays",
        )
    }
}

impl<T> Drop for Stream<T> {
    fn drop(&mut self) {
        // Nothing is left to do if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn not_started(program: &Path, error: &io::Error) -> Problem {
    let what = format!("{} cannot be started: {error}", program.display());
    let remedy = match error.kind() {
        ErrorKind::NotFound => "install the Debian package ffmpeg, as `make setup` does",
        _ => "check that the program is whole and may be run",
    };
    Problem::with_remedy(what, remedy)
}

/// What a child said, shortened.
#[derive(Default)]
struct Words {
    first: Vec<String>,
    last: VecDeque<String>,
    between: usize,
}

impl Words {
    fn add(&mut self, line: &str) {
        let line = without_address(line.trim());
        if line.is_empty() || self.first.contains(&line) || self.last.contains(&line) {
            return;
        }
        if self.first.len() < FIRST_LINES {
            return self.first.push(line);
        }
        self.last.push_back(line);
        if self.last.len() > LAST_LINES {
            self.last.pop_front();
            self.between += 1;
        }
    }

    fn line(&self) -> String {
        let between = (self.between > 0).then(|| "…".to_owned());
        let all: Vec<_> = self.first.iter().cloned().chain(between).chain(self.last.iter().cloned()).collect();
        all.join("; ")
    }
}

/// `[mov @ 0x55d0] partial file` without the address, which differs each time.
fn without_address(line: &str) -> String {
    let Some((before, rest)) = line.split_once(" @ 0x") else { return line.to_owned() };
    format!("{before}{}", rest.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, silence: Duration) -> Stream<String> {
        let read = |output: BufReader<ChildStdout>, sender: &SyncSender<String>| {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)).map_err(io::Error::other)
        };
        Stream::start(Path::new("sh"), ["-c", script], silence, read).unwrap()
    }

    #[test]
    fn what_a_child_sends_and_says_is_received() {
        let mut stream = sh("echo 1; echo '[x @ 0x12ab] broken' >&2; echo 2; exit 3", Duration::from_secs(20));
        assert_eq!(stream.next().unwrap().as_deref(), Some("1"));
        assert_eq!(stream.next().unwrap().as_deref(), Some("2"));
        assert_eq!(stream.next().unwrap(), None);
        let end = stream.end().unwrap();
        assert_eq!((end.success, &*end.words), (false, "[x] broken"));
    }

    #[test]
    fn a_child_that_hangs_is_ended() {
        let begun = Instant::now();
        let mut stream = sh("echo 1; echo oh >&2; sleep 600", Duration::from_millis(300));
        assert_eq!(stream.next().unwrap().as_deref(), Some("1"));
        let said = stream.next().unwrap_err().to_string();
        assert!(said.contains("gave nothing for 300ms and was ended; it said: oh"), "{said}");
        drop(stream);
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_child_that_closes_its_output_and_stays_is_ended() {
        let mut stream = sh("exec >&-; sleep 600", Duration::from_millis(300));
        assert_eq!(stream.next().unwrap(), None);
        assert!(stream.end().err().unwrap().what.contains("was ended"));
    }

    #[test]
    fn a_program_that_is_not_there_names_its_package() {
        let read = |_: BufReader<ChildStdout>, _: &SyncSender<()>| Ok(());
        let error = Stream::start(Path::new("no-such-program"), [""; 0], Duration::from_secs(1), read).err().unwrap();
        assert!(error.to_string().contains("install the Debian package ffmpeg"), "{error}");
    }
}
