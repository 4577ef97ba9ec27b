//! The result of a check, as text and as JSON.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Ok,
    /// A session works, but not as well as it could.
    Warning,
    /// A session does not start, or loses pictures.
    Failure,
    NotApplicable,
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    pub name: String,
    pub state: State,
    /// What was found, with figures.
    pub found: String,
    /// A command, or a line of the rig.
    pub remedy: Option<String>,
}

impl Finding {
    pub fn ok(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self { name: name.into(), state: State::Ok, found: found.into(), remedy: None }
    }

    pub fn warning(name: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name: name.into(), state: State::Warning, found: found.into(), remedy: Some(remedy.into()) }
    }

    pub fn failure(name: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Failure, ..Self::warning(name, found, remedy) }
    }

    pub fn not_applicable(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { state: State::NotApplicable, ..Self::ok(name, why) }
    }

    /// Logs it if there is something to do.
    pub fn log(&self) {
        if let Some(remedy) = &self.remedy {
            tracing::warn!("{}: {}; {remedy}", self.name, self.found);
        }
    }

    /// An aligned line, with the remedy below it.
    pub fn to_text(&self, name_width: usize) -> String {
        let state = match self.state {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Failure => "FAILURE",
            State::NotApplicable => "-",
        };
        let mut text = format!("{state:<7}  {:<name_width$}  {}", self.name, self.found);
        if let Some(remedy) = &self.remedy {
            text += &format!("\n{:>width$}  -> {remedy}", "", width = 9 + name_width);
        }
        text
    }
}
