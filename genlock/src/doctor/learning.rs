//! The other binary, its libtorch, and the device it would learn on.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::finding::Finding;
use super::host::Host;
use crate::commands::hand_over::learn_binary;

/// Timeout for an answer. Loading libtorch from a cold disk takes seconds.
const ANSWERS: Duration = Duration::from_secs(60);
const BUILD: &str = "`make setup` fetches libtorch and `cargo build --release` builds both binaries";

#[derive(Debug)]
enum Answer {
    Missing(String),
    /// It does not run.
    Fails(String),
    /// `cpu`, `cuda:0`.
    Device(String),
}

pub fn check(host: &Host) -> Vec<Finding> {
    let answer = ask();
    vec![program(&answer), device(&answer, &host.names("/dev", "nvidia"))]
}

fn ask() -> Answer {
    let program = match learn_binary() {
        Ok(program) => program,
        Err(error) => return Answer::Missing(error.to_string()),
    };
    let mut command = Command::new(program);
    command.arg("device").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Answer::Fails(error.to_string()),
    };
    let until = Instant::now() + ANSWERS;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() > until {
            let _ = child.kill();
            let _ = child.wait();
            return Answer::Fails(format!("no answer within {} s", ANSWERS.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    match child.wait_with_output() {
        Ok(output) if output.status.success() => {
            Answer::Device(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Answer::Fails(said.lines().last().map_or_else(|| output.status.to_string(), str::to_owned))
        }
        Err(error) => Answer::Fails(error.to_string()),
    }
}

/// At most a warning: `genlock capture` needs no learner.
fn program(answer: &Answer) -> Finding {
    match answer {
        Answer::Device(_) => Finding::ok("learner", "genlock-learn and its libtorch are there"),
        Answer::Missing(said) | Answer::Fails(said) => {
            Finding::warning("learner", format!("{said}; without it nothing learns, and no poses come"), BUILD)
        }
    }
}

fn device(answer: &Answer, nodes: &[String]) -> Finding {
    const NAME: &str = "graphics card";
    let cards: Vec<_> = nodes
        .iter()
        .filter(|name| name.trim_start_matches("nvidia").parse::<u32>().is_ok())
        .map(|name| format!("/dev/{name}"))
        .collect();
    let on_cpu = "about 400 crops of 64x64 a second on two cores (measured on another machine)";
    match answer {
        Answer::Device(device) if device != "cpu" => Finding::ok(NAME, format!("learning uses {device}")),
        Answer::Device(_) if cards.is_empty() => {
            let found = format!("none: learning uses the processor, {on_cpu}");
            Finding::warning(NAME, found, "`genlock-learn` on a machine with a card, where this is too slow")
        }
        Answer::Device(_) => {
            let found = format!("{} is there, but libtorch does not use it: {on_cpu}", cards.join(", "));
            Finding::warning(NAME, found, "`nvidia-smi` must show it; then CUDA=1 make setup and build anew")
        }
        Answer::Missing(_) | Answer::Fails(_) => Finding::not_applicable(NAME, "there is no learner to ask"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::State;

    #[test]
    fn no_card_and_no_learner_are_warnings() {
        let verdict = |device_name: &str, nodes: &[&str]| {
            let nodes: Vec<_> = nodes.iter().map(|node| (*node).to_owned()).collect();
            device(&Answer::Device(device_name.into()), &nodes)
        };
        assert_eq!(verdict("cuda:0", &["nvidia0"]).state, State::Ok);
        assert_eq!(verdict("cpu", &["nvidiactl"]).state, State::Warning);
        let unused = verdict("cpu", &["nvidia0", "nvidiactl"]);
        assert!(unused.found.contains("/dev/nvidia0 is there") && unused.remedy.unwrap().contains("CUDA=1"));
        let fails = Answer::Fails("libtorch_cpu.so: cannot open shared object file".into());
        assert_eq!(program(&fails).state, State::Warning);
        assert_eq!(device(&fails, &[]).state, State::NotApplicable);
    }
}
