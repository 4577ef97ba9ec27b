//! `make bench`: the cost of genlock's parts on this machine, as a table. `--quick` takes a few seconds, with figures of
//! little use; `--only NAME` runs one measurement.
//!
//! It compares with no limits, and fails only if something cannot be measured.

mod bodies;
mod copies;
mod end_to_end;
mod finder;
mod idle;
mod load;
mod machine;
mod moments;
mod outputs;
mod own_network;
mod pose_latency;
mod python;
mod rigs;
mod sampler;
mod set_latency;
mod side_by_side;
mod statistics;
mod table;
mod train_loop;
mod train_step;

use std::error::Error;
use std::path::PathBuf;

use table::Row;

/// Any error; it is printed in a row or on the terminal.
type Outcome<T> = Result<T, Box<dyn Error>>;

type Measurement = (&'static str, fn(&Plan) -> Outcome<Vec<Row>>);

/// Measurements without libtorch come first, so that none of its threads is running.
const MEASUREMENTS: [Measurement; 14] = [
    ("idle", idle::measure),
    ("sets", set_latency::measure),
    ("side-by-side", side_by_side::measure),
    ("rigs", rigs::measure),
    ("copies", copies::measure),
    ("outputs", outputs::measure),
    ("sampler", sampler::measure),
    ("finder", finder::measure),
    ("bodies", bodies::measure),
    ("own-network", own_network::measure),
    ("end-to-end", end_to_end::measure),
    ("poses", pose_latency::measure),
    ("train", train_step::measure),
    ("train-loop", train_loop::measure),
];

/// The folders of the finder of joints and of the footage's take, if the environment names both.
fn finder_and_footage() -> Option<[PathBuf; 2]> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    Some([set("GENLOCK_FINDER")?, set("GENLOCK_FOOTAGE")?])
}

/// How thoroughly to measure.
pub struct Plan {
    quick: bool,
}

impl Plan {
    fn pick<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}

fn main() -> Outcome<()> {
    let (plan, only) = arguments()?;
    println!("{}", machine::header()?);
    let mut rows = Vec::new();
    for (name, measure) in MEASUREMENTS {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        eprintln!("measuring: {name}");
        rows.extend(measure(&plan).map_err(|error| format!("{name}: {error}"))?);
    }
    println!("{}", table::render(&rows));
    println!("Load average at the end: {}", machine::load_average()?);
    Ok(())
}

fn arguments() -> Outcome<(Plan, Option<String>)> {
    let names = MEASUREMENTS.map(|(name, _)| name);
    let mut plan = Plan { quick: false };
    let mut only = None;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => plan.quick = true,
            "--only" => {
                let name = words.next().filter(|name| names.contains(&name.as_str()));
                only = Some(name.ok_or_else(|| format!("--only takes one of {}", names.join(", ")))?);
            }
            other => return Err(format!("`{other}` is not known: there are --quick and --only NAME").into()),
        }
    }
    Ok((plan, only))
}
