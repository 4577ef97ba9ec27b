//! PyTorch in Python, as a child process that answers one line with one line.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::Outcome;

/// The version of libtorch.
const TORCH: &str = "2.11";

/// The process to compare with, or why there is none.
pub enum Python {
    Missing(String),
    Here(PythonTorch),
}

pub struct PythonTorch {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    version: String,
}

/// One training step as measured in Python.
pub struct Step {
    pub seconds: f64,
    pub loss: f64,
}

impl Python {
    /// The Python named by GENLOCK_BENCH_PYTHON, else `python3`, if its torch has libtorch's version.
    pub fn start(threads: usize) -> Self {
        let python = std::env::var("GENLOCK_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let remedy = "name one with GENLOCK_BENCH_PYTHON";
        match PythonTorch::start(&python, threads) {
            Ok(torch) if torch.version.starts_with(TORCH) => Self::Here(torch),
            Ok(torch) => Self::Missing(format!("{python} has torch {}, not {TORCH}; {remedy}", torch.version)),
            Err(error) => Self::Missing(format!("no Python with torch {TORCH} ({python}: {error}); {remedy}")),
        }
    }
}

impl PythonTorch {
    fn start(python: &str, threads: usize) -> Outcome<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/bench_step.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take());
        let (Some(to), Some(from)) = pipes else { return Err("its pipes are missing".into()) };
        let mut torch = Self { child, to: Some(to), from: BufReader::new(from), version: String::new() };
        let hello = torch.answer()?;
        torch.version = hello["torch"].as_str().ok_or("it does not say its version")?.to_owned();
        Ok(torch)
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    /// Creates the network and the batch of the next steps.
    pub fn set_up(&mut self, job: &Value) -> Outcome<()> {
        self.ask(&json!({ "set_up": job })).map(drop)
    }

    pub fn step(&mut self) -> Outcome<Step> {
        let answer = self.ask(&json!({ "step": true }))?;
        let number = |key: &str| answer[key].as_f64().ok_or_else(|| format!("Python answered {answer}"));
        Ok(Step { seconds: number("seconds")?, loss: number("loss")? })
    }

    /// Creates the network and reads where the pictures of a session are; see `scripts/bench_loop.py`.
    pub fn set_up_loop(&mut self, job: &Value) -> Outcome<()> {
        self.ask(&json!({ "set_up_loop": job })).map(drop)
    }

    /// So many steps with pictures from disk; returns pictures a second.
    pub fn run_loop(&mut self, steps: usize) -> Outcome<f64> {
        let answer = self.ask(&json!({ "loop": steps }))?;
        let number = |key: &str| answer[key].as_f64().ok_or_else(|| format!("Python answered {answer}"));
        Ok(number("pictures")? / number("seconds")?)
    }

    fn ask(&mut self, question: &Value) -> Outcome<Value> {
        let to = self.to.as_mut().ok_or("Python has ended")?;
        writeln!(to, "{question}")?;
        to.flush()?;
        self.answer()
    }

    fn answer(&mut self) -> Outcome<Value> {
        let mut line = String::new();
        if self.from.read_line(&mut line)? == 0 {
            return Err("it ended without an answer, as it does when torch cannot be imported".into());
        }
        let answer: Value = serde_json::from_str(&line)?;
        match answer["error"].as_str() {
            Some(error) => Err(error.into()),
            None => Ok(answer),
        }
    }
}

impl Drop for PythonTorch {
    fn drop(&mut self) {
        // It ends when its input is closed.
        self.to = None;
        let _ = self.child.wait();
    }
}
