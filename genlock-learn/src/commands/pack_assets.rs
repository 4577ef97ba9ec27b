//! `genlock pack-assets`: packs the assets that scenarios choose, small enough to copy to other machines.

use std::path::PathBuf;

use miette::IntoDiagnostic;
use virtual_studio::assets::{PackedAssets, pack};
use virtual_studio::session::Script;

use super::progress::bar;

#[derive(clap::Args)]
pub struct Args {
    /// Whose people, motions and environments to pack (TOML).
    #[arg(required = true, value_name = "SCENARIO.toml")]
    scenarios: Vec<PathBuf>,
    /// Base folder of the scenarios' relative folders.
    #[arg(long, value_name = "DIR")]
    assets: PathBuf,
    /// New folder for the packed assets; `render --assets` takes it instead of the first.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub fn run(args: &Args) -> miette::Result<()> {
    let read = |path: &PathBuf| Script::read(path, Some(&args.assets), &[]).into_diagnostic();
    let scripts: Vec<Script> = args.scenarios.iter().map(read).collect::<miette::Result<_>>()?;
    let shown = bar("packing", 0);
    let packed = pack(&scripts, &args.assets, &args.out, |done, of| {
        shown.set_length(of as u64);
        shown.set_position(done as u64);
    });
    shown.finish_and_clear();
    let PackedAssets { people, motions, environments, bytes } = packed.into_diagnostic()?;
    println!(
        "{}: {people} people, {motions} motions, {environments} environments, {:.1} MiB",
        args.out.display(),
        bytes as f64 / f64::from(1 << 20)
    );
    Ok(())
}
