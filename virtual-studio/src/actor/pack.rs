//! Compact files of actors, for machines without an asset folder.

use std::path::Path;
use std::sync::Arc;

use glam::{Vec3, Vec3A};
use image::ExtendedColorType;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use serde::{Deserialize, Serialize};

use crate::surface::{Part, Texture};
use crate::{AssetError, packed};

use super::Actor;
use super::armature::{Armature, is_near};
use super::labels::HeadPoints;
use super::mesh::SkinnedVertex;
use super::skeleton::{BONES, Bone};

const JPEG_QUALITY: u8 = 82;
/// A texture that claims more texels is damaged.
const MAX_TEXELS: u64 = 1 << 26;

#[derive(Serialize, Deserialize)]
struct PackedActor {
    rest: [Vec3Bytes; BONES],
    nose: Vec3Bytes,
    crown: Vec3Bytes,
    hull: Vec<PackedHull>,
    body: usize,
    parts: Vec<PackedPart>,
}

type Vec3Bytes = [f32; 3];

/// Stored exactly, since it determines people's height, and so the positions of all labels.
#[derive(Serialize, Deserialize)]
struct PackedHull {
    position: Vec3Bytes,
    bones: [u8; 4],
    weights: [f32; 4],
}

#[derive(Serialize, Deserialize)]
struct PackedPart {
    /// Corners of the box in which positions are quantised.
    low: Vec3Bytes,
    high: Vec3Bytes,
    /// The same for texture coordinates.
    uv_low: [f32; 2],
    uv_high: [f32; 2],
    vertices: Vec<PackedVertex>,
    /// Each vertex as the difference from the previous one.
    triangles: Vec<[i32; 3]>,
    jpeg: Vec<u8>,
}

/// Positions to a 65,535th of the box (hundredths of a millimetre), normals to half a degree. Positions and texture
/// coordinates are differences from the previous vertex, which is often close.
#[derive(Serialize, Deserialize)]
struct PackedVertex {
    position: [i16; 3],
    normal: [i8; 3],
    uv: [i16; 2],
    bones: [u8; 4],
    weights: [u8; 4],
}

fn steps(value: f32, low: f32, high: f32) -> u16 {
    ((value - low) / (high - low).max(f32::MIN_POSITIVE) * f32::from(u16::MAX)).round() as u16
}

fn value(steps: u16, low: f32, high: f32) -> f32 {
    low + (high - low) * f32::from(steps) / f32::from(u16::MAX)
}

/// The difference from the last value to this one.
fn way<const N: usize>(last: &mut [u16; N], now: [u16; N]) -> [i16; N] {
    let way = std::array::from_fn(|i| now[i].wrapping_sub(last[i]) as i16);
    *last = now;
    way
}

/// The inverse of [`way`].
fn follow<const N: usize>(last: &mut [u16; N], way: [i16; N]) -> [u16; N] {
    *last = std::array::from_fn(|i| last[i].wrapping_add(way[i] as u16));
    *last
}

impl Actor {
    /// The version of packed files, which is their first byte.
    pub const PACKED_VERSION: u8 = 2;

    /// Packs everything except the file's name. Skeleton and labels are restored exactly, the surface to a fraction of
    /// a millimetre, textures as JPEG.
    ///
    /// # Errors
    /// A texture is larger than JPEG allows.
    pub fn pack(&self) -> Result<Vec<u8>, AssetError> {
        let failed = |problem: String| AssetError::file(Path::new("(packing)"), problem);
        let parts = self.parts.iter().zip(&self.vertices);
        let parts =
            parts.map(|(part, vertices)| packed_part(part, vertices)).collect::<Result<_, _>>().map_err(failed)?;
        let hull = |vertex: &SkinnedVertex| PackedHull {
            position: vertex.position.into(),
            bones: vertex.bones,
            weights: vertex.weights,
        };
        let packed = PackedActor {
            rest: self.armature.rest.map(Into::into),
            nose: self.landmarks.nose.into(),
            crown: self.landmarks.crown.into(),
            hull: self.hull.iter().map(hull).collect(),
            body: self.body,
            parts,
        };
        packed::seal(Self::PACKED_VERSION, &packed).map_err(failed)
    }

    /// The inverse of [`Self::pack`]; `name` is the origin of the bytes in errors.
    ///
    /// # Errors
    /// The bytes are not a packed actor, or are damaged.
    pub fn unpack(bytes: &[u8], name: &Path) -> Result<Self, AssetError> {
        Self::unpacked(bytes).map_err(|problem| AssetError::file(name, format!("not a packed actor: {problem}")))
    }

    fn unpacked(bytes: &[u8]) -> Result<Self, String> {
        let packed: PackedActor = packed::open(Self::PACKED_VERSION, bytes)?;
        let unpacked = packed.parts.iter().map(unpacked_part).collect::<Result<Vec<_>, _>>();
        let (parts, vertices): (Vec<Part>, Vec<Vec<SkinnedVertex>>) = unpacked?.into_iter().unzip();
        let rest = packed.rest.map(Vec3::from);
        let landmarks = HeadPoints { nose: packed.nose.into(), crown: packed.crown.into() };
        if !rest.iter().chain([&landmarks.nose, &landmarks.crown]).all(|point| is_near(*point)) {
            return Err("a joint is at no place".into());
        }
        if packed.body >= parts.len() {
            return Err("it has no body".into());
        }
        let hull = |packed: &PackedHull| vertex(packed.position.into(), Vec3::Y, packed.bones, packed.weights);
        let hull = packed.hull.iter().map(hull).collect::<Result<_, _>>()?;
        Ok(Self { parts, vertices, body: packed.body, hull, armature: Armature::new(rest), landmarks })
    }
}

fn packed_part(part: &Part, vertices: &[SkinnedVertex]) -> Result<PackedPart, String> {
    let points = vertices.iter().map(|vertex| vertex.position);
    let (low, high) = points.fold((Vec3A::MAX, Vec3A::MIN), |(low, high), at| (low.min(at), high.max(at)));
    let uvs = |of: fn(f32, f32) -> f32, axis: usize| part.uvs.iter().map(|uv| uv[axis]).reduce(of).unwrap_or(0.0);
    let (uv_low, uv_high) = ([uvs(f32::min, 0), uvs(f32::min, 1)], [uvs(f32::max, 0), uvs(f32::max, 1)]);
    let (mut at, mut uv_at, mut index_at) = ([0; 3], [0; 2], 0u32);
    let vertex = |(vertex, uv): (&SkinnedVertex, &[f32; 2])| PackedVertex {
        position: way(&mut at, std::array::from_fn(|i| steps(vertex.position[i], low[i], high[i]))),
        normal: vertex.normal.to_array().map(|value| (value * 127.0).round() as i8),
        uv: way(&mut uv_at, std::array::from_fn(|i| steps(uv[i], uv_low[i], uv_high[i]))),
        bones: vertex.bones,
        weights: vertex.weights.map(|weight| (weight * 255.0).round() as u8),
    };
    let vertices = vertices.iter().zip(&part.uvs).map(vertex).collect();
    let index = |index: u32| index.wrapping_sub(std::mem::replace(&mut index_at, index)) as i32;
    let triangles = part.triangles.iter().flatten().copied().map(index).collect::<Vec<_>>().as_chunks().0.to_vec();
    let Texture { width, height, rgb } = &*part.texture;
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY)
        .encode(rgb, *width, *height, ExtendedColorType::Rgb8)
        .map_err(|error| error.to_string())?;
    Ok(PackedPart { low: low.into(), high: high.into(), uv_low, uv_high, vertices, triangles, jpeg })
}

fn unpacked_part(part: &PackedPart) -> Result<(Part, Vec<SkinnedVertex>), String> {
    let count = part.vertices.len();
    let mut index_at = 0u32;
    let mut index = |way: i32| {
        index_at = index_at.wrapping_add_signed(way);
        index_at
    };
    let triangles: Vec<[u32; 3]> = part.triangles.iter().map(|triangle| triangle.map(&mut index)).collect();
    if triangles.iter().flatten().any(|&index| index as usize >= count) {
        return Err("a triangle has no such vertex".into());
    }
    let (mut vertices, mut uvs) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let (mut at, mut uv_at) = ([0; 3], [0; 2]);
    for packed in &part.vertices {
        let (steps, uv_steps) = (follow(&mut at, packed.position), follow(&mut uv_at, packed.uv));
        let at: [f32; 3] = std::array::from_fn(|i| value(steps[i], part.low[i], part.high[i]));
        let normal = Vec3::from(packed.normal.map(f32::from)).normalize_or(Vec3::Y);
        let weights = packed.weights.map(|weight| f32::from(weight) / 255.0);
        vertices.push(vertex(at.into(), normal, packed.bones, weights)?);
        uvs.push(std::array::from_fn(|i| value(uv_steps[i], part.uv_low[i], part.uv_high[i])));
    }
    let texture = Arc::new(texture(&part.jpeg)?);
    Ok((Part { uvs, triangles, texture }, vertices))
}

fn vertex(at: Vec3, normal: Vec3, bones: [u8; 4], weights: [f32; 4]) -> Result<SkinnedVertex, String> {
    let bone = |index: u8| Bone::ALL.get(usize::from(index)).copied().ok_or("a vertex has no such bone");
    let bones = bones.into_iter().map(bone).collect::<Result<Vec<_>, _>>()?;
    if !is_near(at) || !weights.iter().all(|weight| weight.is_finite()) {
        return Err("a vertex is at no place".into());
    }
    Ok(SkinnedVertex::new(at, normal, bones.into_iter().zip(weights)))
}

fn texture(jpeg: &[u8]) -> Result<Texture, String> {
    use image::ImageDecoder;

    let decoder = JpegDecoder::new(std::io::Cursor::new(jpeg)).map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions();
    if decoder.color_type() != image::ColorType::Rgb8 || u64::from(width) * u64::from(height) > MAX_TEXELS {
        return Err("its texture has no colours, or too many texels".into());
    }
    let mut rgb = vec![0; 3 * (width * height) as usize];
    decoder.read_image(&mut rgb).map_err(|error| error.to_string())?;
    Ok(Texture { width, height, rgb })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{SkeletonPose, procedural};

    #[test]
    fn whatever_a_byte_becomes_nothing_panics() {
        let whole = procedural::actor(2).pack().unwrap();
        let flipped = |at| packed::flipped(&whole, at);
        for bytes in (0..).step_by(997).map_while(flipped).chain((0..600).map_while(flipped)) {
            if let Ok(actor) = Actor::unpack(&bytes, Path::new("flipped")) {
                actor.pose(&SkeletonPose::REST, &mut Default::default());
            }
        }
    }
}
