//! The first pass: when each picture that can be decoded is shown.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::Path;

use frame::Problem;

use crate::child::Stream;
use crate::probe::Track;
use crate::tools::{Tools, url};

/// What of packets and pictures is asked for.
const ENTRIES: &str = "packet=pts,flags:\
                       frame=best_effort_timestamp,width,height,sample_aspect_ratio,interlaced_frame";

/// A track as it was decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    /// The times of the pictures in ticks, in the order in which they are shown; empty where they are not known.
    pub times: Vec<i64>,
    /// The times that pictures have of their own.
    known: Vec<Option<i64>>,
    /// Pictures without a time of their own, which were put evenly between others.
    pub timeless: usize,
    /// Times at which packets announce a picture, without those that an edit list hides; only where packets have times.
    pub announced: BTreeSet<i64>,
    /// Packets that announce a picture.
    pub shown_packets: u64,
    /// Packets that an edit list hides.
    pub hidden_packets: u64,
    /// Width and height of the first picture, before any rotation.
    pub size_px: [u32; 2],
    /// Width of a pixel over its height.
    pub pixel_aspect: f64,
    /// The first picture of another size.
    pub other_size: Option<(usize, [u32; 2])>,
    /// Pictures that are marked as interlaced.
    pub interlaced: usize,
    /// What ffmpeg said.
    pub words: String,
}

/// Decodes a track. `progress` gets the number of pictures so far.
pub fn watch(path: &Path, track: &Track, tools: &Tools, mut progress: impl FnMut(u64)) -> Result<Watched, Problem> {
    let index = track.index.to_string();
    let words = ["-v", "error", "-select_streams", &index, "-show_entries", ENTRIES, "-of", "compact", "-i"];
    let words = words.into_iter().map(Into::into).chain([url(path)]);
    let mut stream = Stream::start(&tools.ffprobe, words, tools.silence, |output, sender| {
        output.lines().try_for_each(|line| sender.send(line?).map_err(std::io::Error::other))
    })?;
    let mut watched = Watched { pixel_aspect: 1.0, ..Watched::default() };
    while let Some(line) = stream.next()? {
        let mut fields = line.split('|');
        match fields.next() {
            Some("packet") => watched.packet(fields),
            Some("frame") => {
                watched.picture(fields);
                progress(watched.pictures() as u64);
            }
            // Side data, which stands on lines of its own.
            _ => {}
        }
    }
    watched.words = stream.end()?.words;
    watched.times = evenly(&watched.known);
    Ok(watched)
}

/// Times for pictures that have none: evenly between those that have, as MPEG's program streams mean it. Nothing if
/// fewer than two have one.
fn evenly(known: &[Option<i64>]) -> Vec<i64> {
    let anchors: Vec<(usize, i64)> =
        known.iter().enumerate().filter_map(|(number, time)| Some((number, (*time)?))).collect();
    if anchors.len() < 2 {
        return anchors.iter().map(|(_, time)| *time).filter(|_| known.len() == 1).collect();
    }
    let mut after = 1;
    (0..known.len())
        .map(|number| {
            while anchors[after].0 < number && after + 1 < anchors.len() {
                after += 1;
            }
            let ((from, start), (to, end)) = (anchors[after - 1], anchors[after]);
            let share = (number as f64 - from as f64) / (to - from) as f64;
            start + (share * (end - start) as f64).round() as i64
        })
        .collect()
}

impl Watched {
    /// Pictures that were decoded.
    pub fn pictures(&self) -> usize {
        self.known.len()
    }

    fn packet<'a>(&mut self, fields: impl Iterator<Item = &'a str>) {
        let (mut time, mut hidden): (Option<i64>, bool) = (None, false);
        for (key, value) in fields.filter_map(|field| field.split_once('=')) {
            match key {
                "pts" => time = value.parse().ok(),
                "flags" => hidden = value.contains('D'),
                _ => {}
            }
        }
        if hidden {
            self.hidden_packets += 1;
        } else {
            self.shown_packets += 1;
            self.announced.extend(time);
        }
    }

    fn picture<'a>(&mut self, fields: impl Iterator<Item = &'a str>) {
        let (mut time, mut size, mut aspect): (Option<i64>, _, _) = (None, [0, 0], 1.0);
        for (key, value) in fields.filter_map(|field| field.split_once('=')) {
            match key {
                "best_effort_timestamp" => time = value.parse().ok(),
                "width" => size[0] = value.parse().unwrap_or(0),
                "height" => size[1] = value.parse().unwrap_or(0),
                "sample_aspect_ratio" => aspect = ratio(value).unwrap_or(1.0),
                "interlaced_frame" => self.interlaced += usize::from(value == "1"),
                _ => {}
            }
        }
        match self.pictures() {
            0 => (self.size_px, self.pixel_aspect) = (size, aspect),
            at if self.other_size.is_none() && size != self.size_px => self.other_size = Some((at, size)),
            _ => {}
        }
        self.timeless += usize::from(time.is_none());
        self.known.push(time);
    }
}

/// `4:3`; `None` for one that is not known (`0:1`, `N/A`).
fn ratio(text: &str) -> Option<f64> {
    let (over, under) = text.split_once(':')?;
    let value = over.parse::<f64>().ok()? / under.parse::<f64>().ok()?;
    (value.is_finite() && value > 0.0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_without_a_time_stand_evenly_between_others() {
        assert_eq!(evenly(&[Some(0), None, None, Some(30), Some(50), None]), [0, 10, 20, 30, 50, 70]);
        assert_eq!(evenly(&[None, Some(10), Some(20)]), [0, 10, 20]);
        assert_eq!(evenly(&[Some(5)]), [5]);
        assert!(evenly(&[None, Some(5), None]).is_empty());
        assert!(evenly(&[]).is_empty());
    }
}
