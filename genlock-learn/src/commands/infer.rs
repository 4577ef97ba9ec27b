//! `genlock-learn infer`: live poses from the moments of a running session.

use std::path::PathBuf;

use infer::{Live, ModelFile};
use miette::IntoDiagnostic;
use transport::ZenohLink;

use super::precision::PrecisionName;
use crate::stop;

#[derive(clap::Args)]
pub struct Args {
    /// Endpoint of the running session, such as tcp/127.0.0.1:7447.
    #[arg(long, value_name = "ENDPOINT")]
    connect: String,
    /// Name of the session among those that share a network.
    #[arg(long, value_name = "KEY", default_value = "session")]
    name: String,
    /// Your pose model. It may come later, and be replaced at any time.
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// The pose model that comes with genlock, for as long as there is none of yours.
    #[arg(long, value_name = "FILE")]
    shipped_model: Option<PathBuf>,
    /// Give the network pictures with their background, as of cameras that move.
    #[arg(long)]
    plain: bool,
    /// Arithmetic of the network; auto takes the faster one.
    #[arg(long, value_enum, default_value = "auto")]
    precision: PrecisionName,
    /// Threads inside one operation; without it, as many as there are cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Share of all cores that poses may take on average, so that something is left for a learner beside them.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    share: Option<f64>,
    /// Go on when the process that started this one ends.
    #[arg(long)]
    detached: bool,
}

pub fn run(args: &Args) -> miette::Result<()> {
    let stop = stop::watch(!args.detached)?;
    let device = model::start();
    if let Some(threads) = args.threads {
        model::set_threads(threads);
    }
    let stop = stop.in_order();
    let link = ZenohLink::connect(&args.connect, &args.name).into_diagnostic()?;
    // The newest moment alone: by the time an older one had its poses, they would be of the past.
    let moments = link.moment_source(1).into_diagnostic()?;
    let (poses, hints) = (link.pose_sink().into_diagnostic()?, link.hint_sink().into_diagnostic()?);
    let own = ModelFile::new(args.model.clone(), device, args.precision.into()).plain(args.plain);
    let model = match &args.shipped_model {
        Some(shipped) => own.or_shipped(shipped.clone()),
        None => own,
    };

    let mut was_connected = false;
    let mut end = None;
    Live::new(moments, poses, hints, model)
        .with_share(args.share)
        .serve(|| {
            let connected = link.has_peer();
            if let Ok(reason) = stop.try_recv() {
                end = Some(reason.to_string());
            } else if was_connected && !connected {
                end = Some(format!("{} is gone", args.connect));
            }
            was_connected = connected;
            end.is_none()
        })
        .into_diagnostic()?;
    tracing::info!("ended: {}", end.as_deref().unwrap_or("nothing more can come"));
    Ok(())
}

fn share(word: &str) -> Result<f64, String> {
    let share: f64 = word.parse().map_err(|_| "it is no number".to_owned())?;
    if share > 0.0 && share <= 1.0 { Ok(share) } else { Err("it must be above 0 and at most 1".to_owned()) }
}
