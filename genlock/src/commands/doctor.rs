//! `genlock doctor`: prints what a session of a rig would fail on.

use miette::{IntoDiagnostic, bail};
use serde_json::json;

use crate::cli::DoctorArgs;
use crate::doctor::{self, State};

/// Exit code 1 where anything fails.
pub fn run(args: &DoctorArgs) -> miette::Result<()> {
    let findings = doctor::examine(&args.rig, args.host.as_deref(), args.record.as_deref());
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let (failures, warnings) = (count(State::Failure), count(State::Warning));
    if args.json {
        let report = json!({ "failures": failures, "warnings": warnings, "checks": findings });
        println!("{}", serde_json::to_string_pretty(&report).into_diagnostic()?);
    } else {
        let width = findings.iter().map(|finding| finding.name.chars().count()).max().unwrap_or(0);
        findings.iter().for_each(|finding| println!("{}", finding.to_text(width)));
    }
    match failures {
        0 => Ok(()),
        1 => bail!("one check fails; its remedy is above"),
        failures => bail!("{failures} checks fail; their remedies are above"),
    }
}
