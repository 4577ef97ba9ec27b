//! Finds the point of the body that each texel of a texture covers.

use glam::Vec3;

use crate::surface::{Part, Texture};

use super::mesh::SkinnedVertex;
use super::skeleton::Bone;

/// The point that a texel covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patch {
    /// On the resting body.
    pub at: Vec3,
    /// The bone that moves it most.
    pub bone: Bone,
}

/// By texel of a part's texture, rows from the top; `None` outside all triangles.
pub(crate) fn patches(part: &Part, vertices: &[SkinnedVertex]) -> Vec<Option<Patch>> {
    let (width, height) = (part.texture.width as usize, part.texture.height as usize);
    let mut patches = vec![None; width * height];
    for triangle in &part.triangles {
        let corners = triangle.map(|index| {
            let [u, v] = part.uvs[index as usize];
            (u * width as f32 - 0.5, v * height as f32 - 0.5)
        });
        let [a, b, c] = corners;
        let area = (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0);
        if area == 0.0 || !area.is_finite() {
            continue;
        }
        let extent = |of: fn(&(f32, f32)) -> f32| {
            let values = corners.each_ref().map(of);
            (values[0].min(values[1]).min(values[2]), values[0].max(values[1]).max(values[2]))
        };
        let (xs, ys) = (extent(|corner| corner.0), extent(|corner| corner.1));
        if !is_laid_once(xs, width) || !is_laid_once(ys, height) {
            continue;
        }
        // Up to half a texel outside, so that slivers are covered too.
        let slack = 0.5 * (xs.1 - xs.0 + ys.1 - ys.0) / area.abs();
        let range = |(low, high): (f32, f32)| (low - 0.5).ceil() as i64..=(high + 0.5).floor() as i64;
        for y in range(ys) {
            for x in range(xs) {
                let (px, py) = (x as f32, y as f32);
                let to_b = ((c.0 - px) * (a.1 - py) - (c.1 - py) * (a.0 - px)) / area;
                let to_c = ((a.0 - px) * (b.1 - py) - (a.1 - py) * (b.0 - px)) / area;
                let weights = [1.0 - to_b - to_c, to_b, to_c];
                if weights.iter().any(|&weight| weight < -slack) {
                    continue;
                }
                let nearest = (0..3).max_by(|&i, &j| weights[i].total_cmp(&weights[j])).unwrap_or(0);
                let place = |i: usize| Vec3::from(vertices[triangle[i] as usize].position) * weights[i];
                let patch =
                    Patch { at: place(0) + place(1) + place(2), bone: vertices[triangle[nearest] as usize].owner() };
                let texel = y.rem_euclid(height as i64) as usize * width + x.rem_euclid(width as i64) as usize;
                patches[texel] = Some(patch);
            }
        }
    }
    patches
}

/// No sound model repeats its texture within one triangle. A damaged one may do so extremely often.
fn is_laid_once((low, high): (f32, f32), side: usize) -> bool {
    high - low <= 2.0 * side as f32
}

/// Spreads the colours of covered texels over those that are not, so that neither filtering nor mip maps draw the
/// background of the texture into the seams: each uncovered texel gets the mean of the smallest square of texels, a
/// power of two wide, that has any covered one.
pub(crate) fn dilate(texture: &mut Texture, covered: impl Fn(usize) -> bool) {
    let (width, height) = (texture.width as usize, texture.height as usize);
    let texels = texture.rgb.as_chunks_mut::<3>().0;
    let mut open: Vec<bool> = (0..texels.len()).map(|texel| !covered(texel)).collect();
    let mut level: Vec<[f32; 4]> = texels
        .iter()
        .zip(&open)
        .map(|(rgb, open)| if *open { [0.0; 4] } else { [rgb[0].into(), rgb[1].into(), rgb[2].into(), 1.0] })
        .collect();
    let (mut across, mut down, mut shift) = (width, height, 0);
    while open.contains(&true) && across.max(down) > 1 {
        let (less_across, less_down) = (across.div_ceil(2), down.div_ceil(2));
        let mut coarser = vec![[0.0; 4]; less_across * less_down];
        for (index, fine) in level.iter().enumerate() {
            let sum = &mut coarser[index / across / 2 * less_across + index % across / 2];
            sum.iter_mut().zip(fine).for_each(|(sum, value)| *sum += value);
        }
        (level, across, down, shift) = (coarser, less_across, less_down, shift + 1);
        for (index, open) in open.iter_mut().enumerate().filter(|(_, open)| **open) {
            let [r, g, b, count] = level[((index / width) >> shift) * across + ((index % width) >> shift)];
            if count > 0.0 {
                texels[index] = [r, g, b].map(|sum| (sum / count) as u8);
                *open = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uncovered_texels_take_the_nearest_colours_and_covered_ones_stay() {
        let mut texture = Texture { width: 5, height: 3, rgb: vec![0; 45] };
        texture.rgb[0..3].copy_from_slice(&[200, 100, 50]);
        texture.rgb[42..45].copy_from_slice(&[10, 20, 30]);
        dilate(&mut texture, |texel| texel == 0 || texel == 14);
        let texel = |index: usize| &texture.rgb[3 * index..3 * index + 3];
        assert_eq!(texel(0), [200, 100, 50]);
        assert_eq!(texel(1), [200, 100, 50]);
        assert_eq!(texel(14), [10, 20, 30]);
        assert!(texture.rgb.as_chunks::<3>().0.iter().all(|rgb| rgb != &[0; 3]), "{texture:?}");
    }
}
