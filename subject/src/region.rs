//! Finds the subject in a picture.

use std::ops::Range;

use crate::{Preprocessing, Region, RgbImage};

/// The subject in a reduced picture: the largest group of grid cells that differ from the background.
#[derive(Debug)]
pub struct Blob {
    /// Left, top, right, bottom in pixels of the reduced picture, the last two exclusive.
    box_px: [u32; 4],
    /// Mean place of its pixels, in pixels of the reduced picture. Limbs and shadows move it less than the box.
    centre_px: [f32; 2],
    /// Share of the picture that differs and belongs to the subject.
    pub area: f32,
    grid: Grid,
    /// Cells of the subject and those near it.
    near: Vec<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Grid {
    cell_px: u32,
    columns: u32,
    rows: u32,
}

/// One `bool` per pixel: Σ over the channels of |picture − background| above the threshold (SYNC §4.1).
pub fn differs(picture: &[u8], background: &[u8], threshold: u16) -> impl Iterator<Item = bool> {
    picture.chunks_exact(3).zip(background.chunks_exact(3)).map(move |(seen, kept)| {
        let sum: u16 = seen.iter().zip(kept).map(|(&a, &b)| u16::from(a.abs_diff(b))).sum();
        sum > threshold
    })
}

impl Blob {
    /// The subject, or `None` when nothing large enough differs. Both pictures have the same size. `mask` is scratch
    /// memory. Cells where the subject was `before` count double, so that of two people of about the same size, one
    /// stays the subject.
    pub fn find(
        settings: &Preprocessing,
        picture: &RgbImage,
        background: &RgbImage,
        before: Option<&Self>,
        mask: &mut Vec<bool>,
    ) -> Option<Self> {
        mask.clear();
        mask.extend(differs(&picture.rgb, &background.rgb, settings.mask_threshold));
        Self::in_mask(settings, mask, picture.size(), u32::from(settings.cell_px), before)
    }

    /// [`Self::find`] among the pixels of a mask of this width and height, on a grid of cells of `cell_px` pixels.
    pub fn in_mask(
        settings: &Preprocessing,
        mask: &[bool],
        (width, height): (u32, u32),
        cell_px: u32,
        before: Option<&Self>,
    ) -> Option<Self> {
        let grid = Grid { cell_px, columns: width.div_ceil(cell_px), rows: height.div_ceil(cell_px) };
        let counts = grid.count(mask, width);
        let fill = settings.cell_fill * (grid.cell_px * grid.cell_px) as f32;
        let filled: Vec<bool> = counts.iter().map(|&count| count as f32 >= fill).collect();
        let reach = u32::from(settings.join_cells);
        let mut weights = counts.clone();
        if let Some(before) = before.filter(|before| before.grid == grid) {
            for (weight, _) in weights.iter_mut().zip(&before.near).filter(|(_, near)| **near) {
                *weight *= 2;
            }
        }
        let members = grid.largest(&filled, &weights, reach)?;
        let pixels: u32 = counts.iter().zip(&members).filter(|(_, member)| **member).map(|(count, _)| count).sum();
        let area = pixels as f32 / mask.len() as f32;
        if area < settings.min_area {
            return None;
        }
        let [(x, left, right), (y, top, bottom)] = grid.extents(&members, mask, width)?;
        let near = grid.dilate(&members, reach);
        Some(Self { box_px: [left, top, right, bottom], centre_px: [x, y], area, near, grid })
    }

    /// The square that fits the subject in this picture, in pixels of the full frame.
    pub fn region(&self, settings: &Preprocessing, denominator: u32) -> Region {
        let [left, top, right, bottom] = self.box_px;
        let longer = (right - left).max(bottom - top) * denominator;
        Region {
            centre_px: self.centre_px.map(|at| at * denominator as f32),
            side_px: settings.crop_scale * longer as f32,
        }
    }

    /// Whether a pixel is in a cell of the subject or near one.
    pub fn is_near(&self, x: u32, y: u32) -> bool {
        self.near[(y / self.grid.cell_px * self.grid.columns + x / self.grid.cell_px) as usize]
    }

    /// The columns of a row that are not near the subject.
    pub fn free_columns(&self, y: u32, width: u32) -> impl Iterator<Item = Range<u32>> {
        let first = (y / self.grid.cell_px * self.grid.columns) as usize;
        let cell_px = self.grid.cell_px;
        let cells = &self.near[first..first + self.grid.columns as usize];
        (0..).zip(cells).filter(|(_, near)| !**near).map(move |(column, _)| {
            let left = column * cell_px;
            left..width.min(left + cell_px)
        })
    }
}

impl Grid {
    fn len(self) -> usize {
        self.columns as usize * self.rows as usize
    }

    fn count(self, mask: &[bool], width: u32) -> Vec<u32> {
        let mut counts = vec![0; self.len()];
        for (y, row) in mask.chunks_exact(width as usize).enumerate() {
            let first = y / self.cell_px as usize * self.columns as usize;
            for (count, cell) in counts[first..].iter_mut().zip(row.chunks(self.cell_px as usize)) {
                *count += cell.iter().map(|&differs| u32::from(differs)).sum::<u32>();
            }
        }
        counts
    }

    /// The cells up to `reach` steps around one, itself included.
    fn around(self, cell: usize, reach: u32) -> impl Iterator<Item = usize> {
        let (x, y) = (cell as u32 % self.columns, cell as u32 / self.columns);
        let xs = x.saturating_sub(reach)..=(x + reach).min(self.columns - 1);
        (y.saturating_sub(reach)..=(y + reach).min(self.rows - 1))
            .flat_map(move |y| xs.clone().map(move |x| (y * self.columns + x) as usize))
    }

    /// The connected group with the most weight; of equal ones the first.
    fn largest(self, filled: &[bool], weights: &[u32], reach: u32) -> Option<Vec<bool>> {
        let mut open = filled.to_vec();
        let mut best: Option<(Vec<usize>, u32)> = None;
        for seed in 0..open.len() {
            if !std::mem::take(&mut open[seed]) {
                continue;
            }
            let mut group = vec![seed];
            let mut next = 0;
            while let Some(&cell) = group.get(next) {
                next += 1;
                group.extend(self.around(cell, reach).filter(|&near| std::mem::take(&mut open[near])));
            }
            let weight = group.iter().map(|&cell| weights[cell]).sum();
            if best.as_ref().is_none_or(|(_, most)| weight > *most) {
                best = Some((group, weight));
            }
        }
        best.map(|(group, _)| {
            let mut members = vec![false; self.len()];
            group.into_iter().for_each(|cell| members[cell] = true);
            members
        })
    }

    fn dilate(self, members: &[bool], reach: u32) -> Vec<bool> {
        let mut near = vec![false; self.len()];
        for cell in (0..members.len()).filter(|&cell| members[cell]) {
            self.around(cell, reach).for_each(|other| near[other] = true);
        }
        near
    }

    /// Mean, first and end, along x and along y, of the differing pixels in the members' cells. A column or row with
    /// only one of them is noise.
    fn extents(self, members: &[bool], mask: &[bool], width: u32) -> Option<[(f32, u32, u32); 2]> {
        let mut columns = vec![0u32; width as usize];
        let mut rows = Vec::with_capacity(mask.len() / width as usize);
        for (y, row) in mask.chunks_exact(width as usize).enumerate() {
            let cells = &members[y / self.cell_px as usize * self.columns as usize..];
            let mut in_row = 0;
            for (x, _) in row.iter().enumerate().filter(|&(x, &differs)| differs && cells[x / self.cell_px as usize]) {
                columns[x] += 1;
                in_row += 1;
            }
            rows.push(in_row);
        }
        Some([extent(&columns)?, extent(&rows)?])
    }
}

fn extent(counts: &[u32]) -> Option<(f32, u32, u32)> {
    let first = counts.iter().position(|&count| count > 1)?;
    let last = counts.iter().rposition(|&count| count > 1)?;
    let moment: f64 = counts.iter().enumerate().map(|(at, &count)| (at as f64 + 0.5) * f64::from(count)).sum();
    let mean = moment / f64::from(counts.iter().sum::<u32>());
    Some((mean as f32, first as u32, last as u32 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(art: &[&str], expect: Option<[u32; 4]>) {
        let (width, height) = (art[0].len() as u32, art.len() as u32);
        let rgb = art.iter().flat_map(|row| row.bytes()).flat_map(|dot| [if dot == b'#' { 200 } else { 0 }; 3]);
        let picture = RgbImage { width, height, rgb: rgb.collect(), scale: Default::default() };
        let background = RgbImage { rgb: vec![0; picture.rgb.len()], ..picture.clone() };
        let settings = Preprocessing { cell_px: 2, ..Default::default() };
        let blob = Blob::find(&settings, &picture, &background, None, &mut Vec::new());
        assert_eq!(blob.map(|blob| blob.box_px), expect);
    }

    #[test]
    fn the_larger_group_wins_and_near_ones_join() {
        check(&["................"; 4], None);
        check(&["##............##", "##............##", "##............##", "##.............."], Some([0, 0, 2, 4]));
        check(&["##....##........", "##....##........"], Some([0, 0, 2, 2]));
        check(&["##..##..........", "##..##.........."], Some([0, 0, 6, 2]));
    }
}
