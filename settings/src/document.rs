//! A TOML file, changed by words of the command line and parsed into a type.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::SettingsError;
use crate::explain::explain;

/// The text of a file, possibly changed by words of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    origin: String,
    text: String,
    /// Whether the text is still the file's, so that errors can name its lines.
    as_written: bool,
}

impl Document {
    /// `origin` is the file's name in errors.
    pub fn new(text: impl Into<String>, origin: impl Into<String>) -> Self {
        Self { origin: origin.into(), text: text.into(), as_written: true }
    }

    /// The text of a file, whose path is the origin.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let origin = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Ok(Self::new(text, origin)),
            Err(source) => Err(SettingsError::unreadable(&origin, "", "the file", source)),
        }
    }

    /// Overrides values. Words are `key=value` with dotted keys, such as `transfer.train=linear`; a value that is not
    /// TOML is taken as a string.
    ///
    /// # Errors
    /// If the text is not TOML, or a word is not `key=value`.
    pub fn set(self, words: &[String]) -> Result<Self, SettingsError> {
        if words.is_empty() {
            return Ok(self);
        }
        let mut table = self.table()?;
        for word in words {
            let wrong =
                || SettingsError::new(&self.origin, "", format!("{word:?} is not key=value"), "write key=value");
            merge(&mut table, one_key(word).ok_or_else(wrong)?);
        }
        Ok(Self { text: table.to_string(), as_written: false, ..self })
    }

    /// The name for errors.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// TOML.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Deserializes the text. Ranges are left to the caller; see [`crate::within`].
    ///
    /// # Errors
    /// The first problem found: syntax, an unknown or missing key, a value of the wrong type.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        let deserializer = toml::Deserializer::parse(&self.text).map_err(|error| self.syntax(&error))?;
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let path = error.path().to_string();
            let inner = error.into_inner();
            let key = if path == "." { "" } else { &path };
            explain(&self.origin, key, inner.message()).at_line(self.line_of(&inner))
        })
    }

    /// [`Self::parse`] for a format with a `version` key. The version is checked first, since another version may have
    /// other keys, and errors about those would mislead.
    ///
    /// # Errors
    /// As [`Self::parse`]; also if `version` is present and differs from `version`. Whether the key is required, `T`
    /// decides.
    pub fn parse_version<T: DeserializeOwned>(&self, version: u32) -> Result<T, SettingsError> {
        let found = self.table()?.remove("version");
        if let Some(found) = found.filter(|found| found.as_integer() != Some(i64::from(version))) {
            let problem = format!("version {found} is not one that this program knows");
            return Err(SettingsError::new(&self.origin, "version", problem, format!("write version = {version}")));
        }
        self.parse()
    }

    fn table(&self) -> Result<toml::Table, SettingsError> {
        toml::from_str(&self.text).map_err(|error| self.syntax(&error))
    }

    fn syntax(&self, error: &toml::de::Error) -> SettingsError {
        SettingsError::new(&self.origin, "", error.message(), "correct the TOML syntax there")
            .at_line(self.line_of(error))
    }

    fn line_of(&self, error: &toml::de::Error) -> Option<usize> {
        let start = error.span().filter(|_| self.as_written)?.start.min(self.text.len());
        Some(self.text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1)
    }
}

/// `a.b=c` as a table.
fn one_key(word: &str) -> Option<toml::Table> {
    let (key, value) = word.split_once('=')?;
    let text = toml::Value::String(value.to_owned());
    let parsed = word.parse::<toml::Table>().or_else(|_| format!("{key} = {text}").parse());
    parsed.ok().filter(|table| table.len() == 1)
}

fn merge(into: &mut toml::Table, from: toml::Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(value)) => merge(below, value),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::Fault;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Lamp {
        version: u32,
        name: String,
        bulb: Bulb,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Bulb {
        power_w: f64,
        size_mm: [u32; 2],
    }

    const LAMP: &str = "version = 1\nname = \"desk\"\n[bulb]\npower-w = 4.5\nsize-mm = [40, 60]\n";

    fn lamp() -> Document {
        Document::new(LAMP, "lamp.toml")
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn words_change_values() {
        let changed = lamp().set(&words(&["bulb.size-mm=[1, 2]", "name=two words"])).unwrap();
        let expected = Lamp { version: 1, name: "two words".into(), bulb: Bulb { power_w: 4.5, size_mm: [1, 2] } };
        assert_eq!(changed.parse_version::<Lamp>(1).unwrap(), expected);
        assert_eq!(lamp().set(&[]).unwrap().text(), LAMP);
    }

    #[test]
    fn errors_name_file_line_key_and_remedy() {
        let said = |document: Document| document.parse_version::<Lamp>(1).unwrap_err().to_string();
        let edited = |from: &str, to: &str| said(Document::new(LAMP.replace(from, to), "lamp.toml"));
        assert_eq!(
            edited("power-w", "powr-w"),
            "lamp.toml, line 4, bulb.powr-w: there is no key `powr-w`; did you mean `power-w`?"
        );
        assert_eq!(
            edited("version = 1", "version = 2"),
            "lamp.toml, version: version 2 is not one that this program \
             knows; write version = 1"
        );
        assert!(edited("4.5", "\"much\"").starts_with("lamp.toml, line 4, bulb.power-w: invalid type"));
        assert!(edited("4.5", "4.5.6").starts_with("lamp.toml, line 4: "), "{}", edited("4.5", "4.5.6"));
        // The lines of a changed text are not the file's.
        let changed = lamp().set(&words(&["bulb.power-w=much"])).unwrap();
        assert!(said(changed).starts_with("lamp.toml, bulb.power-w: invalid type"));
    }

    #[test]
    fn faults_are_told_apart() {
        let fault = |from: &str, to: &str| {
            Document::new(LAMP.replace(from, to), "").parse::<Lamp>().unwrap_err().fault().clone()
        };
        assert_eq!(fault("power-w", "watts"), Fault::UnknownKey("watts".into()));
        assert_eq!(fault("name = \"desk\"", ""), Fault::MissingKey("name".into()));
        assert_eq!(fault("4.5", "\"much\""), Fault::Other);
    }

    #[test]
    fn a_word_must_be_one_key_and_a_value() {
        for word in ["name", "name=\"a\"\nversion=2"] {
            assert!(lamp().set(&words(&[word])).is_err(), "{word:?}");
        }
    }
}
