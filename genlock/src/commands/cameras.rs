use capture::drivers::{aravis, nokhwa};
use miette::IntoDiagnostic;

/// Lists what the system knows; no camera is no error.
pub fn run() -> miette::Result<()> {
    let cameras = nokhwa::list().into_diagnostic()?;
    let machine_vision = aravis::list();
    if cameras.is_empty() && machine_vision.is_empty() {
        println!("no cameras");
    }
    for camera in cameras {
        println!("{}\t{}\t{}", camera.device, camera.name, camera.description);
    }
    for camera in machine_vision {
        println!("{}\t{} {}\t{} at {}", camera.id, camera.vendor, camera.model, camera.protocol, camera.address);
    }
    Ok(())
}
