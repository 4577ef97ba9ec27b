//! Which takes a stream is made of, and which ones it is measured on.

use std::collections::BTreeSet;
use std::path::Path;

use learn::data::rendered::{Dataset, Split};
use learn::eval::sync_report::chosen_takes;
use miette::{IntoDiagnostic, ensure};
use recipe::{StreamRecipe, StreamSession};
use take::{Session, SessionTake, session};

/// The sessions of a stream in their order, and the frozen set.
pub struct Stream {
    pub sessions: Vec<SessionTakes>,
    /// Takes of unseen people.
    pub frozen: Vec<usize>,
}

/// One session, by indices of takes in the dataset.
pub struct SessionTakes {
    pub name: String,
    /// What is learned from, in order of time.
    pub learned: Vec<usize>,
    /// What shows what is retained of it.
    pub held_back: Vec<usize>,
    /// Instants of `learned`.
    pub moments: usize,
}

/// The names of all takes that a study needs.
///
/// # Errors
/// If the session cannot be read.
pub fn wanted(recipe: &StreamRecipe, folder: &Path) -> miette::Result<BTreeSet<String>> {
    let takes = Session::read(folder).into_diagnostic()?.takes;
    let unseen: Vec<SessionTake> = takes.iter().filter(|take| take.split == session::Split::HeldOut).cloned().collect();
    let mut wanted = chosen_takes(&unseen, recipe.measured.takes_of_each, 0);
    let train = takes.iter().filter(|take| take.split == session::Split::Train);
    wanted.extend(train.filter(|take| recipe.session.iter().any(|of| belongs(of, take))).map(|take| take.name.clone()));
    Ok(wanted)
}

fn belongs(session: &StreamSession, take: &SessionTake) -> bool {
    session.people.contains(&take.person) && session.environments.contains(&take.environment)
}

impl Stream {
    /// # Errors
    /// If a session has no takes, two share one, or nobody is held out.
    pub fn of(recipe: &StreamRecipe, dataset: &Dataset) -> miette::Result<Self> {
        let of_split = |split| {
            let takes = dataset.takes().iter().enumerate();
            takes.filter(move |(_, take)| take.split == split).map(|(index, _)| index)
        };
        let frozen: Vec<usize> = of_split(Split::HeldOut).collect();
        ensure!(!frozen.is_empty(), "no take of the session is held out, to measure on");
        let mut used = BTreeSet::new();
        let mut sessions = Vec::new();
        for session in &recipe.session {
            let about = |take: usize| &dataset.takes()[take].about;
            let mut takes: Vec<usize> = of_split(Split::Train).filter(|&take| belongs(session, about(take))).collect();
            let place = |take: usize| session.people.iter().position(|person| *person == about(take).person);
            takes.sort_by_key(|&take| (place(take), about(take).name.clone()));
            let most = if session.takes == 0 { takes.len() } else { session.takes.min(takes.len()) };
            let takes: Vec<usize> = (0..most).map(|at| takes[at * takes.len() / most]).collect();
            let every = recipe.measured.held_back;
            let is_back = |at: usize| at % every == every - 1;
            let pick = |back: bool| (0..takes.len()).filter(|&at| is_back(at) == back).map(|at| takes[at]).collect();
            let (learned, held_back): (Vec<usize>, Vec<usize>) = (pick(false), pick(true));
            let name = &session.name;
            ensure!(
                !learned.is_empty() && !held_back.is_empty(),
                "session {name} of the recipe has {} takes in these places: too few to hold every {every}th back",
                takes.len()
            );
            ensure!(
                takes.iter().all(|&take| used.insert(take)),
                "session {name} of the recipe shares a take with another"
            );
            let moments = learned.iter().map(|&take| dataset.takes()[take].instants.len()).sum();
            sessions.push(SessionTakes { name: name.clone(), learned, held_back, moments });
        }
        Ok(Self { sessions, frozen })
    }

    /// What it is, for people.
    pub fn words(&self, dataset: &Dataset) -> String {
        let distinct = |takes: &[usize], of: fn(&SessionTake) -> &str| {
            takes.iter().map(|&take| of(&dataset.takes()[take].about)).collect::<BTreeSet<_>>().len()
        };
        let session = |session: &SessionTakes| {
            let SessionTakes { name, learned, held_back, moments } = session;
            format!(
                "session {name}: {moments} moments in {} takes of {} people and {} actions; {} takes held back",
                learned.len(),
                distinct(learned, |take| &take.person),
                distinct(learned, |take| &take.action),
                held_back.len()
            )
        };
        let mut lines: Vec<String> = self.sessions.iter().map(session).collect();
        let people = distinct(&self.frozen, |take| &take.person);
        lines.push(format!("measured on {} takes of {people} unseen people", self.frozen.len()));
        lines.join("\n")
    }
}
