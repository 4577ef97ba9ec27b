//! The secret that admits to a page which others than this machine's programs can reach.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use subtle::ConstantTimeEq;

use super::error::PageError;

/// The environment variable that holds a token.
pub const VARIABLE: &str = "GENLOCK_PAGE_TOKEN";
/// A shorter one could be found by trying.
const SHORTEST: usize = 16;
const LONGEST: usize = 512;

/// A token. It is never printed.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Reads it from a file, else from the environment; `None` where neither has one.
    ///
    /// # Errors
    /// The file cannot be read, or what it holds is no token.
    pub fn read(file: Option<&Path>) -> Result<Option<Self>, PageError> {
        match file {
            Some(path) => {
                let failed = |source| PageError::TokenFile { path: path.to_owned(), source };
                let text = std::fs::read_to_string(path).map_err(failed)?;
                if path.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
                    tracing::warn!("other users may read {0}; `chmod 600 {0}` stops that", path.display());
                }
                Self::parse(&text, &path.display().to_string()).map(Some)
            }
            None => match std::env::var(VARIABLE) {
                Ok(text) if !text.is_empty() => Self::parse(&text, VARIABLE).map(Some),
                Ok(_) | Err(std::env::VarError::NotPresent) => Ok(None),
                Err(std::env::VarError::NotUnicode(_)) => Self::parse("", VARIABLE).map(Some),
            },
        }
    }

    /// `from` names where the text comes from.
    pub fn parse(text: &str, from: &str) -> Result<Self, PageError> {
        let token = text.trim();
        let plain = token.bytes().all(|byte| byte.is_ascii_graphic());
        if plain && (SHORTEST..=LONGEST).contains(&token.len()) {
            Ok(Self(token.to_owned()))
        } else {
            Err(PageError::NoSuchToken { from: from.to_owned(), shortest: SHORTEST, longest: LONGEST })
        }
    }

    /// In a time that does not depend on where the two differ.
    pub fn is(&self, given: &str) -> bool {
        same(&self.0, given)
    }

    /// The value of the header `Authorization`.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// Whether two secrets are the same, in a time that depends on their lengths alone.
pub fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_or_has_spaces_is_no_token() {
        for text in ["", "short", "fifteen letters", "sixteen letters and spaces", "ünïcödé-ünïcödé", &"x".repeat(513)]
        {
            let said = Token::parse(text, "the test").unwrap_err().to_string();
            assert!(said.contains("the test") && said.contains("16"), "{said}");
            assert!(text.is_empty() || !said.contains(text), "the error shows what was given");
        }
    }

    #[test]
    fn a_token_is_only_itself_and_is_not_printed() {
        let token = Token::parse(" 0123456789abcdef\n", "the test").unwrap();
        assert!(token.is("0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0"] {
            assert!(!token.is(other), "{other}");
        }
        assert!(!format!("{token:?}").contains("0123"));
    }
}
