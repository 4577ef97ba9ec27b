//! `genlock cameras`: lists the cameras of the system. Finding none is not an error.

pub fn run() -> miette::Result<()> {
    #[allow(unused_mut)]
    let mut lines: Vec<String> = vec![];
    #[cfg(feature = "v4l2")]
    lines.extend(capture::drivers::v4l2::list().iter().map(webcam));
    // On Linux it lists the same devices.
    #[cfg(all(feature = "nokhwa", not(feature = "v4l2")))]
    lines.extend(miette::IntoDiagnostic::into_diagnostic(capture::drivers::nokhwa::list())?.iter().map(webcam));
    #[cfg(feature = "aravis")]
    for camera in capture::drivers::aravis::list() {
        let (id, protocol, address) = (camera.id, camera.protocol, camera.address);
        lines.push(format!("{id}\t{} {}\t{protocol} at {address}", camera.vendor, camera.model));
    }
    if lines.is_empty() {
        println!("no cameras{}", not_asked());
    }
    lines.iter().for_each(|line| println!("{line}"));
    Ok(())
}

#[cfg(any(feature = "nokhwa", feature = "v4l2"))]
fn webcam(found: &capture::drivers::FoundWebcam) -> String {
    format!("{}\t{}\t{}", found.device, found.name, found.description)
}

/// What this build cannot look for.
fn not_asked() -> String {
    let drivers = [
        ("webcams (feature v4l2 or nokhwa)", cfg!(any(feature = "nokhwa", feature = "v4l2"))),
        ("machine-vision cameras (feature aravis)", cfg!(feature = "aravis")),
    ];
    let missing: Vec<&str> = drivers.iter().filter(|(_, there)| !there).map(|(what, _)| *what).collect();
    if missing.is_empty() { String::new() } else { format!("; this build cannot look for {}", missing.join(" and ")) }
}
