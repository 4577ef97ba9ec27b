use std::path::PathBuf;
use std::time::Instant;

use miette::miette;

use super::live;
use crate::cli::DemoArgs;
use crate::footage::Footage;
use crate::source::Source;
use crate::studio;

/// The studio of `--virtual` alone.
const SCENARIO: &str = include_str!("../../../virtual-studio/examples/live.toml");

/// Plays footage, a take or a studio as live cameras.
pub fn run(args: &DemoArgs) -> miette::Result<()> {
    let begun = Instant::now();
    let source = open_source(args)?;
    live::run(&source, &args.session, &live::Plan { name: "demo", rate: args.rate, subject: None, begun })
}

fn open_source(args: &DemoArgs) -> miette::Result<Source> {
    if let Some(scenario) = &args.virtual_studio {
        let scenario = match scenario {
            Some(path) => path.clone(),
            None => live::written(&args.session.data, "scenario.toml", SCENARIO)?,
        };
        return Source::rig(studio::rig_of(&scenario)?);
    }
    let footage = args.footage.clone().or_else(|| std::env::var_os("GENLOCK_FOOTAGE").map(PathBuf::from));
    match (&args.from, footage) {
        (Some(take), _) => Source::take(take),
        (None, Some(folder)) => Footage::open(&folder).map(Source::Footage),
        (None, None) => Err(miette!(
            help = "`make demo` fetches an example session; `genlock demo --footage DIR` uses yours",
            "there is no footage to play"
        )),
    }
}
