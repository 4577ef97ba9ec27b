//! The learning half of genlock: it links libtorch, but no camera library. `genlock` starts it as a separate process,
//! so that a crash of a learner loses no frame and no recording.

mod called_as;
mod commands;
mod environment;
mod health_turns;
mod inbox;
mod learner_loop;
mod processes;
mod rate;
mod refit_turns;
mod stop;
mod svg;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Learn, infer and evaluate for genlock, which starts this program.
#[derive(Parser)]
#[command(name = "genlock-learn", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check whether a recipe can be used and its checkpoint resumed. If not, print why, with exit code 1.
    Check(commands::check::Args),
    /// Print the device on which networks would run: `cpu`, or the first GPU.
    Device,
    /// Learn from live moments which views belong to the same instant (SYNC), until asked to stop.
    Pretrain(commands::pretrain::Args),
    /// Stream the bodies of a live session, with a finder of joints, or its poses, with a pose model.
    Infer(commands::infer::Args),
    /// Find the bodies of a recorded take, and the geometry of its rig.
    Bodies(commands::bodies::Args),
    /// Make labels from the bodies of a recorded take.
    Labels(commands::labels::Args),
    /// Find the time offsets between recordings that were never synchronised.
    SyncOffset(commands::sync_offset::Args),
    /// Train a pose model on a rendered or imported session: pretraining, then transfer, in legs if need be.
    Train(commands::train::Args),
    /// Train the rows of a table, such as those of a paper, and print them beside the paper's.
    Ablate(commands::ablate::Args),
    /// Learn from several sessions in a row, each seen once, in ways that differ in what is kept, and compare them.
    StreamStudy(commands::stream_study::Args),
    /// Show what a pretraining has learned: sync accuracy by time gap, and pictures retrieved by their sync score.
    SyncReport(commands::sync_report::Args),
    /// Make a pose model from a pretrained encoder and a few labels.
    Finetune(commands::finetune::Args),
    /// Measure a pose model against labels, beside two baselines.
    Eval(Box<commands::eval::Args>),
    /// Render people of a virtual studio, with exact labels, into a session.
    Render(commands::render::Args),
    /// Pack the people, motions and environments that scenarios choose into a small folder.
    PackAssets(commands::pack_assets::Args),
}

fn main() -> miette::Result<ExitCode> {
    environment::with_quiet_openmp()?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,zenoh=error"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(colours).with_env_filter(filter).init();
    let matches = called_as::in_the_callers_words(Cli::command()).get_matches();
    let command = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).command;
    match command {
        Command::Check(args) => return Ok(commands::check::run(&args)),
        Command::Device => {
            commands::device::run();
            Ok(())
        }
        Command::Pretrain(args) => commands::pretrain::run(&args),
        Command::Infer(args) => commands::infer::run(&args),
        Command::Bodies(args) => commands::bodies::run(&args),
        Command::Labels(args) => commands::labels::run(&args),
        Command::SyncOffset(args) => commands::sync_offset::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Ablate(args) => commands::ablate::run(&args),
        Command::StreamStudy(args) => commands::stream_study::run(&args),
        Command::SyncReport(args) => commands::sync_report::run(&args),
        Command::Finetune(args) => commands::finetune::run(&args),
        Command::Eval(args) => commands::eval::run(&args),
        Command::Render(args) => commands::render::run(&args),
        Command::PackAssets(args) => commands::pack_assets::run(&args),
    }?;
    Ok(ExitCode::SUCCESS)
}
