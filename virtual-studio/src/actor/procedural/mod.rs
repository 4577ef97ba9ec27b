//! A person made of tubes and ellipsoids, for studios without any asset.

mod paint;
mod shape;
mod tubes;

use std::sync::Arc;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::Actor;
use super::mesh::Mesh;
use tubes::Builder;

/// A person of average build; the seed chooses skin, hair and clothes.
pub fn actor(seed: u64) -> Actor {
    let mut builder = Builder::default();
    builder.body();
    let Builder { vertices, uvs, triangles } = builder;
    let texture = Arc::new(paint::texture(&mut ChaCha8Rng::seed_from_u64(seed)));
    let mut mesh = Mesh { vertices, uvs, triangles, texture };
    mesh.smooth();
    Actor::assemble(shape::rest(), vec![mesh]).expect("the built-in body has a head")
}
