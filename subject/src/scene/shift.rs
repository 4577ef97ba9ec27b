//! By how much a whole picture is shifted.

use super::thumbnail::{Cell, Thumbnail};

/// The farthest shift that is looked for, as a part of the longer side.
const FARTHEST: f32 = 0.25;
/// Edges count up to this many levels, so that a few strong ones do not decide.
const EDGE: f32 = 48.0;
/// How much two places must be alike to be the same, by their correlation.
pub(super) const ALIKE: f32 = 0.75;
/// How far beside its place a cell is looked for, in pixels of the thumbnail,
const NEAR: i32 = 5;
/// and by how much more alike it must be there.
const BETTER: f32 = 0.08;
/// The largest share of cells that keep their places when a camera is moved.
const STILL: f32 = 0.3;
/// The fewest cells that show a shift,
const MIN_CELLS: usize = 6;
/// and their share of the cells with texture that are in both pictures.
const MIN_SHARE: f32 = 0.5;

/// The correlation of a cell of `before` with the place in `now` that is shifted by these pixels; `None` if that is not
/// whole in the picture.
fn correlation(before: &Thumbnail, now: &Thumbnail, cell: &Cell, [right, down]: [i32; 2]) -> Option<f32> {
    let moved = |side: usize, by: i32, end: usize| side.checked_add_signed(by as isize).filter(|&at| at <= end);
    let shifted = Cell {
        left: moved(cell.left, right, now.width)?,
        right: moved(cell.right, right, now.width)?,
        top: moved(cell.top, down, now.height)?,
        bottom: moved(cell.bottom, down, now.height)?,
        ..*cell
    };
    let (mut sum, mut square, mut product) = (0.0, 0.0, 0.0);
    for (a, b) in before.pixels(cell).zip(now.pixels(&shifted)) {
        (sum, square, product) = (sum + b, square + b * b, product + (a - cell.mean) * b);
    }
    let count = cell.area() as f32;
    let deviation = (square / count - (sum / count).powi(2)).max(0.0).sqrt();
    Some(product / count / (cell.deviation * deviation).max(1e-3))
}

/// How much a cell shows the same at the same place, in whatever light: 1 if it does.
pub(super) fn likeness(before: &Thumbnail, now: &Thumbnail, cell: &Cell) -> f32 {
    correlation(before, now, cell, [0; 2]).unwrap_or(0.0)
}

/// Whether a cell shows the same at the same place, in whatever light.
pub(super) fn is_kept(before: &Thumbnail, now: &Thumbnail, cell: &Cell) -> bool {
    likeness(before, now, cell) >= ALIKE
}

/// Whether most cells with texture are found a little beside their places, each in its own direction: the camera was
/// pushed a little, or rolled, or its lens was turned.
pub(super) fn is_displaced(before: &Thumbnail, now: &Thumbnail) -> bool {
    let (mut cells, mut beside, mut still) = (0, 0, 0);
    for cell in before.cells.iter().filter(|cell| cell.is_textured()) {
        let here = likeness(before, now, cell);
        let near = (-NEAR..=NEAR).flat_map(|down| (-NEAR..=NEAR).map(move |right| [right, down]));
        let best = near.filter_map(|by| correlation(before, now, cell, by)).fold(here, f32::max);
        cells += 1;
        beside += usize::from(best >= ALIKE && best - here >= BETTER);
        still += usize::from(best - here < BETTER / 4.0);
    }
    let share = |count: usize| count as f32 / cells as f32;
    beside >= MIN_CELLS && share(beside) >= MIN_SHARE && share(still) <= STILL
}

/// By how many pixels of the thumbnails everything moved right and down between two pictures of one size, if most cells
/// with texture say the same.
pub(super) fn shift(before: &Thumbnail, now: &Thumbnail) -> Option<[i32; 2]> {
    let (coarse_before, coarse_now) = (Edges::of(before), Edges::of(now));
    let farthest = (FARTHEST / 2.0 * before.width.max(before.height) as f32) as i32;
    let places = || (-farthest..=farthest).flat_map(|down| (-farthest..=farthest).map(move |right| [right, down]));
    let coarse = places()
        .filter_map(|by| Some((coarse_before.difference(&coarse_now, by)?, by)))
        .min_by(|a, b| a.0.total_cmp(&b.0))?
        .1;
    let near = (-2..=2).flat_map(|down| (-2..=2).map(move |right| [2 * coarse[0] + right, 2 * coarse[1] + down]));
    let ((share, cells), by) =
        near.map(|by| (agreement(before, now, by), by)).max_by(|((a, _), _), ((b, _), _)| a.total_cmp(b))?;
    (by != [0; 2] && share >= MIN_SHARE && cells >= MIN_CELLS).then_some(by)
}

/// The share of the cells with texture that show the same at this shift, and their number.
fn agreement(before: &Thumbnail, now: &Thumbnail, by: [i32; 2]) -> (f32, usize) {
    let alike: Vec<bool> = before
        .cells
        .iter()
        .filter(|cell| cell.is_textured())
        .filter_map(|cell| Some(correlation(before, now, cell, by)? >= ALIKE))
        .collect();
    let agree = alike.iter().filter(|&&alike| alike).count();
    (agree as f32 / alike.len().max(1) as f32, agree)
}

/// The edges of a thumbnail, at half its size.
struct Edges {
    width: i32,
    height: i32,
    strength: Vec<f32>,
}

impl Edges {
    fn of(thumbnail: &Thumbnail) -> Self {
        let (width, height) = (thumbnail.width / 2, thumbnail.height / 2);
        let at = |x: usize, y: usize| {
            let upper = &thumbnail.luma[2 * y * thumbnail.width + 2 * x..];
            (upper[0] + upper[1] + upper[thumbnail.width] + upper[thumbnail.width + 1]) / 4.0
        };
        let half: Vec<f32> = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect();
        let mut strength = vec![0.0; half.len()];
        for y in 1..height.saturating_sub(1) {
            for x in 1..width.saturating_sub(1) {
                let here = y * width + x;
                let across = (half[here + 1] - half[here - 1]).abs();
                strength[here] = (across + (half[here + width] - half[here - width]).abs()).min(EDGE);
            }
        }
        Self { width: width as i32, height: height as i32, strength }
    }

    /// The mean difference where both overlap if the other is shifted by this; `None` if that is less than half.
    fn difference(&self, other: &Self, [right, down]: [i32; 2]) -> Option<f32> {
        let (left, top) = ((-right).max(0), (-down).max(0));
        let (end, bottom) = (self.width - right.max(0), self.height - down.max(0));
        let area = (end - left) * (bottom - top);
        if end <= left || bottom <= top || 2 * area < self.width * self.height {
            return None;
        }
        let row =
            |edges: &Self, x: i32, y: i32| (y * edges.width + x) as usize..(y * edges.width + x + end - left) as usize;
        let rows = (top..bottom).map(|y| {
            let (a, b) = (&self.strength[row(self, left, y)], &other.strength[row(other, left + right, y + down)]);
            a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>()
        });
        Some(rows.sum::<f32>() / area as f32)
    }
}
