//! Receivers of bodies outside this program, as the options of a session name them.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use miette::IntoDiagnostic;
pub use outputs::PoseOutputs;
use outputs::Told;
use session::{EventKind, EventSender};

use crate::cli::amount;
use crate::rig_board::RigBoard;

/// Options of what is sent outside.
#[derive(Args, Clone)]
pub struct OutputArgs {
    /// Send the body to a program that reads VMC (OSC over UDP), such as 127.0.0.1:39539; may be given several times.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub vmc: Vec<SocketAddr>,
    /// Send the body as a stream of the Lab Streaming Layer, under this name [default: genlock].
    #[cfg(feature = "lsl")]
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "genlock")]
    pub lsl: Option<String>,
    /// Show body, cameras and small pictures in a running viewer of Rerun [default: 127.0.0.1:9876].
    #[cfg(feature = "rerun")]
    #[arg(long, value_name = "ADDRESS:PORT", num_args = 0..=1, default_missing_value = "127.0.0.1:9876")]
    pub rerun: Option<SocketAddr>,
    /// What it shows of the cameras.
    #[cfg(feature = "rerun")]
    #[arg(skip)]
    pub rerun_pictures: outputs::RerunPictures,
    /// Take the person's T-pose as the characters' rest pose: the first that is held for a second, from this many seconds
    /// of the session on, within half a minute.
    #[arg(long, value_name = "SECONDS", value_parser = amount, requires = "vmc")]
    pub t_pose_after: Option<f64>,
}

/// Starts all receivers. Some show the rig's geometry, too.
#[cfg_attr(not(feature = "rerun"), expect(unused_variables, reason = "the others show bodies alone"))]
pub fn start(args: &OutputArgs, rig: &RigBoard, events: EventSender) -> miette::Result<PoseOutputs> {
    let mut outputs = PoseOutputs::new(Arc::new(move |told| match told {
        Told::Lost(text) => events.send(EventKind::PoseReceiverLost, text),
        Told::Back(text) => events.send(EventKind::PoseReceiverBack, text),
    }));
    for &address in &args.vmc {
        outputs.add_vmc(address).into_diagnostic()?;
    }
    #[cfg(feature = "lsl")]
    if let Some(name) = &args.lsl {
        outputs.add_lsl(name, settings::environment::path("GENLOCK_LSL").as_deref()).into_diagnostic()?;
    }
    #[cfg(feature = "rerun")]
    if let Some(viewer) = args.rerun {
        let rig = rig.clone();
        outputs.add_rerun(viewer, Box::new(move || rig.newest()), args.rerun_pictures.clone()).into_diagnostic()?;
    }
    Ok(outputs)
}
