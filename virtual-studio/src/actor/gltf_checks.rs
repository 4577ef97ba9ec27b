//! Checks what the crate gltf assumes about a file. It panics or reads endlessly on damaged files that break this.

use gltf::accessor::{Accessor, DataType, Dimensions};
use gltf::buffer::{Data, View};
use gltf::{Document, Primitive, Semantic, Skin};

/// Maximum number of values of one attribute; no body has more vertices.
const MOST_VALUES: usize = 1 << 24;

/// Checks that a binary file is at least as long as its header.
///
/// # Errors
/// It states a smaller length.
pub fn length(bytes: &[u8]) -> Result<(), gltf::Error> {
    match bytes {
        [b'g', b'l', b'T', b'F', _, _, _, _, length @ 0..=11, 0, 0, 0, ..] => {
            let error = gltf::binary::Error::Length { length: u32::from(*length), length_read: bytes.len() };
            Err(gltf::Error::Binary(error))
        }
        _ => Ok(()),
    }
}

/// Checks that every attribute's accessor exists, which the crate's own validation takes for granted.
///
/// # Errors
/// The first mesh with one that does not.
pub fn accessors(document: &Document) -> Result<(), String> {
    let json = document.as_json();
    for (index, mesh) in json.meshes.iter().enumerate() {
        let mut used = mesh.primitives.iter().flat_map(|primitive| primitive.attributes.values());
        if used.any(|accessor| accessor.value() >= json.accessors.len()) {
            return Err(format!("mesh {index} has an attribute without accessor"));
        }
    }
    Ok(())
}

/// Checks that each image is in a separate file, or of a known type and completely in a buffer.
///
/// # Errors
/// The first image that fails.
pub fn images(document: &Document, buffers: &[Data]) -> Result<(), String> {
    for (index, image) in document.as_json().images.iter().enumerate() {
        let is_there = match image.buffer_view {
            Some(view) => {
                image.mime_type.is_some()
                    && document.views().nth(view.value()).is_some_and(|view| holds(&view, buffers))
            }
            None => image.uri.is_some(),
        };
        if !is_there {
            return Err(format!("image {index} is nowhere, or of no kind"));
        }
    }
    Ok(())
}

fn holds(view: &View<'_>, buffers: &[Data]) -> bool {
    let end = view.offset().checked_add(view.length());
    end.zip(buffers.get(view.buffer().index())).is_some_and(|(end, buffer)| end <= buffer.len())
}

/// Checks that the attributes of a mesh and its skin have the types that glTF allows, and lie inside the buffers.
///
/// # Errors
/// The first attribute that fails.
pub fn attributes(primitive: &Primitive<'_>, skin: &Skin<'_>, uv_set: u32) -> Result<(), String> {
    use DataType::{F32, U8, U16, U32};
    use Dimensions::{Mat4, Scalar, Vec2, Vec3, Vec4};
    let attribute = |semantic| primitive.get(&semantic);
    let all: [(_, _, &[DataType], _); 7] = [
        ("positions", attribute(Semantic::Positions), &[F32], Vec3),
        ("normals", attribute(Semantic::Normals), &[F32], Vec3),
        ("texture coordinates", attribute(Semantic::TexCoords(uv_set)), &[U8, U16, F32], Vec2),
        ("joints", attribute(Semantic::Joints(0)), &[U8, U16], Vec4),
        ("weights", attribute(Semantic::Weights(0)), &[U8, U16, F32], Vec4),
        ("indices", primitive.indices(), &[U8, U16, U32], Scalar),
        ("inverse bind matrices", skin.inverse_bind_matrices(), &[F32], Mat4),
    ];
    for (name, accessor, types, dimensions) in all {
        let Some(accessor) = accessor else { continue };
        if !types.contains(&accessor.data_type()) || accessor.dimensions() != dimensions || !is_whole(&accessor) {
            return Err(format!("the {name} are damaged, or of a type that glTF does not allow"));
        }
    }
    Ok(())
}

fn is_whole(accessor: &Accessor<'_>) -> bool {
    let (count, size) = (accessor.count(), accessor.size());
    let sparse = accessor.sparse().is_none_or(|sparse| {
        let (some, indices, values) = (sparse.count(), sparse.indices(), sparse.values());
        some <= count
            && fits(&indices.view(), indices.offset(), some, indices.index_type().size())
            && fits(&values.view(), values.offset(), some, size)
    });
    let base = accessor.view().is_none_or(|view| fits(&view, accessor.offset(), count, size));
    (1..=MOST_VALUES).contains(&count) && sparse && base
}

/// Whether a view contains this number of values of this size.
fn fits(view: &View<'_>, offset: usize, count: usize, size: usize) -> bool {
    let stride = view.stride().unwrap_or(size);
    let before_last = count.checked_sub(1).and_then(|others| stride.checked_mul(others));
    let end = before_last.and_then(|before| offset.checked_add(before)?.checked_add(size));
    stride >= size && end.is_some_and(|end| end <= view.length())
}
