use calibration_free_config::Rig;
use frame::monotonic_now_ns;
use miette::IntoDiagnostic;

use super::live;
use crate::cli::{Rate, RunArgs};
use crate::source::Source;

/// A rig's cameras, live, as its file describes them; words of the command line come first.
pub fn run(args: &RunArgs) -> miette::Result<()> {
    let begun_ns = monotonic_now_ns();
    let (rig, warnings) = Rig::read(&args.rig).into_diagnostic()?;
    warnings.iter().for_each(|warning| tracing::warn!("{}: {warning}", args.rig.display()));
    let mut session = args.session.clone();
    session.listen.get_or_insert_with(|| rig.page.listen.to_string());
    if let Some(recording) = &rig.recording {
        session.record = session.record.or_else(|| (!session.no_record).then(|| recording.directory.clone()));
        session.budget_gb.get_or_insert(recording.budget_gb);
    }
    session.height_mm = session.height_mm.or(rig.people.map(|people| people.height_mm));
    let (name, subject) = (rig.name.to_string(), Some(rig.subject));
    let source = Source::rig(rig)?;
    live::run(&source, &session, &live::Plan { name: &name, rate: Rate::Auto, subject, begun_ns })
}
