//! The parameters of a C3D file: values with names, in groups with names.

use std::collections::BTreeMap;

use super::bytes::{Bytes, Processor};
use super::{BLOCK, KEY};
use crate::markers::Tracks;

/// Size of what precedes the first group.
const HEAD: usize = 4;

pub(super) struct Parameters {
    pub processor: Processor,
    values: BTreeMap<(String, String), Value>,
}

enum Value {
    /// Texts of equal length, without the spaces at their ends.
    Texts(Vec<String>),
    Numbers(Vec<f64>),
}

impl Parameters {
    pub fn parse(file: &[u8]) -> Result<Self, String> {
        let begin = BLOCK * usize::from(file[0]).saturating_sub(1);
        let head = Bytes { file, processor: Processor::Intel };
        let processor = Processor::of(head.u8(begin + 3)?)?;
        let bytes = Bytes { file, processor };
        let end = begin + BLOCK * usize::from(head.u8(begin + 2)?).max(1);
        let mut groups = BTreeMap::new();
        let mut found = Vec::new();
        let mut at = begin + HEAD;
        while at + 2 <= end {
            let length = usize::from((bytes.u8(at)? as i8).unsigned_abs());
            let id = bytes.u8(at + 1)? as i8;
            if length == 0 {
                break;
            }
            let name = text(bytes.slice(at + 2, length)?).to_uppercase();
            let next = at + 2 + length;
            let body = next + 2;
            if id < 0 {
                groups.insert(id.unsigned_abs(), name);
            } else {
                found.push((id.unsigned_abs(), name, value(&bytes, body)?));
            }
            // Offsets are counted from where they stand; 0 ends the list.
            match usize::from(bytes.u16(next)?) {
                0 => break,
                offset => at = next + offset,
            }
        }
        let named = |(id, name, value): (u8, String, Option<Value>)| Some(((groups.get(&id)?.clone(), name), value?));
        Ok(Self { processor, values: found.into_iter().filter_map(named).collect() })
    }

    fn value(&self, group: &str, name: &str) -> Option<&Value> {
        self.values.get(&(group.to_owned(), name.to_owned()))
    }

    fn numbers(&self, group: &str, name: &str) -> Option<&[f64]> {
        match self.value(group, name)? {
            Value::Numbers(numbers) => Some(numbers),
            Value::Texts(_) => None,
        }
    }

    pub fn number(&self, group: &str, name: &str) -> Option<f64> {
        self.numbers(group, name)?.first().copied()
    }

    /// All texts of a parameter, none if it is not there.
    pub fn texts(&self, group: &str, name: &str) -> Vec<String> {
        match self.value(group, name) {
            Some(Value::Texts(texts)) => texts.clone(),
            _ => vec![],
        }
    }

    pub fn text(&self, group: &str, name: &str) -> Option<String> {
        self.texts(group, name).into_iter().next()
    }

    /// The names of this many points. Those beyond the 255th stand in parameters of their own.
    pub fn labels(&self, points: usize) -> Vec<String> {
        let part = |number: usize| match number {
            1 => self.texts("POINT", "LABELS"),
            _ => self.texts("POINT", &format!("LABELS{number}")),
        };
        (1..=points.div_ceil(255)).flat_map(part).take(points).collect()
    }

    /// How many frames it says that it has, where the header's 16 bits may not do.
    pub fn frames(&self) -> Option<usize> {
        // Integers have 16 bits without a sign here.
        let unsigned = |value: f64| if value < 0.0 { value + 65536.0 } else { value };
        let long = |name: &str| match self.numbers("TRIAL", name)? {
            [low, high, ..] => Some(unsigned(*low) + 65536.0 * unsigned(*high)),
            _ => None,
        };
        let span = || Some(long("ACTUAL_END_FIELD")? - long("ACTUAL_START_FIELD")? + 1.0);
        let frames = span().or_else(|| self.number("POINT", "FRAMES").map(unsigned))?;
        (frames >= 1.0).then_some(frames as usize)
    }
}

/// The value that begins here: its type, the number of its dimensions, these, then the data.
fn value(bytes: &Bytes<'_>, at: usize) -> Result<Option<Value>, String> {
    let size = match bytes.u8(at)? as i8 {
        -1 | 1 => 1,
        2 => 2,
        4 => 4,
        // Of a kind that no version of the format knows.
        _ => return Ok(None),
    };
    let dimensions = usize::from(bytes.u8(at + 1)?);
    let sides: Vec<usize> = bytes.slice(at + 2, dimensions)?.iter().map(|side| usize::from(*side)).collect();
    let count = sides.iter().try_fold(1usize, |count, side| count.checked_mul(*side));
    let begin = at + 2 + dimensions;
    // Whether all data are there; so numbers that are too large end here.
    let count = count.ok_or("a parameter has too many values")?;
    let data = bytes.slice(begin, count.checked_mul(size).ok_or("a parameter has too many values")?)?;
    Ok(Some(match bytes.u8(at)? as i8 {
        -1 => {
            let length = sides.first().copied().unwrap_or(1).max(1);
            Value::Texts(data.chunks(length).map(text).collect())
        }
        1 => Value::Numbers(data.iter().map(|byte| f64::from(*byte)).collect()),
        2 => Value::Numbers((0..count).map(|n| bytes.i16(begin + 2 * n).map(f64::from)).collect::<Result<_, _>>()?),
        _ => Value::Numbers((0..count).map(|n| bytes.f32(begin + 4 * n).map(f64::from)).collect::<Result<_, _>>()?),
    }))
}

/// Text without the spaces and zeros at its ends. The format says nothing of bytes beyond ASCII.
fn text(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0').to_owned()
}

/// The blocks of parameters of a file that an Intel processor writes.
pub(super) fn render(tracks: &Tracks, frames: usize) -> Vec<u8> {
    let integer = |value: usize| (2i8, vec![], (value.min(0xffff) as u16).to_le_bytes().to_vec());
    let float = |value: f64| (4i8, vec![], (value as f32).to_le_bytes().to_vec());
    let text = |value: &str| (-1i8, vec![value.len() as u8], value.as_bytes().to_vec());
    let ascii = |name: &String| -> Vec<u8> {
        name.chars().map(|letter| if letter.is_ascii() { letter as u8 } else { b'_' }).take(255).collect()
    };
    let names: Vec<Vec<u8>> = tracks.names.iter().map(ascii).collect();
    let longest = names.iter().map(Vec::len).max().unwrap_or_default().max(1);
    let padded = names.iter().flat_map(|name| name.iter().copied().chain(std::iter::repeat(b' ')).take(longest));
    let labels = (-1i8, vec![longest as u8, names.len() as u8], padded.collect());

    let mut bytes = vec![0, 0, 0, 84];
    let mut entry = |name: &str, id: i8, body: Vec<u8>| {
        bytes.extend([name.len() as u8, id as u8]);
        bytes.extend(name.as_bytes());
        // The offset counts itself.
        bytes.extend((body.len() as u16 + 2).to_le_bytes());
        bytes.extend(body);
    };
    entry("POINT", -1, vec![0]);
    for (name, (kind, sides, data)) in [
        ("USED", integer(names.len())),
        ("SCALE", float(-1.0)),
        ("RATE", float(tracks.rate_hz)),
        ("FRAMES", integer(frames)),
        ("UNITS", text("mm")),
        ("Y_SCREEN", text("+Z")),
        ("LABELS", labels),
    ] {
        let mut body = vec![kind as u8, sides.len() as u8];
        body.extend(sides);
        body.extend::<Vec<u8>>(data);
        body.push(0);
        entry(name, 1, body);
    }
    entry("TRIAL", -2, vec![0]);
    let first = tracks.frames.first().map_or(0, |frame| frame.source_index as usize) + 1;
    for (name, value) in [("ACTUAL_START_FIELD", first), ("ACTUAL_END_FIELD", first + frames - 1)] {
        let mut body = vec![2, 1, 2];
        body.extend((value as u32).to_le_bytes());
        body.push(0);
        entry(name, 2, body);
    }
    bytes.extend([0, 0]);
    let blocks = bytes.len().div_ceil(BLOCK);
    bytes.resize(blocks * BLOCK, 0);
    bytes[0] = 1;
    bytes[1] = KEY;
    bytes[2] = blocks as u8;
    bytes
}
