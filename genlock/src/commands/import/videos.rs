//! `genlock import videos`: videos of several cameras into one take.

use std::path::PathBuf;

use clap::Args;
use footage::{Lengths, Rates, Tools};
use indicatif::{ProgressBar, ProgressStyle};
use miette::IntoDiagnostic;

#[derive(Args)]
pub struct VideosArgs {
    /// The videos, the folder that holds them, or a folder with a folder for each camera. A camera is called as its
    /// file or folder is.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder of the take; it must not exist, or be empty.
    #[arg(long, value_name = "TAKE")]
    out: PathBuf,
    /// Refuse videos whose rates vary or are unequal, instead of resampling them.
    #[arg(long)]
    no_resample: bool,
}

pub fn run(args: &VideosArgs) -> miette::Result<()> {
    let tools = Tools::default();
    let found = footage::discover(&args.paths, &tools).into_diagnostic()?;
    found.remarks.iter().for_each(|remark| println!("{remark}"));
    let bar = ProgressBar::new(0).with_style(style("pictures read")?);
    let videos = footage::look(&found.cameras, &tools, |looking| {
        bar.set_message(looking.camera.to_owned());
        bar.set_length(looking.of.unwrap_or(0).max(looking.pictures));
        bar.set_position(looking.pictures);
    });
    bar.finish_and_clear();
    let videos = videos.into_diagnostic()?;
    for video in &videos {
        video.remarks.iter().for_each(|remark| println!("{}: {remark}", video.camera.name));
    }
    let rates = if args.no_resample { Rates::MustBeEqual } else { Rates::Resample };
    let axis = footage::plan(&videos, rates, Lengths::Common).into_diagnostic()?;
    axis.remarks.iter().for_each(|remark| println!("{remark}"));
    let bar = ProgressBar::new(0).with_style(style("pictures written")?);
    let written = footage::write(&videos, &axis, &found.remarks, &args.out, &tools, |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let written = written.into_diagnostic()?;
    let names: Vec<_> = videos.iter().map(|video| &*video.camera.name).collect();
    println!(
        "{}: {} pictures of {} {} ({}), {} instants at {}, {:.1} MB",
        args.out.display(),
        written.pictures,
        names.len(),
        if names.len() == 1 { "camera" } else { "cameras" },
        names.join(", "),
        axis.instants,
        axis.rate(),
        written.bytes as f64 / 1e6
    );
    Ok(())
}

fn style(what: &str) -> miette::Result<ProgressStyle> {
    ProgressStyle::with_template(&format!("{{msg:>24}} {{bar:40}} {{pos}}/{{len}} {what} {{eta}}")).into_diagnostic()
}
