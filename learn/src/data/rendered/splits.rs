//! The split of a session into training and held-out takes.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use take::SessionTake;
use take::session;

use crate::LearnError;

/// The use of a take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Training.
    Train,
    /// Evaluation.
    HeldOut,
    /// Pretraining only: from real cameras, without labels.
    Recorded,
}

impl Split {
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => session::Split::Train.name(),
            Self::HeldOut => session::Split::HeldOut.name(),
            Self::Recorded => "recorded",
        }
    }
}

/// The split of each take.
///
/// # Errors
/// If a person or clip is in both splits.
pub(super) fn splits(session: &Path, takes: &[SessionTake]) -> Result<Vec<Split>, LearnError> {
    let wrong = |problem: String| LearnError::Session { session: session.to_owned(), problem };
    let split = |take: &SessionTake| match take.split {
        session::Split::Train => Split::Train,
        session::Split::HeldOut => Split::HeldOut,
    };
    let splits: Vec<Split> = takes.iter().map(split).collect();
    for (what, of) in [("person", (|take| &take.person) as fn(&SessionTake) -> &String), ("clip", |take| &take.clip)] {
        let on = |side| -> BTreeSet<&String> {
            takes.iter().zip(&splits).filter(|(_, split)| **split == side).map(|(take, _)| of(take)).collect()
        };
        let both: Vec<_> = on(Split::Train).intersection(&on(Split::HeldOut)).map(|name| name.as_str()).collect();
        if !both.is_empty() {
            return Err(wrong(format!(
                "the {what} {} is both in `{}` and in `{}`: training data would count as held-out",
                both.join(", "),
                Split::Train.name(),
                Split::HeldOut.name()
            )));
        }
    }
    Ok(splits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(takes: &[(&str, &str, session::Split)], expect: Result<&[Split], &str>) {
        let take = |&(person, clip, split): &(&str, &str, session::Split)| SessionTake {
            name: "t".into(),
            person: person.into(),
            clip: clip.into(),
            action: "walk".into(),
            environment: "hall".into(),
            split,
        };
        let takes: Vec<SessionTake> = takes.iter().map(take).collect();
        match (splits(Path::new("here"), &takes), expect) {
            (Ok(got), Ok(wanted)) => assert_eq!(got, wanted),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (got, wanted) => panic!("{got:?} where {wanted:?} was expected"),
        }
    }

    #[test]
    fn sides_share_neither_people_nor_clips() {
        use session::Split::{HeldOut, Train};
        check(&[("a", "1", Train), ("b", "2", HeldOut)], Ok(&[Split::Train, Split::HeldOut]));
        check(&[("a", "1", Train), ("a", "2", HeldOut)], Err("the person a is both in `train` and in `held-out`"));
        check(&[("a", "1", Train), ("b", "1", HeldOut)], Err("the clip 1 is both"));
        check(&[("a", "1", HeldOut)], Ok(&[Split::HeldOut]));
    }
}
