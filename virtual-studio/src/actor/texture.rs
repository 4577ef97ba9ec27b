//! Textures from files.

use gltf::image::{Data, Format};

use crate::surface::Texture;

/// # Errors
/// Formats with more than 8 bits a channel.
pub(crate) fn rgb(image: &Data) -> Result<Texture, String> {
    let rgb = match image.format {
        Format::R8G8B8 => image.pixels.clone(),
        Format::R8G8B8A8 => image.pixels.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect(),
        Format::R8 => image.pixels.iter().flat_map(|&grey| [grey; 3]).collect(),
        other => return Err(format!("textures of format {other:?} are not read")),
    };
    Ok(Texture { width: image.width, height: image.height, rgb })
}

/// Halves the size; each texel is the mean of four.
pub(crate) fn halved(texture: &Texture) -> Texture {
    let (width, height) = ((texture.width / 2).max(1), (texture.height / 2).max(1));
    let texel = |x: u32, y: u32, channel: usize| {
        let (x, y) = (x.min(texture.width - 1), y.min(texture.height - 1));
        u32::from(texture.rgb[3 * (y * texture.width + x) as usize + channel])
    };
    let mut rgb = Vec::with_capacity(3 * (width * height) as usize);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let sum: u32 = [(0, 0), (1, 0), (0, 1), (1, 1)]
                    .map(|(right, down)| texel(2 * x + right, 2 * y + down, channel))
                    .iter()
                    .sum();
                rgb.push(((sum + 2) / 4) as u8);
            }
        }
    }
    Texture { width, height, rgb }
}
