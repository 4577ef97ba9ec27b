//! A picture reduced to what scenes are compared by.

use crate::RgbImage;

/// About how many pixels the longer side of a thumbnail has.
const LONG_SIDE: usize = 120;
/// About how many of them a cell has on each side.
const CELL: usize = 12;
/// A cell whose brightness varies less than this, by one standard deviation in levels of 255, has no texture to be
/// recognised by.
const TEXTURE: f32 = 4.0;

/// A picture of about 120 pixels, and a grid of cells over it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Thumbnail {
    pub width: usize,
    pub height: usize,
    /// Pixels of the full frame per pixel of the thumbnail.
    pub frame_px: f32,
    /// `[height, width]`, mean of the channels, 0 to 255.
    pub luma: Vec<f32>,
    pub cells: Vec<Cell>,
}

/// A part of a thumbnail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cell {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
    /// Mean of each channel, 0 to 255.
    pub rgb: [f32; 3],
    /// Mean and standard deviation of the brightness.
    pub mean: f32,
    pub deviation: f32,
}

impl Cell {
    pub fn is_textured(&self) -> bool {
        self.deviation >= TEXTURE
    }

    pub fn area(&self) -> usize {
        (self.right - self.left) * (self.bottom - self.top)
    }
}

impl Thumbnail {
    pub fn of(picture: &RgbImage) -> Self {
        let (from_width, from_height) = (picture.width as usize, picture.height as usize);
        let block = ((from_width.max(from_height) + LONG_SIDE / 2) / LONG_SIDE).max(1);
        let (width, height) = ((from_width / block).max(1), (from_height / block).max(1));
        let (columns, rows) = (grid(width), grid(height));
        let mut cells = vec![[0u32; 3]; columns * rows];
        let mut luma = Vec::with_capacity(width * height);
        let column_of: Vec<usize> = (0..width).map(|x| x * columns / width).collect();
        // No block has more rows than 257, so the sums fit.
        let mut added = vec![0u16; 3 * block * width];
        for y in 0..height {
            added.fill(0);
            for row in picture.rgb.chunks_exact(3 * from_width).skip(y * block).take(block) {
                added.iter_mut().zip(row).for_each(|(sum, &value)| *sum += u16::from(value));
            }
            let row = &mut cells[y * rows / height * columns..][..columns];
            for (pixels, &column) in added.chunks_exact(3 * block).zip(&column_of) {
                let mut sum = [0u32; 3];
                for pixel in pixels.chunks_exact(3) {
                    (0..3).for_each(|channel| sum[channel] += u32::from(pixel[channel]));
                }
                luma.push(sum.iter().sum::<u32>() as f32 / (3 * block * block) as f32);
                (0..3).for_each(|channel| row[column][channel] += sum[channel]);
            }
        }
        let frame_px = (block as u32 * picture.scale.denominator()) as f32;
        let mut thumbnail = Self { width, height, frame_px, luma, cells: Vec::new() };
        let cell = |(at, sums): (usize, &[u32; 3])| {
            let ((left, right), (top, bottom)) = (span(at % columns, columns, width), span(at / columns, rows, height));
            let blank = Cell { left, top, right, bottom, rgb: [0.0; 3], mean: 0.0, deviation: 0.0 };
            let pixels = (blank.area() * block * block) as f32;
            let rgb = sums.map(|sum| sum as f32 / pixels);
            let mean = rgb.iter().sum::<f32>() / 3.0;
            let square = thumbnail.pixels(&blank).map(|luma| (luma - mean).powi(2)).sum::<f32>();
            Cell { rgb, mean, deviation: (square / blank.area() as f32).sqrt(), ..blank }
        };
        thumbnail.cells = cells.iter().enumerate().map(cell).collect();
        thumbnail
    }

    /// The brightness in a cell's place, row by row.
    pub fn pixels(&self, cell: &Cell) -> impl Iterator<Item = f32> {
        let Cell { left, right, top, bottom, .. } = *cell;
        (top..bottom).flat_map(move |y| self.luma[y * self.width + left..y * self.width + right].iter().copied())
    }

    /// The brightness that this share of the picture stays below, 0 to 255.
    pub fn brightness_of(&self, share: f32) -> f32 {
        let mut counts = [0usize; 256];
        self.luma.iter().for_each(|&luma| counts[luma as usize & 255] += 1);
        let mut left = (share * self.luma.len() as f32) as usize;
        let brightest = counts.iter().position(|&count| {
            let is_there = count > left;
            left = left.saturating_sub(count);
            is_there
        });
        brightest.unwrap_or(255) as f32
    }
}

fn grid(side: usize) -> usize {
    ((side + CELL / 2) / CELL).max(1)
}

/// Where the cell at `index` of `count` begins and ends on a side.
fn span(index: usize, count: usize, side: usize) -> (usize, usize) {
    ((index * side).div_ceil(count), ((index + 1) * side).div_ceil(count))
}
