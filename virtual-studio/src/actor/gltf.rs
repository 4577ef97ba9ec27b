//! Rigged humans from glTF 2.0 files.
//!
//! The body is skinned once in its default pose, so that any bind pose works. Its joints are found by name; those
//! without a counterpart move with the nearest ancestor that has one. Only the base colour is drawn, opaque; meshes
//! without a skin, morph targets and animations are ignored.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use glam::{Mat4, Vec3, Vec4};
use gltf::{Node, Primitive, Skin};

use crate::surface::Texture;

use super::armature::is_near;
use super::gltf_checks;
use super::mesh::{Mesh, SkinnedVertex};
use super::names;
use super::skeleton::{BONES, Bone};
use super::texture::{halved, rgb};
use super::{Actor, facing};
use crate::AssetError;
use crate::render::to_srgb;

/// How a file is read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoadOptions {
    /// Simplify to about this many triangles, if there are more; faces warp slightly.
    pub triangles: Option<usize>,
    /// Halve textures until no side is longer than this.
    pub texture_px: Option<u32>,
}

/// Plausible heights in metres. Outside this range a file's unit cannot be the metre.
const PLAUSIBLE_M: std::ops::RangeInclusive<f32> = 0.4..=3.0;

/// # Errors
/// The file cannot be read, has no skinned mesh, lacks a joint that every human has, or has non-finite numbers.
pub fn load(path: &Path, options: LoadOptions) -> Result<Actor, AssetError> {
    read(&std::fs::read(path).map_err(AssetError::io(path))?, path, options)
}

/// The same from memory; referenced files are read relative to `path`.
///
/// # Errors
/// As [`load`].
pub fn read(bytes: &[u8], path: &Path, options: LoadOptions) -> Result<Actor, AssetError> {
    let failed = |cause| AssetError::Gltf { path: path.to_owned(), cause: Box::new(cause) };
    gltf_checks::length(bytes).map_err(failed)?;
    let unchecked = gltf::Gltf::from_slice_without_validation(bytes).map_err(failed)?;
    gltf_checks::accessors(&unchecked.document).map_err(|problem| AssetError::file(path, problem))?;
    let document = gltf::Document::from_json(unchecked.document.into_json()).map_err(failed)?;
    let folder = path.parent();
    let buffers = gltf::import_buffers(&document, folder, unchecked.blob).map_err(failed)?;
    gltf_checks::images(&document, &buffers).map_err(|problem| AssetError::file(path, problem))?;
    let images = gltf::import_images(&document, folder, &buffers).map_err(failed)?;
    let world = world_matrices(&document);
    let buffers: Vec<&[u8]> = buffers.iter().map(|buffer| buffer.0.as_slice()).collect();
    let file = GltfFile { path, document: &document, buffers, images, world };
    file.actor(options)
}

/// By node: its default transform.
fn world_matrices(document: &gltf::Document) -> Vec<Mat4> {
    let own = |node: &Node<'_>, parent: Mat4| parent * Mat4::from_cols_array_2d(&node.transform().matrix());
    inherited(document, Mat4::IDENTITY, own)
}

/// By node: the result of `own` from the node and its parent's result, starting with `root`. Each node is visited once,
/// even if a damaged file makes it a child of two others, or of itself.
fn inherited<T: Copy>(document: &gltf::Document, root: T, own: impl Fn(&Node<'_>, T) -> T) -> Vec<T> {
    let mut by_node = vec![None; document.nodes().len()];
    let roots = document.scenes().flat_map(|scene| scene.nodes().collect::<Vec<_>>());
    let mut open: Vec<(Node<'_>, T)> = roots.map(|node| (node, root)).collect();
    while let Some((node, parent)) = open.pop() {
        if by_node[node.index()].is_none() {
            let own = own(&node, parent);
            by_node[node.index()] = Some(own);
            open.extend(node.children().map(|child| (child, own)));
        }
    }
    by_node.into_iter().map(|own| own.unwrap_or(root)).collect()
}

struct GltfFile<'a> {
    path: &'a Path,
    document: &'a gltf::Document,
    buffers: Vec<&'a [u8]>,
    images: Vec<gltf::image::Data>,
    world: Vec<Mat4>,
}

impl GltfFile<'_> {
    fn actor(&self, options: LoadOptions) -> Result<Actor, AssetError> {
        let skinned: Vec<_> = self.document.nodes().filter_map(|node| Some((node.mesh()?, node.skin()?))).collect();
        if skinned.is_empty() {
            return Err(AssetError::file(self.path, "no mesh has a skin; an actor needs a rigged body"));
        }
        let bones = self.bones();
        let mut rest = self.rest(&bones)?;
        let owners = self.owners(&bones);
        let mut meshes = Vec::new();
        for (mesh, skin) in &skinned {
            for primitive in mesh.primitives().filter(|primitive| primitive.mode() == gltf::mesh::Mode::Triangles) {
                let name = mesh.name().map_or_else(|| mesh.index().to_string(), str::to_owned);
                let failed = |problem| AssetError::file(self.path, format!("mesh {name}: {problem}"));
                meshes.push(self.mesh(&primitive, skin, &owners, options).map_err(failed)?);
            }
        }
        self.face(&mut rest, &mut meshes)?;
        settle_hips(&mut rest);
        if !rest.iter().copied().all(is_near) {
            return Err(AssetError::file(self.path, "a thigh has no length"));
        }
        let mut actor = Actor::assemble(rest, meshes)
            .ok_or_else(|| AssetError::file(self.path, "no vertex moves with the head"))?;
        actor.dilate_textures();
        options.triangles.into_iter().for_each(|triangles| actor.decimate(triangles));
        Ok(actor)
    }

    /// The node of each bone.
    fn bones(&self) -> [Option<usize>; BONES] {
        let mut found = [None; BONES];
        for node in self.document.skins().flat_map(|skin| skin.joints().collect::<Vec<_>>()) {
            if let Some(bone) = node.name().and_then(names::bone) {
                found[bone.index()].get_or_insert(node.index());
            }
        }
        found
    }

    /// Where the bones begin; optional bones are placed at the ends of their parents or children.
    fn rest(&self, bones: &[Option<usize>; BONES]) -> Result<[Vec3; BONES], AssetError> {
        let mut rest = [Vec3::ZERO; BONES];
        for bone in Bone::ALL {
            rest[bone.index()] = match (bones[bone.index()], bone.parent()) {
                (Some(node), _) => self.world[node].w_axis.truncate(),
                (None, Some(parent)) if !names::is_required(bone) => rest[parent.index()],
                _ => return Err(self.missing(bone)),
            };
            if !is_near(rest[bone.index()]) {
                return Err(AssetError::file(self.path, format!("the joint for {bone:?} is at no place")));
            }
        }
        Ok(rest)
    }

    fn missing(&self, bone: Bone) -> AssetError {
        let joints = self.document.skins().flat_map(|skin| skin.joints().collect::<Vec<_>>());
        let found: Vec<_> = joints.filter_map(|node| node.name()).take(30).collect();
        let (looked_for, found) = (names::names(bone).join(", "), found.join(", "));
        AssetError::file(self.path, format!("no joint for {bone:?}; none of {looked_for} is among {found}"))
    }

    /// By node, the bone with which it moves: its own, that of its nearest ancestor, or else the hips.
    fn owners(&self, bones: &[Option<usize>; BONES]) -> Vec<Bone> {
        let by_node: HashMap<usize, Bone> =
            Bone::ALL.into_iter().filter_map(|bone| Some((bones[bone.index()]?, bone))).collect();
        inherited(self.document, Bone::Hips, |node, parent| by_node.get(&node.index()).copied().unwrap_or(parent))
    }

    fn mesh(
        &self,
        primitive: &Primitive<'_>,
        skin: &Skin<'_>,
        owners: &[Bone],
        options: LoadOptions,
    ) -> Result<Mesh, String> {
        let material = primitive.material();
        let uv_set = material.pbr_metallic_roughness().base_color_texture().map_or(0, |texture| texture.tex_coord());
        gltf_checks::attributes(primitive, skin, uv_set)?;
        let reader = primitive.reader(|buffer| self.buffers.get(buffer.index()).copied());
        let skin_reader = skin.reader(|buffer| self.buffers.get(buffer.index()).copied());
        let joints: Vec<usize> = skin.joints().map(|node| node.index()).collect();
        let inverse_binds: Vec<Mat4> = match skin_reader.read_inverse_bind_matrices() {
            Some(matrices) => matrices.map(|matrix| Mat4::from_cols_array_2d(&matrix)).collect(),
            None => vec![Mat4::IDENTITY; joints.len()],
        };
        if inverse_binds.len() < joints.len() {
            return Err("fewer inverse bind matrices than joints".into());
        }
        let moves: Vec<Mat4> =
            joints.iter().zip(&inverse_binds).map(|(&joint, bind)| self.world[joint] * bind).collect();

        let positions: Vec<Vec3> = reader.read_positions().ok_or("no positions")?.map(Vec3::from).collect();
        let count = positions.len();
        let normals: Option<Vec<Vec3>> = reader.read_normals().map(|normals| normals.map(Vec3::from).collect());
        let uvs: Vec<[f32; 2]> =
            reader.read_tex_coords(uv_set).map_or_else(|| vec![[0.0; 2]; count], |uvs| uvs.into_f32().collect());
        let influences = reader.read_joints(0).ok_or("no joints")?.into_u16();
        let weights = reader.read_weights(0).ok_or("no weights")?.into_f32();
        let influences: Vec<_> = influences.zip(weights).collect();
        if influences.len() != count || uvs.len() != count || normals.as_ref().is_some_and(|n| n.len() != count) {
            return Err("vertex attributes differ in number".into());
        }

        let mut vertices = Vec::with_capacity(count);
        for (index, (joint, weight)) in influences.into_iter().enumerate() {
            let pairs =
                || joint.iter().map(|&joint| usize::from(joint)).zip(weight).filter(|&(_, weight)| weight > 0.0);
            if let Some((joint, _)) = pairs().find(|&(joint, _)| joint >= joints.len()) {
                return Err(format!("vertex {index} hangs on joint {joint} of {}", joints.len()));
            }
            let total: f32 = pairs().map(|(_, weight)| weight).sum();
            let mut matrix = Mat4::ZERO;
            pairs().for_each(|(joint, weight)| matrix += moves[joint] * (weight / total));
            let position = (matrix * positions[index].extend(1.0)).truncate();
            let normal = normals.as_ref().map_or(Vec3::Y, |normals| matrix.transform_vector3(normals[index]));
            if total <= 0.0 || !is_near(position) {
                return Err(format!("vertex {index} has no weights or is at no place"));
            }
            let bones = pairs().map(|(joint, weight)| (owners[joints[joint]], weight));
            vertices.push(SkinnedVertex::new(position, normal.normalize_or(Vec3::Y), bones));
        }
        let indices: Vec<u32> =
            reader.read_indices().map_or_else(|| (0..count as u32).collect(), |indices| indices.into_u32().collect());
        if let Some(index) = indices.iter().find(|&&index| index as usize >= count) {
            return Err(format!("a triangle has vertex {index} of {count}"));
        }
        let triangles = indices.as_chunks::<3>().0.to_vec();
        let texture = Arc::new(self.texture(&material, options)?);
        let mut mesh = Mesh { vertices, uvs, triangles, texture };
        if normals.is_none() {
            mesh.smooth();
        }
        Ok(mesh)
    }

    /// The base colour: texture times factor.
    fn texture(&self, material: &gltf::Material<'_>, options: LoadOptions) -> Result<Texture, String> {
        let base = material.pbr_metallic_roughness();
        let tint = Vec4::from(base.base_color_factor()).truncate().map(to_srgb);
        let mut texture = match base.base_color_texture() {
            Some(info) => rgb(&self.images[info.texture().source().index()])?,
            None => Texture { width: 1, height: 1, rgb: vec![255; 3] },
        };
        if tint != Vec3::ONE {
            for (value, channel) in texture.rgb.iter_mut().zip((0..3).cycle()) {
                *value = (f32::from(*value) * tint[channel]) as u8;
            }
        }
        while options.texture_px.is_some_and(|most| texture.width.max(texture.height) > most) {
            texture = halved(&texture);
        }
        Ok(texture)
    }

    /// Turns the body to face +Z.
    fn face(&self, rest: &mut [Vec3; BONES], meshes: &mut [Mesh]) -> Result<(), AssetError> {
        let (left, right) = (rest[Bone::LeftUpLeg.index()], rest[Bone::RightUpLeg.index()]);
        let turn =
            facing(left, right).ok_or_else(|| AssetError::file(self.path, "both hip joints are at one place"))?;
        for point in rest.iter_mut() {
            *point = turn * *point;
        }
        for vertex in meshes.iter_mut().flat_map(|mesh| &mut mesh.vertices) {
            vertex.position = turn * vertex.position;
            vertex.normal = turn * vertex.normal;
        }
        let heights = || meshes.iter().flat_map(|mesh| &mesh.vertices).map(|vertex| vertex.position.y);
        let (low, high) = (heights().fold(f32::INFINITY, f32::min), heights().fold(f32::NEG_INFINITY, f32::max));
        if !PLAUSIBLE_M.contains(&(high - low)) {
            let problem = format!("the body is {:.2} m tall; glTF's unit is the metre, and y points up", high - low);
            return Err(AssetError::file(self.path, problem));
        }
        Ok(())
    }
}

/// Some models have hip joints up to 8 cm too low. A thigh is about as long as a shin: joints that contradict this are
/// moved along the thigh.
const THIGH_TO_SHIN: (f32, f32) = (0.95, 1.05);

fn settle_hips(rest: &mut [Vec3; BONES]) {
    for thigh in [Bone::LeftUpLeg, Bone::RightUpLeg] {
        let (shin, foot) =
            if thigh == Bone::LeftUpLeg { (Bone::LeftLeg, Bone::LeftFoot) } else { (Bone::RightLeg, Bone::RightFoot) };
        let knee = rest[shin.index()];
        let (up, shin_m) = (rest[thigh.index()] - knee, knee.distance(rest[foot.index()]));
        rest[thigh.index()] = knee + up.clamp_length(THIGH_TO_SHIN.0 * shin_m, THIGH_TO_SHIN.1 * shin_m);
    }
}
