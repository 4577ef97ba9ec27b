//! `genlock metrics`: the errors of poses against the ground truth.

use miette::IntoDiagnostic;

use crate::cli::MetricsArgs;

pub fn run(args: &MetricsArgs) -> miette::Result<()> {
    let metrics = pose::compare_files(&args.predicted, &args.truth).into_diagnostic()?;
    if args.json {
        println!("{}", serde_json::to_string(&metrics).into_diagnostic()?);
        return Ok(());
    }
    println!("mm         17 joints   16 joints");
    println!("MPJPE      {:9.2}   {:9.2}", metrics.mpjpe17, metrics.mpjpe16);
    println!("N-MPJPE    {:9.2}   {:9.2}", metrics.nmpjpe17, metrics.nmpjpe16);
    println!("P-MPJPE    {:9.2}", metrics.pmpjpe17);
    Ok(())
}
