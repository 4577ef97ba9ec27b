//! Actors in few bytes, for machines that have no asset folder.

use std::path::Path;
use std::sync::Arc;

use glam::{Vec3, Vec3A};
use image::ExtendedColorType;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use serde::{Deserialize, Serialize};

use crate::surface::{Part, Texture};

use super::labels::Landmarks;
use super::mesh::Vertex;
use super::rig::Rig;
use super::skeleton::{BONES, Bone};
use super::{Actor, ActorError, hull};

const VERSION: u8 = 1;
const JPEG_QUALITY: u8 = 82;
/// A texture that says to have more texels is a damaged one.
const MAX_TEXELS: u64 = 1 << 26;

#[derive(Serialize, Deserialize)]
struct Packed {
    version: u8,
    rest: [Vec3Bytes; BONES],
    nose: Vec3Bytes,
    crown: Vec3Bytes,
    body: usize,
    parts: Vec<PackedPart>,
}

type Vec3Bytes = [f32; 3];

#[derive(Serialize, Deserialize)]
struct PackedPart {
    /// Corners of the box that positions are steps in.
    low: Vec3Bytes,
    high: Vec3Bytes,
    /// The same for texture coordinates.
    uv_low: [f32; 2],
    uv_high: [f32; 2],
    vertices: Vec<PackedVertex>,
    triangles: Vec<[u32; 3]>,
    jpeg: Vec<u8>,
}

/// Positions to a 65,535th of the box (hundredths of a millimetre), normals to half a degree.
#[derive(Serialize, Deserialize)]
struct PackedVertex {
    position: [u16; 3],
    normal: [i8; 3],
    uv: [u16; 2],
    bones: [u8; 4],
    weights: [u8; 4],
}

fn steps(value: f32, low: f32, high: f32) -> u16 {
    ((value - low) / (high - low).max(f32::MIN_POSITIVE) * f32::from(u16::MAX)).round() as u16
}

fn value(steps: u16, low: f32, high: f32) -> f32 {
    low + (high - low) * f32::from(steps) / f32::from(u16::MAX)
}

impl Actor {
    /// Everything but the file's name. Skeleton and labels come back exactly, the surface to a fraction of a
    /// millimetre, textures as JPEG.
    ///
    /// # Errors
    /// A texture is larger than JPEG allows.
    pub fn pack(&self) -> Result<Vec<u8>, ActorError> {
        let failed = |problem: String| ActorError::file(Path::new("(packing)"), problem);
        let parts = self.parts.iter().zip(&self.vertices);
        let parts =
            parts.map(|(part, vertices)| packed_part(part, vertices)).collect::<Result<_, _>>().map_err(failed)?;
        let packed = Packed {
            version: VERSION,
            rest: self.rig.rest.map(Into::into),
            nose: self.landmarks.nose.into(),
            crown: self.landmarks.crown.into(),
            body: self.body,
            parts,
        };
        postcard::to_allocvec(&packed).map_err(|error| failed(error.to_string()))
    }

    /// The inverse of [`Self::pack`]; `name` says in errors where the bytes are from.
    ///
    /// # Errors
    /// The bytes are no packed actor, or damaged.
    pub fn unpack(bytes: &[u8], name: &Path) -> Result<Self, ActorError> {
        let failed = |problem: &str| ActorError::file(name, format!("not a packed actor: {problem}"));
        let packed: Packed = postcard::from_bytes(bytes).map_err(|error| failed(&error.to_string()))?;
        if packed.version != VERSION {
            return Err(failed(&format!("version {}, not {VERSION}", packed.version)));
        }
        let unpacked = packed.parts.iter().map(unpacked_part).collect::<Result<Vec<_>, _>>();
        let (parts, vertices): (Vec<Part>, Vec<Vec<Vertex>>) =
            unpacked.map_err(|problem| failed(&problem))?.into_iter().unzip();
        let rest = packed.rest.map(Vec3::from);
        let landmarks = Landmarks { nose: packed.nose.into(), crown: packed.crown.into() };
        if !rest.iter().chain([&landmarks.nose, &landmarks.crown]).all(|point| point.is_finite()) {
            return Err(failed("a joint is at no place"));
        }
        let hull = hull(vertices.get(packed.body).ok_or_else(|| failed("it has no body"))?);
        Ok(Self { parts, vertices, body: packed.body, hull, rig: Rig::new(rest), landmarks })
    }
}

fn packed_part(part: &Part, vertices: &[Vertex]) -> Result<PackedPart, String> {
    let points = vertices.iter().map(|vertex| vertex.position);
    let (low, high) = points.fold((Vec3A::MAX, Vec3A::MIN), |(low, high), at| (low.min(at), high.max(at)));
    let uvs = |of: fn(f32, f32) -> f32, axis: usize| part.uvs.iter().map(|uv| uv[axis]).reduce(of).unwrap_or(0.0);
    let (uv_low, uv_high) = ([uvs(f32::min, 0), uvs(f32::min, 1)], [uvs(f32::max, 0), uvs(f32::max, 1)]);
    let vertex = |(vertex, uv): (&Vertex, &[f32; 2])| PackedVertex {
        position: std::array::from_fn(|i| steps(vertex.position[i], low[i], high[i])),
        normal: vertex.normal.to_array().map(|value| (value * 127.0).round() as i8),
        uv: std::array::from_fn(|i| steps(uv[i], uv_low[i], uv_high[i])),
        bones: vertex.bones,
        weights: vertex.weights.map(|weight| (weight * 255.0).round() as u8),
    };
    let Texture { width, height, rgb } = &*part.texture;
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY)
        .encode(rgb, *width, *height, ExtendedColorType::Rgb8)
        .map_err(|error| error.to_string())?;
    Ok(PackedPart {
        low: low.into(),
        high: high.into(),
        uv_low,
        uv_high,
        vertices: vertices.iter().zip(&part.uvs).map(vertex).collect(),
        triangles: part.triangles.clone(),
        jpeg,
    })
}

fn unpacked_part(part: &PackedPart) -> Result<(Part, Vec<Vertex>), String> {
    let count = part.vertices.len();
    if part.triangles.iter().flatten().any(|&index| index as usize >= count) {
        return Err("a triangle has no such vertex".into());
    }
    let mut vertices = Vec::with_capacity(count);
    for packed in &part.vertices {
        let at: [f32; 3] = std::array::from_fn(|i| value(packed.position[i], part.low[i], part.high[i]));
        let normal = Vec3::from(packed.normal.map(f32::from)).normalize_or(Vec3::Y);
        let bone = |index: u8| Bone::ALL.get(usize::from(index)).copied().ok_or("a vertex has no such bone");
        let bones = packed.bones.iter().map(|&index| bone(index)).collect::<Result<Vec<_>, _>>()?;
        let weights = packed.weights.iter().map(|&weight| f32::from(weight) / 255.0);
        vertices.push(Vertex::new(at.into(), normal, bones.into_iter().zip(weights)));
    }
    if vertices.iter().any(|vertex| !vertex.position.is_finite()) {
        return Err("a vertex is at no place".into());
    }
    let uv = |packed: &PackedVertex| std::array::from_fn(|i| value(packed.uv[i], part.uv_low[i], part.uv_high[i]));
    let uvs = part.vertices.iter().map(uv).collect();
    let texture = Arc::new(texture(&part.jpeg)?);
    Ok((Part { uvs, triangles: part.triangles.clone(), texture }, vertices))
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
