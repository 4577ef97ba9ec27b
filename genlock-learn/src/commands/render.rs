//! `genlock render`: scenarios into a session of rendered takes.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use miette::{IntoDiagnostic, bail};
use virtual_studio::actor::gltf::LoadOptions;
use virtual_studio::render::Backend;
use virtual_studio::session::{Progress, Rendered, Script, SessionOptions, render};

use super::progress::bar;
use crate::stop;

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(250);

#[derive(clap::Args)]
pub struct Args {
    /// What to render (TOML); several make one session, say one to learn from and one that is held out.
    #[arg(required = true, value_name = "SCENARIO.toml")]
    scenarios: Vec<PathBuf>,
    /// Folder of the session. Takes that an earlier run finished are kept.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Base folder of the scenarios' relative folders, packed or not [default: each scenario's own folder].
    #[arg(long, value_name = "DIR")]
    assets: Option<PathBuf>,
    /// Change a value of each scenario, as in `takes=10`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    changes: Vec<String>,
    /// Takes rendered at a time [default: one for each core].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Simplify people to about this many triangles; 0 keeps all.
    #[arg(long, value_name = "N", default_value_t = 8_000)]
    triangles: usize,
    /// What draws. Cards need a build with `--features gpu`; their pictures differ a little.
    #[arg(long, value_enum, default_value_t)]
    backend: Drawing,
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Drawing {
    /// The processor.
    #[default]
    Cpu,
    /// The fastest graphics card, by Vulkan.
    Gpu,
}

impl Drawing {
    fn open(self) -> miette::Result<Backend> {
        match self {
            Self::Cpu => Ok(Backend::Cpu),
            Self::Gpu => Backend::gpu().into_diagnostic(),
        }
    }
}

pub fn run(args: &Args) -> miette::Result<()> {
    let stopped = stop::watch(false)?.in_order();
    let read = |path: &PathBuf| Script::read(path, args.assets.as_deref(), &args.changes).into_diagnostic();
    let scripts: Vec<Script> = args.scenarios.iter().map(read).collect::<miette::Result<_>>()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let options = SessionOptions {
        load: LoadOptions { triangles: (args.triangles > 0).then_some(args.triangles), ..LoadOptions::default() },
        backend: args.backend.open()?,
        threads: args.threads.unwrap_or(cores),
    };
    let (progress, stop) = (Progress::default(), AtomicBool::new(false));
    let shown = bar("rendering", 0);
    let rendered = std::thread::scope(|scope| {
        let work = scope.spawn(|| render(&scripts, &args.out, &options, &progress, &stop));
        while !work.is_finished() {
            if stopped.recv_timeout(TICK).is_ok() {
                stop.store(true, Ordering::Relaxed);
            }
            shown.set_length(progress.total.load(Ordering::Relaxed));
            shown.set_position(progress.pictures.load(Ordering::Relaxed));
        }
        work.join()
    });
    shown.finish_and_clear();
    let Ok(rendered) = rendered else { bail!("the renderer panicked") };
    let Rendered { takes, kept, complete } = rendered.into_diagnostic()?;
    if !complete {
        bail!("stopped; the same command goes on from here");
    }
    let (out, backend) = (args.out.display(), options.backend);
    println!("{out}: {takes} takes, {kept} of them from before, the others rendered on {backend}");
    Ok(())
}
