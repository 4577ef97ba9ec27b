use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use miette::miette;

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

/// Becomes `genlock-learn COMMAND WORDS…`, as git does with commands of its own.
pub fn run(command: &str, words: &[String]) -> miette::Result<()> {
    let program = learn_binary()?;
    let error = Command::new(&program).arg(command).args(words).exec();
    Err(miette!("cannot run {}: {error}", program.display()))
}
