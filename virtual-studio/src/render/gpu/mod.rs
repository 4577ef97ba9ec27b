//! The renderer for graphics cards, by Vulkan.
//!
//! The processor lights the person, casts their shadow and draws static surfaces, as for [`Cpu`](super::Cpu). The card
//! projects the vertices, draws the triangles with the same samples, and blends the samples of each pixel with the
//! background. At the edges of objects before the person, the processor tests each sample, the card only the middle of
//! the pixel. Triangles that cross the camera's plane are clipped by the card, and skipped by the processor.

mod card;
mod person;

use std::sync::Arc;
use std::sync::mpsc;

use bytemuck::{bytes_of, cast_slice};
use wgpu::{BindingResource, Buffer, BufferUsages, Color, LoadOp, Operations, StoreOp, TextureView};

pub use card::Card;

use super::backdrop::{Backdrop, exposure};
use super::lit_scene::{NEAREST_M, Scene};
use super::rays::Rays;
use super::{RenderedPicture, Renderer, Set, Shot};
use crate::surface::{Part, Posed};
use person::PersonBuffers;

/// Side of the squares of pixels that are blended at a time, as in the shader.
const SQUARE: u32 = 8;

/// Rasterises on a graphics card.
pub struct Gpu {
    card: Arc<Card>,
    scene: Scene,
    person: PersonBuffers,
    /// Cached data of each camera.
    backdrops: Vec<Backdrop>,
    targets: Option<Targets>,
}

/// The multisampled targets for the triangles of a picture.
struct Targets {
    /// Size of the picture in pixels.
    size: [u32; 2],
    light: TextureView,
    depth: TextureView,
}

impl Gpu {
    /// `samples_per_side` is 1, or 2 for four samples in each pixel.
    pub fn new(card: Arc<Card>, parts: &[Part], set: Set, samples_per_side: usize) -> Self {
        let scene = Scene::new(parts, set, samples_per_side);
        let person = PersonBuffers::new(&card, parts, &scene);
        Self { card, scene, person, backdrops: Vec::new(), targets: None }
    }

    /// Submits the work for a picture, and returns the buffer of its result.
    fn start(&mut self, beneath: &RenderedPicture, shot: &Shot) -> (Buffer, wgpu::SubmissionIndex) {
        let (card, size) = (&*self.card, [beneath.width, beneath.height]);
        let targets = match self.targets.take() {
            Some(targets) if targets.size == size => targets,
            _ => Targets::new(card, size, self.scene.samples as u32),
        };
        let words: Vec<[u32; 2]> = (beneath.rgb.as_chunks::<3>().0.iter().zip(&beneath.depth_m))
            // The sky is far but finite, since shaders may not support infinity.
            .map(|(&[r, g, b], depth_m)| [u32::from_le_bytes([r, g, b, 0]), depth_m.min(f32::MAX).to_bits()])
            .collect();
        let uniform = card.filled(bytes_of(&self.uniform(shot)), BufferUsages::UNIFORM);
        let under = card.filled(cast_slice(&words), BufferUsages::STORAGE);
        let mixing = card.empty(under.size(), BufferUsages::STORAGE | BufferUsages::COPY_SRC);
        let mixed = card.empty(under.size(), BufferUsages::MAP_READ | BufferUsages::COPY_DST);

        let mut encoder = card.device.create_command_encoder(&Default::default());
        {
            let shared = [(0, uniform.as_entire_binding()), (1, under.as_entire_binding())];
            let group = card.group(&card.triangles.get_bind_group_layout(0), &shared);
            let mut pass = targets.begin(&mut encoder);
            pass.set_pipeline(&card.triangles);
            pass.set_bind_group(0, &group, &[]);
            self.person.draw(&mut pass);
        }
        {
            let views = [&targets.light, &targets.depth].map(BindingResource::TextureView);
            let buffers = [&uniform, &under, &mixing].map(Buffer::as_entire_binding);
            let bindings: Vec<_> = (0..).zip(buffers.into_iter().chain(views)).collect();
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&card.mixing);
            pass.set_bind_group(0, &card.group(&card.mixing.get_bind_group_layout(0), &bindings), &[]);
            let [across, down] = size.map(|side| side.div_ceil(SQUARE));
            pass.dispatch_workgroups(across, down, 1);
        }
        encoder.copy_buffer_to_buffer(&mixing, 0, &mixed, 0, mixed.size());
        let submission = card.queue.submit([encoder.finish()]);
        self.targets = Some(targets);
        (mixed, submission)
    }

    /// The shader's `Shot`.
    fn uniform(&self, shot: &Shot) -> [[f32; 4]; 8] {
        let (camera, lens) = (&shot.camera, &shot.camera.intrinsics);
        let [x, y, z] = camera.rotation.to_cols_array_2d().map(|[a, b, c]| [a, b, c, 0.0]);
        let offset = camera.translation().extend(NEAREST_M).to_array();
        let [r, g, b] = exposure(&self.scene.set, shot).to_array();
        let [focal, centre] = [lens.focal_px(), lens.centre_px()].map(|pair| pair.to_array());
        let ([k1, k2], [width, height]) = (lens.radial(), lens.size_px().map(|side| side as f32));
        let gain = [r, g, b, self.scene.samples as f32];
        let reach = lens.reach().min(f32::MAX);
        [
            x,
            y,
            z,
            offset,
            gain,
            [focal[0], focal[1], centre[0], centre[1]],
            [k1, k2, width, height],
            [reach, 0.0, 0.0, 0.0],
        ]
    }
}

impl Targets {
    fn new(card: &Card, size: [u32; 2], samples: u32) -> Self {
        let [light, depth] =
            [card::LIGHT, card::DEPTH].map(|format| card.target(size.map(|side| side * samples), format));
        Self { size, light, depth }
    }

    fn begin<'a>(&self, encoder: &'a mut wgpu::CommandEncoder) -> wgpu::RenderPass<'a> {
        encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &self.light,
                depth_slice: None,
                resolve_target: None,
                ops: Operations { load: LoadOp::Clear(Color::TRANSPARENT), store: StoreOp::Store },
            })],
            depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
                view: &self.depth,
                depth_ops: Some(Operations { load: LoadOp::Clear(0.0), store: StoreOp::Store }),
                stencil_ops: None,
            }),
            ..Default::default()
        })
    }
}

/// Drawing panics if the card fails.
impl Renderer for Gpu {
    fn set_body(&mut self, body: &Posed) {
        self.scene.set_body(body);
        self.person.stand(&self.card, &self.scene);
    }

    fn draw(&mut self, view: usize, shot: &Shot) -> RenderedPicture {
        // Losing the card ends the rendering. The takes before are complete, and a later run continues.
        const LOST: &str = "the graphics card answers";
        if self.backdrops.len() <= view {
            self.backdrops.resize_with(view + 1, Backdrop::default);
        }
        let mut picture = self.backdrops[view].picture(&self.scene, shot, &Rays::new(&shot.camera));
        let (mixed, submission) = self.start(&picture, shot);
        let (sender, answer) = mpsc::channel();
        mixed.map_async(wgpu::MapMode::Read, .., move |result| drop(sender.send(result)));
        self.card.device.poll(wgpu::PollType::Wait { submission_index: Some(submission), timeout: None }).expect(LOST);
        // The callback may have run on another thread that polls.
        answer.recv().expect(LOST).expect(LOST);
        let bytes = mixed.get_mapped_range(..).expect(LOST);
        for (at, &[seen, depth_m]) in cast_slice::<u8, [u32; 2]>(&bytes).iter().enumerate() {
            let [r, g, b, covered] = seen.to_le_bytes();
            if covered > 0 {
                picture.rgb[3 * at..3 * at + 3].copy_from_slice(&[r, g, b]);
                picture.mask[at] = covered;
                picture.depth_m[at] = f32::from_bits(depth_m);
            }
        }
        picture
    }
}
