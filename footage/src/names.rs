//! Names of cameras, and their order.

use std::cmp::Ordering;

use calibration_free_config::SafeName;
use deunicode::deunicode;

/// The order in which people count: cam2 comes before cam10. Names that differ only in zeros or case keep an order, too.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (x, y) = (piece(&mut left), piece(&mut right));
        let order = match (x, y) {
            ("", "") => return a.cmp(b),
            (x, y) if is_number(x) && is_number(y) => {
                let (x, y) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
                x.len().cmp(&y.len()).then_with(|| x.cmp(y))
            }
            (x, y) => x.to_lowercase().cmp(&y.to_lowercase()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn is_number(piece: &str) -> bool {
    piece.starts_with(|c: char| c.is_ascii_digit())
}

/// Takes the digits, or what is no digit, off the beginning.
fn piece<'a>(text: &mut &'a str) -> &'a str {
    let number = is_number(text);
    let end = text.find(|c: char| c.is_ascii_digit() != number).unwrap_or(text.len());
    let (piece, rest) = text.split_at(end);
    *text = rest;
    piece
}

/// A camera's name as a rig allows it: letters of other alphabets are written as they sound, and `-` stands for every other
/// character. `None` if nothing is left.
pub fn safe(name: &str) -> Option<SafeName> {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = deunicode(name).trim().chars().map(allowed).collect();
    let name = name.trim_start_matches(['-', '.']);
    SafeName::new(name[..name.len().min(64)].trim_end_matches(['-', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_as_numbers() {
        let mut names = ["cam10", "cam2", "b", "cam1", "cam02b", "Cam3", "cam", "7", "10"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["7", "10", "b", "cam", "cam1", "cam2", "cam02b", "Cam3", "cam10"]);
    }

    #[test]
    fn a_name_becomes_one_that_a_rig_allows() {
        let safe = |name: &str| safe(name).map(|name| name.to_string());
        assert_eq!(safe("cam 1").as_deref(), Some("cam-1"));
        assert_eq!(safe("a\\b").as_deref(), Some("a-b"));
        assert_eq!(safe("-x").as_deref(), Some("x"));
        // The same in one character and in two.
        assert_eq!(safe("M\u{fc}ller").as_deref(), Some("Muller"));
        assert_eq!(safe("Mu\u{308}ller").as_deref(), Some("Muller"));
        assert_eq!(safe("\u{5de6} 1").as_deref(), Some("Zuo-1"));
        assert_eq!(safe("50%.v2.").as_deref(), Some("50-.v2"));
        assert_eq!(safe(&"x".repeat(99)).map(|name| name.len()), Some(64));
        assert_eq!(safe("\u{30ab}\u{30e1}\u{30e9}").as_deref(), Some("kamera"));
        assert_eq!(safe("\u{308}"), None);
    }
}
