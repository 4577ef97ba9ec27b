//! `genlock demo`: plays a take, once or again and again, or a virtual studio, as live cameras.

use std::path::Path;

use calibration_free_config::Rig;
use frame::monotonic_now_ns;
use miette::{IntoDiagnostic, miette};
use session::source::{footage_rig, take_rig};
use session::{Playback, RecordingBegins, RecordingPlan};
use settings::environment;

use super::live::{self, CropSize, Shown, written};
use crate::cli::{DemoArgs, Rate};
use crate::{example_footage, rate, rig_recording};

/// The studio of `--virtual` without a scenario.
const SCENARIO: &str = include_str!("../../../virtual-studio/examples/live.toml");
/// A small default, so that a demo does not fill the disk.
const BUDGET_GB: f64 = 4.0;

pub fn run(args: &DemoArgs) -> miette::Result<()> {
    let begun_ns = monotonic_now_ns();
    let data = &args.session.data;
    let mut playback = Playback::default();
    let (mut find_rate, mut rig_toml) = (false, None);
    let rig = if let Some(scenario) = &args.virtual_studio {
        let scenario = match scenario {
            Some(path) => path.clone(),
            None => written(data, "scenario.toml", SCENARIO)?,
        };
        studio(&scenario)?
    } else if let Some(take) = &args.from {
        let (rig, recorded_by) = take_rig(take).into_diagnostic()?;
        rig_toml = Some(recorded_by);
        rig
    } else {
        let rig = footage(args.footage.as_deref())?;
        playback.looping = true;
        match args.rate {
            Rate::Auto => find_rate = true,
            fixed => playback.divisor = rate::divisor(rig.trigger.rate_hz, fixed)?,
        }
        rig
    };
    let recording = RecordingPlan {
        name: "demo".into(),
        begins: RecordingBegins::WithSession,
        folder: args.session.record.clone().unwrap_or_else(|| data.join("takes")),
        budget_bytes: rig_recording::bytes(BUDGET_GB),
        rig_toml,
    };
    live::run(&args.session, Shown { rig, playback, find_rate, crop_size: CropSize::OfTheRecipe, recording, begun_ns })
}

#[cfg(feature = "virtual-studio")]
fn studio(scenario: &Path) -> miette::Result<Rig> {
    session::source::studio_rig(scenario).into_diagnostic()
}

#[cfg(not(feature = "virtual-studio"))]
fn studio(_: &Path) -> miette::Result<Rig> {
    Err(miette!("this build has no virtual studio; build with `--features virtual-studio`"))
}

/// The footage given by argument or environment, else the example session that was fetched.
fn footage(named: Option<&Path>) -> miette::Result<Rig> {
    let named = named.map(Path::to_owned).or_else(|| environment::path("GENLOCK_FOOTAGE"));
    let cache = environment::cache();
    let Some(folder) = named.or_else(|| example_footage::example_in(cache.as_deref()?)) else {
        let looked = cache.map_or("no cache folder is known".into(), |cache| format!("{} has none", cache.display()));
        return Err(miette!(
            help = "`make demo` fetches and plays an example session; `genlock import videos` makes a take of your own \
                    videos, which `genlock demo --footage TAKE` plays; `genlock demo --virtual` needs none",
            "there is no footage to play: {looked}"
        ));
    };
    tracing::info!("playing the footage in {}", folder.display());
    footage_rig(&folder).into_diagnostic()
}
