//! Scores the takes of sessions with the network, or reads scores that were kept.

use std::path::{Path, PathBuf};

use learn::eval::sync_report::{PretrainedSync, chosen_takes};
use learn::health::{TakeScores, Witness};
use miette::{IntoDiagnostic, WrapErr, ensure, miette};
use take::Session;
use tch::Device;

use super::SyncHealthArgs;
use crate::commands::reading;

/// BatchNorm's statistics are recomputed on so many takes of each person that the network learned from.
const CALIBRATION_TAKES: usize = 1;

/// The scores of all takes, in the order of the sessions, at shifts of up to `reach` frames.
pub fn scores(args: &SyncHealthArgs, network: &Path, reach: usize) -> miette::Result<Vec<TakeScores>> {
    let device = model::start();
    let mut witness = None;
    let mut all = Vec::new();
    for session in &args.stream {
        for take in Session::read(session).into_diagnostic()?.takes {
            let kept = args.scores.as_ref().map(|folder| kept_as(folder, session, &take.name));
            let read = match &kept {
                Some(file) if file.is_file() => Some(read(file)?),
                _ => None,
            };
            if let Some(scores) = read.filter(|scores: &TakeScores| scores.reach >= reach) {
                all.push(scores);
                continue;
            }
            let witness = match &mut witness {
                Some(witness) => witness,
                none => none.insert(open(args, network, device)?),
            };
            let scores = score(witness, session, &take.name, reach, device)?;
            if let Some(file) = &kept {
                write(file, &scores)?;
            }
            all.push(scores);
        }
    }
    ensure!(!all.is_empty(), "no session of `--stream` has a take");
    Ok(all)
}

/// A network, and how its pictures are read.
struct Opened {
    witness: Witness,
    data: recipe::DataConfig,
}

fn open(args: &SyncHealthArgs, network: &Path, device: Device) -> miette::Result<Opened> {
    let pretrained = PretrainedSync::open(network, &[], device).into_diagnostic()?;
    let data = recipe::DataConfig { every: 1, ..pretrained.recipe().data };
    let learned_from = match &args.learned_from {
        Some(session) if !pretrained.is_finished() => {
            let takes = Session::read(session).into_diagnostic()?.takes;
            let takes: Vec<_> = takes.into_iter().filter(|take| take.split.name() == "train").collect();
            let chosen = chosen_takes(&takes, CALIBRATION_TAKES, 0);
            Some(reading::takes_of_session(session, |take| chosen.contains(&take.name), &data, device)?)
        }
        _ => None,
    };
    let [step, steps] = pretrained.progress();
    eprintln!("the network is at step {step} of {steps} of its pretraining");
    let witness = Witness::new(pretrained, network, learned_from.as_ref(), device).into_diagnostic()?;
    Ok(Opened { witness, data })
}

fn score(opened: &Opened, session: &Path, take: &str, reach: usize, device: Device) -> miette::Result<TakeScores> {
    let dataset = reading::takes_of_session(session, |of| of.name == take, &opened.data, device)?;
    TakeScores::of(&opened.witness, &dataset, 0, reach).into_diagnostic()
}

fn kept_as(folder: &Path, session: &Path, take: &str) -> PathBuf {
    let session = session.file_name().map_or_else(|| "session".into(), |name| name.to_string_lossy());
    folder.join(format!("{session}-{take}.json"))
}

fn read(file: &Path) -> miette::Result<TakeScores> {
    let text = std::fs::read_to_string(file).into_diagnostic().wrap_err_with(|| file.display().to_string())?;
    serde_json::from_str(&text).map_err(|error| miette!("{} holds no scores: {error}", file.display()))
}

fn write(file: &Path, scores: &TakeScores) -> miette::Result<()> {
    let write = || -> std::io::Result<()> {
        file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(file, serde_json::to_vec(scores)?)
    };
    write().into_diagnostic().wrap_err_with(|| format!("writing {}", file.display()))
}
