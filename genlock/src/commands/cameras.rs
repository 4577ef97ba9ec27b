//! `genlock cameras`: lists the cameras of the system. Finding none is not an error.

#[cfg(feature = "nokhwa")]
use miette::IntoDiagnostic;

pub fn run() -> miette::Result<()> {
    #[allow(unused_mut)]
    let mut lines: Vec<String> = vec![];
    #[cfg(feature = "nokhwa")]
    for camera in capture::drivers::nokhwa::list().into_diagnostic()? {
        lines.push(format!("{}\t{}\t{}", camera.device, camera.name, camera.description));
    }
    #[cfg(feature = "aravis")]
    for camera in capture::drivers::aravis::list() {
        let (id, protocol, address) = (camera.id, camera.protocol, camera.address);
        lines.push(format!("{id}\t{} {}\t{protocol} at {address}", camera.vendor, camera.model));
    }
    if lines.is_empty() {
        println!("no cameras");
    }
    lines.iter().for_each(|line| println!("{line}"));
    Ok(())
}
