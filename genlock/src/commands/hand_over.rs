//! Commands that the other binary carries out.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use miette::miette;

use crate::shipped_model;

/// The other binary, beside this one.
pub fn learn_binary() -> miette::Result<PathBuf> {
    let here = std::env::current_exe().map_err(|e| miette!("this program does not know where it is: {e}"))?;
    let there = here.with_file_name("genlock-learn");
    if there.is_file() {
        return Ok(there);
    }
    Err(miette!(
        "{} is missing; build it with `cargo build --release`, or install both binaries together",
        there.display()
    ))
}

/// What was typed instead of `genlock-learn COMMAND`, for its usage.
const CALLED_AS: &str = "GENLOCK_CALLED_AS";

/// `genlock-learn COMMAND`, which is told what was typed for it, and where the pose model lies that comes with genlock.
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

/// Becomes `genlock-learn COMMAND WORDS…`, as git does with commands of its own.
pub fn run(command: &str, words: &[String]) -> miette::Result<()> {
    let mut learn = learn(command)?;
    let error = learn.args(words).exec();
    Err(miette!("cannot run {}: {error}", Path::new(learn.get_program()).display()))
}
