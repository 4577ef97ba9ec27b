//! The renderer that runs everywhere.

use std::thread;

use super::scene::Scene;
use super::view::View;
use super::{Picture, Renderer, Set, Shot};
use crate::surface::{Part, Posed};

/// What trades quality for time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuOptions {
    /// 1, or 2 for four samples in each pixel.
    pub samples_per_side: usize,
    /// Side of the shadow map; smaller maps are quicker and give softer shadows. At least 32.
    pub shadow_texels: usize,
    /// For [`Renderer::draw_all`]. The pixels do not depend on it.
    pub threads: usize,
}

impl Default for CpuOptions {
    fn default() -> Self {
        Self { samples_per_side: 2, shadow_texels: 160, threads: 1 }
    }
}

/// Rasterises on the processor.
pub struct Cpu {
    scene: Scene,
    views: Vec<View>,
    threads: usize,
}

impl Cpu {
    pub fn new(parts: &[Part], set: Set, options: CpuOptions) -> Self {
        let scene = Scene::new(parts, set, options);
        Self { scene, views: Vec::new(), threads: options.threads.max(1) }
    }

    fn make_room(&mut self, views: usize) {
        if self.views.len() < views {
            self.views.resize_with(views, View::default);
        }
    }
}

impl Renderer for Cpu {
    fn set_body(&mut self, body: &Posed) {
        self.scene.set_body(body);
    }

    fn draw(&mut self, view: usize, shot: &Shot) -> Picture {
        self.make_room(view + 1);
        self.views[view].draw(&self.scene, shot)
    }

    fn draw_all(&mut self, shots: &[Shot]) -> Vec<Picture> {
        self.make_room(shots.len());
        let scene = &self.scene;
        let mut jobs: Vec<_> = self.views.iter_mut().zip(shots).map(|(view, shot)| (view, shot, None)).collect();
        let each = jobs.len().div_ceil(self.threads).max(1);
        thread::scope(|scope| {
            let mut chunks = jobs.chunks_mut(each);
            let own = chunks.next();
            for chunk in chunks {
                scope.spawn(|| {
                    chunk.iter_mut().for_each(|(view, shot, picture)| *picture = Some(view.draw(scene, shot)))
                });
            }
            own.into_iter().flatten().for_each(|(view, shot, picture)| *picture = Some(view.draw(scene, shot)));
        });
        jobs.into_iter().filter_map(|(.., picture)| picture).collect()
    }
}
