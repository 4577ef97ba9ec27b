use std::path::{Path, PathBuf};

use frame::monotonic_now_ns;
use miette::miette;

use super::live;
use crate::cli::DemoArgs;
use crate::footage::{self, Footage};
use crate::source::Source;
use crate::studio;

/// The studio of `--virtual` alone.
const SCENARIO: &str = include_str!("../../../virtual-studio/examples/live.toml");

/// Plays footage, a take or a studio as live cameras.
pub fn run(args: &DemoArgs) -> miette::Result<()> {
    let begun_ns = monotonic_now_ns();
    let source = open_source(args)?;
    live::run(&source, &args.session, &live::Plan { name: "demo", rate: args.rate, subject: None, begun_ns })
}

fn open_source(args: &DemoArgs) -> miette::Result<Source> {
    if let Some(scenario) = &args.virtual_studio {
        let scenario = match scenario {
            Some(path) => path.clone(),
            None => live::written(&args.session.data, "scenario.toml", SCENARIO)?,
        };
        return Source::rig(studio::rig_of(&scenario)?);
    }
    match &args.from {
        Some(take) => Source::take(take),
        None => open_footage(args.footage.as_deref()),
    }
}

/// The footage that was named, by word or environment, else the example session that was fetched.
fn open_footage(named: Option<&Path>) -> miette::Result<Source> {
    let named = named.map(Path::to_owned).or_else(|| std::env::var_os("GENLOCK_FOOTAGE").map(PathBuf::from));
    let cache = footage::cache();
    let Some(folder) = named.or_else(|| footage::example_in(cache.as_deref()?)) else {
        let looked = cache.map_or("no cache folder is known".into(), |cache| format!("{} has none", cache.display()));
        return Err(miette!(
            help = "`make setup` fetches an example session, as `make demo` does; `genlock demo --footage DIR` plays \
                    yours, and `genlock demo --virtual` needs none",
            "there is no footage to play: {looked}"
        ));
    };
    tracing::info!("playing the footage in {}", folder.display());
    Footage::open(&folder).map(Source::Footage)
}
