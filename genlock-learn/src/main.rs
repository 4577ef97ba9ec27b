//! The learning half of genlock: libtorch, and no camera library. `genlock` starts it as a process of its own, so that
//! whatever becomes of a learner, no frame and no recording is lost.

mod commands;
mod environment;
mod inbox;
mod live;
mod rate;
mod stop;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(name = "genlock-learn", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Learns from live moments which views belong to the same instant (SYNC), until told to stop.
    Pretrain(commands::pretrain::Args),
    /// Makes 3D poses of live moments, with a pose model that `finetune` made.
    Infer(commands::infer::Args),
    /// Trains a pose model on a rendered session: pretraining, then transfer, in legs if need be.
    Train(commands::train::Args),
    /// Makes a pose model from a pretrained encoder and a few labels.
    Finetune(commands::finetune::Args),
    /// Measures a pose model against labels, beside two baselines.
    Eval(commands::eval::Args),
}

fn main() -> miette::Result<()> {
    environment::with_quiet_openmp()?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,zenoh=error"));
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).init();
    match Cli::parse().command {
        Command::Pretrain(args) => commands::pretrain::run(&args),
        Command::Infer(args) => commands::infer::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Finetune(args) => commands::finetune::run(&args),
        Command::Eval(args) => commands::eval::run(&args),
    }
}
