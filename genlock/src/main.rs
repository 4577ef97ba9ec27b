//! The main binary: the command line, the page, the doctor, and the supervision of the processes that learn and infer.
//! Links no libtorch.

mod children;
mod cli;
mod commands;
mod doctor;
mod example_footage;
mod learners;
mod page;
mod pose_log;
mod pose_outputs;
mod previews;
mod rate;
mod report;
mod rig_board;
mod rig_recording;
mod shipped_model;
mod signals;
mod status;
mod t_pose_timer;
#[cfg(test)]
mod test_poses;

use std::io::IsTerminal;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use cli::{Cli, Command};

fn main() -> miette::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,zenoh=error"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(colours).with_env_filter(filter).init();
    let command = Cli::parse().command;
    if !matches!(command, Command::Demo(_) | Command::Run(_) | Command::Capture(_)) {
        end_with_the_reader();
    }
    match command {
        Command::Demo(args) => commands::demo::run(&args),
        Command::Run(args) => commands::run::run(&args),
        Command::Capture(args) => commands::capture::run(&args),
        Command::Background(args) => commands::background::run(&args),
        Command::TPose(args) => commands::t_pose::run(&args),
        Command::Rig(args) => commands::rig::run(&args),
        Command::Doctor(args) => commands::doctor::run(&args),
        Command::Cameras => commands::cameras::run(),
        Command::Inspect(args) => commands::inspect::run(&args),
        Command::Export(args) => commands::export::run(&args),
        Command::Metrics(args) => commands::metrics::run(&args),
        Command::Labels(command) => commands::labels::run(&command),
        Command::Import(command) => commands::import::run(&command),
        Command::Pretrain(words) => commands::hand_over::run("pretrain", &words.words),
        Command::Finetune(words) => commands::hand_over::run("finetune", &words.words),
        Command::Eval(words) => commands::hand_over::run("eval", &words.words),
        Command::Infer(words) => commands::hand_over::run("bodies", &words.words),
        Command::SyncOffset(words) => commands::sync_offset::run(&words.words),
        Command::Render(words) => commands::hand_over::run("render", &words.words),
        Command::PackAssets(words) => commands::hand_over::run("pack-assets", &words.words),
        Command::Train(words) => commands::hand_over::run("train", &words.words),
        Command::Ablate(words) => commands::hand_over::run("ablate", &words.words),
        Command::SyncReport(words) => commands::hand_over::run("sync-report", &words.words),
        Command::StreamStudy(words) => commands::hand_over::run("stream-study", &words.words),
    }
}

/// Lets commands that only print end quietly when their output is closed, as in `genlock inspect TAKE | head`.
fn end_with_the_reader() {
    // SAFETY: no handler is installed, and no other thread runs yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}
