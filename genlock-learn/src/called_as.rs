//! Usage text as the user typed the command: `genlock` hands commands over to this program, one under another name.

/// What the user typed instead of this program and its command, such as `genlock infer`. `genlock` sets it.
const VARIABLE: &str = "GENLOCK_CALLED_AS";

/// The command line, with the usage text of the command that was handed over, if any.
pub fn in_the_callers_words(program: clap::Command) -> clap::Command {
    let (Ok(typed), Some(name)) = (std::env::var(VARIABLE), std::env::args().nth(1)) else { return program };
    let Some(command) = program.find_subcommand(&name) else { return program };
    let usage = command.clone().bin_name(typed).render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    program.mut_subcommand(name, |command| command.override_usage(usage))
}
