//! Commands that are handed over to the other binary.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use miette::miette;

use crate::shipped_model;

/// The other binary, beside this one.
pub fn learn_binary() -> miette::Result<PathBuf> {
    let here = std::env::current_exe().map_err(|e| miette!("cannot find this program's own path: {e}"))?;
    let there = here.with_file_name("genlock-learn");
    if there.is_file() {
        return Ok(there);
    }
    Err(miette!(
        "{} is missing; build it with `cargo build --release`, or install both binaries together",
        there.display()
    ))
}

/// What the user typed instead of `genlock-learn COMMAND`, for its usage text.
const CALLED_AS: &str = "GENLOCK_CALLED_AS";

/// `genlock-learn COMMAND`, with what the user typed and the path of the shipped pose model in its environment.
pub fn learn(command: &str) -> miette::Result<Command> {
    let mut learn = Command::new(learn_binary()?);
    learn.arg(command);
    if let Some(typed) = std::env::args().nth(1) {
        learn.env(CALLED_AS, format!("genlock {typed}"));
    }
    if let Some(model) = shipped_model::find() {
        learn.env(shipped_model::VARIABLE, model);
    }
    Ok(learn)
}

/// Replaces this process by `genlock-learn COMMAND WORDS…`.
pub fn run(command: &str, words: &[String]) -> miette::Result<()> {
    let mut learn = learn(command)?;
    let error = learn.args(words).exec();
    Err(miette!("cannot run {}: {error}", Path::new(learn.get_program()).display()))
}
