//! What differs between two pictures of one camera.

use super::shift::{ALIKE, is_displaced, is_kept, likeness, shift};
use super::thumbnail::{Cell, Thumbnail};

/// The fewest cells with texture by which a place is recognised.
const MIN_TEXTURED: usize = 6;
/// How many of them each outer third of the picture must have. Before a plain wall, all texture is of people.
const MIN_ON_EACH_SIDE: usize = 2;
/// A camera may have been moved where no more than this share of the cells with texture is kept. The rest may be people.
const KEPT_IF_MOVED: f32 = 0.3;
/// The place is another one where no more than this share is, which is as much as is kept by chance.
const KEPT_ELSEWHERE: f32 = 0.15;
/// A picture in which half of the cells with texture are less alike than this may be of a camera that was pushed a little.
const UNLIKE: f32 = 0.95;
/// Brightness counts as changed beyond this ratio,
const RATIO: f32 = 1.12;
/// and this many levels of 255;
const LEVELS: f32 = 6.0;
/// levels that are added to both, so that noise in the dark is no ratio.
const FLOOR: f32 = 12.0;
/// The share of the cells with texture that must show the same in another light,
const RELIT: f32 = 0.35;
/// or of all cells that must be brighter, or darker, and show nothing else.
const ALL_RELIT: f32 = 0.65;
/// How much the deviation of brightness in a cell varies without any cause, in levels of 255.
const NOISE: f32 = 2.0;

/// How a picture compares with one before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Comparison {
    pub difference: Difference,
    /// The ratio of brightness to before, of what is not covered by people.
    pub gain: f32,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Difference {
    /// Nothing but what people may cover.
    None,
    /// The light.
    Light,
    /// The place of everything, in pixels of the thumbnail right and down.
    Place([i32; 2]),
    /// The place of most things by a little, each in its own direction.
    Places,
    /// Hardly anything is recognised.
    Everything,
}

/// `closely`: whether a camera that was pushed a little is looked for, too, which takes a millisecond.
pub(super) fn compare(before: &Thumbnail, now: &Thumbnail, closely: bool) -> Comparison {
    if (before.width, before.height) != (now.width, now.height) {
        return Comparison { difference: Difference::Everything, gain: 1.0 };
    }
    let pairs = || before.cells.iter().zip(&now.cells);
    let is_textured = |(cell, _): &(&Cell, &Cell)| cell.is_textured();
    let likeness: Vec<f32> = pairs().filter(is_textured).map(|(cell, _)| likeness(before, now, cell)).collect();
    let alike = pairs().filter(is_textured).zip(&likeness).filter(|(_, likeness)| **likeness >= ALIKE);
    let kept: Vec<_> = alike.map(|(pair, _)| pair).collect();
    let textured = likeness.len();
    let recognised = textured >= MIN_TEXTURED && shows_a_place(before);
    let kept_at_most = |share: f32| recognised && kept.len() as f32 <= share * textured as f32;
    let gain = if kept.len() >= MIN_TEXTURED { gain(kept.iter().copied()) } else { gain(pairs()) };
    if let Some(by) = kept_at_most(KEPT_IF_MOVED).then(|| shift(before, now)).flatten() {
        return Comparison { difference: Difference::Place(by), gain };
    }
    let unlike = likeness.iter().filter(|likeness| **likeness < UNLIKE).count();
    if closely && recognised && 2 * unlike > textured && is_displaced(before, now) {
        return Comparison { difference: Difference::Places, gain };
    }
    let relit = kept.iter().filter(|(a, b)| relit(a, b).is_some()).count();
    let all = |side: Side| pairs().filter(|(a, b)| relit_alone(a, b) == Some(side)).count() as f32;
    let most = all(Side::Darker).max(all(Side::Brighter));
    let by_texture = recognised && relit as f32 >= RELIT * textured as f32;
    let difference = if by_texture || most >= ALL_RELIT * before.cells.len() as f32 {
        Difference::Light
    } else if kept_at_most(KEPT_ELSEWHERE) {
        Difference::Everything
    } else {
        Difference::None
    };
    Comparison { difference, gain }
}

/// Whether there is texture on all sides, by which a place is recognised.
fn shows_a_place(picture: &Thumbnail) -> bool {
    let third = |within: &dyn Fn(&Cell) -> bool| {
        picture.cells.iter().filter(|cell| cell.is_textured() && within(cell)).count() >= MIN_ON_EACH_SIDE
    };
    let (width, height) = (picture.width, picture.height);
    third(&|cell| 3 * cell.right <= width + 2)
        && third(&|cell| 3 * cell.left + 2 >= 2 * width)
        && third(&|cell| 3 * cell.bottom <= height + 2)
        && third(&|cell| 3 * cell.top + 2 >= 2 * height)
}

/// The median ratio of the cells' brightness to before.
fn gain<'a>(pairs: impl Iterator<Item = (&'a Cell, &'a Cell)>) -> f32 {
    let mut ratios: Vec<f32> = pairs.map(|(a, b)| (b.mean + FLOOR) / (a.mean + FLOOR)).collect();
    ratios.sort_by(f32::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(1.0)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Darker,
    Brighter,
}

/// Whether a cell became brighter or darker in some channel, and in which most.
fn relit(before: &Cell, now: &Cell) -> Option<Side> {
    let changes = before.rgb.iter().zip(&now.rgb).filter_map(|(&a, &b)| {
        let ratio = (b + FLOOR) / (a + FLOOR);
        let changed = (b - a).abs() > LEVELS && !(1.0 / RATIO..RATIO).contains(&ratio);
        changed.then_some(ratio.ln())
    });
    let most = changes.max_by(|a, b| a.abs().total_cmp(&b.abs()))?;
    Some(if most < 0.0 { Side::Darker } else { Side::Brighter })
}

/// The same of a cell in which nothing but the light need have changed: darkness takes texture away, and light shows more.
fn relit_alone(before: &Cell, now: &Cell) -> Option<Side> {
    relit(before, now).filter(|side| match side {
        Side::Darker => now.deviation <= before.deviation + NOISE,
        Side::Brighter => before.deviation <= now.deviation + NOISE,
    })
}

/// Whether a cell shows something else than before, beyond noise.
pub(super) fn cell_changed(before: &Thumbnail, now: &Thumbnail, a: &Cell, b: &Cell) -> bool {
    if !a.is_textured() {
        return b.is_textured() || relit(a, b).is_some();
    }
    let change = before.pixels(a).zip(now.pixels(b)).map(|(old, new)| (new - b.mean - (old - a.mean)).abs());
    change.sum::<f32>() / a.area() as f32 > 2.0 * NOISE && !is_kept(before, now, a)
}
