use miette::IntoDiagnostic;

/// Lists what the system knows; no camera is no error.
pub fn run() -> miette::Result<()> {
    let cameras = capture::drivers::nokhwa::list().into_diagnostic()?;
    if cameras.is_empty() {
        println!("no cameras");
    }
    for camera in cameras {
        println!("{}\t{}\t{}", camera.device, camera.name, camera.description);
    }
    Ok(())
}
