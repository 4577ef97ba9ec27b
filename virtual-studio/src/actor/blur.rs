use crate::surface::Texture;

use super::atlas::Patch;

/// Of the width of what is blurred, how far a texel is smeared.
const REACH: f32 = 0.12;

/// Blurs what is laid over some patches, among themselves: colours of other places do not run in.
pub(crate) fn blur(texture: &mut Texture, patches: &[Option<Patch>], is_chosen: impl Fn(&Patch) -> bool) {
    let (width, height) = (texture.width as usize, texture.height as usize);
    let chosen: Vec<bool> = patches.iter().map(|patch| patch.as_ref().is_some_and(&is_chosen)).collect();
    // As wide as a square of as many texels.
    let side = (chosen.iter().filter(|&&chosen| chosen).count() as f32).sqrt();
    let reach = (REACH * side).ceil() as usize;
    let mut values: Vec<[f32; 4]> = texture
        .rgb
        .as_chunks::<3>()
        .0
        .iter()
        .zip(&chosen)
        .map(|(&[r, g, b], chosen)| if *chosen { [r.into(), g.into(), b.into(), 1.0] } else { [0.0; 4] })
        .collect();
    for _ in 0..2 {
        for row in 0..height {
            smear(&mut values, row * width, 1, width, reach);
        }
        for column in 0..width {
            smear(&mut values, column, width, height, reach);
        }
    }
    for ((rgb, &[r, g, b, count]), chosen) in texture.rgb.as_chunks_mut::<3>().0.iter_mut().zip(&values).zip(chosen) {
        if chosen && count > 0.0 {
            *rgb = [r, g, b].map(|sum| (sum / count) as u8);
        }
    }
}

/// Running means over `2 reach + 1` values of one row or column.
fn smear(values: &mut [[f32; 4]], first: usize, stride: usize, count: usize, reach: usize) {
    let line: Vec<[f32; 4]> = (0..count).map(|i| values[first + i * stride]).collect();
    if line.iter().all(|value| value[3] == 0.0) {
        return;
    }
    let mut sum = [0.0f32; 4];
    let scale = 1.0 / (2 * reach + 1) as f32;
    for i in 0..count + reach {
        let mut add = |value: [f32; 4], sign: f32| sum.iter_mut().zip(value).for_each(|(sum, v)| *sum += sign * v);
        if i < count {
            add(line[i], scale);
        }
        if i > 2 * reach {
            add(line[i - 2 * reach - 1], -scale);
        }
        if i >= reach {
            values[first + (i - reach) * stride] = sum.map(|value| value.max(0.0));
        }
    }
}
