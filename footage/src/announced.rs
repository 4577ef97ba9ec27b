//! What a file announces, against what can be decoded.

use frame::Problem;

use crate::probe::Track;
use crate::watch::Watched;

/// More than this part may not be missing inside or at the end, nor this one at the beginning, where pictures often lean on
/// some before that were cut off.
const MAX_MISSING: f64 = 0.1;
const MAX_AT_BEGINNING: f64 = 0.4;

/// Announced pictures that cannot be decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Before the first that can.
    pub first: u64,
    /// Between others.
    pub inside: u64,
    /// After the last.
    pub last: u64,
    /// The time of the first picture that is announced, in ticks, where that is before the first one decoded.
    pub begins: Option<i64>,
}

impl Missing {
    /// `None` if all can be decoded.
    pub fn of(track: &Track, watched: &Watched, period_s: f64) -> Option<Self> {
        let (&first, &last) = (watched.times.first()?, watched.times.last()?);
        let mut missing = Self::default();
        let decoded = watched.pictures() as u64;
        // Packets of VP8 need not show anything, and those of interlaced videos may be half a picture.
        let comparable = track.codec != "vp8" && watched.interlaced == 0 && !track.interlaced;
        let lacking = if comparable { watched.shown_packets.saturating_sub(decoded) } else { 0 };
        if lacking > 0 {
            let times: std::collections::BTreeSet<i64> = watched.times.iter().copied().collect();
            let mut absent = watched.announced.difference(&times).take(lacking as usize).copied().peekable();
            missing.begins = absent.peek().copied().filter(|time| *time < first);
            for time in absent {
                match time {
                    _ if time < first => missing.first += 1,
                    _ if time > last => missing.last += 1,
                    _ => missing.inside += 1,
                }
            }
            // Where packets have no times.
            missing.inside += lacking - (missing.first + missing.inside + missing.last);
        }
        // A file that was cut off ends before its header says.
        if let Some(duration_s) = track.duration_s {
            let shown_s = (last - missing.begins.unwrap_or(first)) as f64 * track.tick_s + period_s;
            let cut = ((duration_s - shown_s) / period_s).round() as i64;
            let known = missing.first + missing.inside + watched.hidden_packets + decoded;
            let cut = match track.indexed {
                // The last picture may be shown for long.
                Some(indexed) => cut.min(indexed as i64 - known as i64),
                None => cut,
            };
            // Durations are rounded, to a picture more or less.
            if cut > 1 {
                missing.last = missing.last.max(cut as u64);
            }
        }
        (missing.total() > 0).then_some(missing)
    }

    fn total(&self) -> u64 {
        self.first + self.inside + self.last
    }

    /// The missing pictures in words.
    ///
    /// # Errors
    /// Too many are missing.
    pub fn check(&self, watched: &Watched) -> Result<String, Problem> {
        let decoded = watched.pictures() as u64;
        let announced = decoded + self.total();
        let places = [(self.first, "at the beginning"), (self.inside, "inside"), (self.last, "at the end")];
        let places: Vec<_> =
            places.iter().filter(|(count, _)| *count > 0).map(|(count, place)| format!("{count} {place}")).collect();
        let places = places.join(", ");
        let said = if watched.words.is_empty() { String::new() } else { format!("; ffmpeg says: {}", watched.words) };
        let part = |count: u64| count as f64 / announced as f64;
        if part(self.inside + self.last) > MAX_MISSING || part(self.first) > MAX_AT_BEGINNING {
            return Err(Problem::with_remedy(
                format!("only {decoded} of {announced} announced pictures can be decoded ({places} are missing){said}"),
                "copy it anew from the camera, or cut off what cannot be played",
            ));
        }
        Ok(format!("{} of {announced} announced pictures cannot be decoded ({places}){said}", self.total()))
    }
}
