//! The graphics card: its pipelines, buffers and textures.

use std::sync::Arc;

use wgpu::util::{BufferInitDescriptor, DeviceExt, TextureDataOrder};
use wgpu::{
    AddressMode, BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindingResource, Buffer,
    BufferDescriptor, BufferUsages, ComputePipeline, Device, DeviceDescriptor, FilterMode, Queue, RenderPipeline,
    Sampler, TextureDescriptor, TextureFormat, TextureUsages, TextureView, VertexBufferLayout, VertexStepMode,
};

use crate::render::GpuError;
use crate::surface::Texture;

/// The picture's light; alpha tells whether there is any of the person.
pub(super) const LIGHT: TextureFormat = TextureFormat::Rgba16Float;
pub(super) const DEPTH: TextureFormat = TextureFormat::Depth32Float;

/// An open graphics card.
pub struct Card {
    name: String,
    pub(super) device: Device,
    pub(super) queue: Queue,
    pub(super) triangles: RenderPipeline,
    pub(super) mixing: ComputePipeline,
    sampler: Sampler,
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Card").field(&self.name).finish()
    }
}

impl Card {
    /// Opens the fastest card of this machine; software renderers come last.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    pub fn open() -> Result<Arc<Self>, GpuError> {
        let mut instance = wgpu::InstanceDescriptor::new_without_display_handle();
        instance.backends = wgpu::Backends::VULKAN;
        let fastest = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = pollster::block_on(wgpu::Instance::new(instance).request_adapter(&fastest))
            .map_err(|_| GpuError::NoCard)?;
        let name = adapter.get_info().name;
        let all = DeviceDescriptor { required_limits: adapter.limits(), ..Default::default() };
        let (device, queue) = pollster::block_on(adapter.request_device(&all))
            .map_err(|error| GpuError::Refused { name: name.clone(), problem: error.to_string() })?;
        let module = device.create_shader_module(wgpu::include_wgsl!("shaders.wgsl"));
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            address_mode_u: AddressMode::Repeat,
            address_mode_v: AddressMode::Repeat,
            mag_filter: FilterMode::Linear,
            min_filter: FilterMode::Linear,
            ..Default::default()
        });
        let (triangles, mixing) = (triangles(&device, &module), mixing(&device, &module));
        Ok(Arc::new(Self { name, device, queue, triangles, mixing, sampler }))
    }

    /// Its name from the driver.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn filled(&self, contents: &[u8], usage: BufferUsages) -> Buffer {
        self.device.create_buffer_init(&BufferInitDescriptor { label: None, contents, usage })
    }

    /// A buffer of `size` bytes.
    pub(super) fn empty(&self, size: u64, usage: BufferUsages) -> Buffer {
        self.device.create_buffer(&BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    }

    pub(super) fn target(&self, size: [u32; 2], format: TextureFormat) -> TextureView {
        let described = texture(size, format, TextureUsages::RENDER_ATTACHMENT);
        self.device.create_texture(&described).create_view(&Default::default())
    }

    pub(super) fn group(&self, layout: &BindGroupLayout, bindings: &[(u32, BindingResource<'_>)]) -> BindGroup {
        let bindings = bindings.iter().cloned();
        let entries: Vec<_> = bindings.map(|(binding, resource)| BindGroupEntry { binding, resource }).collect();
        self.device.create_bind_group(&BindGroupDescriptor { label: None, layout, entries: &entries })
    }

    /// A texture as the triangles read it.
    pub(super) fn skin(&self, skin: &Texture) -> BindGroup {
        let rgba: Vec<u8> = skin.rgb.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
        // Filter the bytes without decoding them, and decode the result.
        let described = texture([skin.width, skin.height], TextureFormat::Rgba8Unorm, TextureUsages::COPY_DST);
        let texture =
            self.device.create_texture_with_data(&self.queue, &described, TextureDataOrder::LayerMajor, &rgba);
        let view = texture.create_view(&Default::default());
        let bindings = [(0, BindingResource::TextureView(&view)), (1, BindingResource::Sampler(&self.sampler))];
        self.group(&self.triangles.get_bind_group_layout(1), &bindings)
    }
}

fn texture([width, height]: [u32; 2], format: TextureFormat, usage: TextureUsages) -> TextureDescriptor<'static> {
    TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: usage | TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    }
}

fn triangles(device: &Device, module: &wgpu::ShaderModule) -> RenderPipeline {
    let standing = wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x3];
    let uvs = wgpu::vertex_attr_array![2 => Float32x2];
    let buffer = |floats: usize, attributes| {
        let array_stride = (floats * size_of::<f32>()) as u64;
        Some(VertexBufferLayout { array_stride, step_mode: VertexStepMode::Vertex, attributes })
    };
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: None,
        layout: None,
        vertex: wgpu::VertexState {
            module,
            entry_point: Some("project"),
            compilation_options: Default::default(),
            buffers: &[buffer(6, &standing), buffer(2, &uvs)],
        },
        // Both sides are drawn.
        primitive: Default::default(),
        depth_stencil: Some(wgpu::DepthStencilState {
            format: DEPTH,
            depth_write_enabled: Some(true),
            depth_compare: Some(wgpu::CompareFunction::Greater),
            stencil: Default::default(),
            bias: Default::default(),
        }),
        multisample: Default::default(),
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some("shade"),
            compilation_options: Default::default(),
            targets: &[Some(LIGHT.into())],
        }),
        multiview_mask: None,
        cache: None,
    })
}

fn mixing(device: &Device, module: &wgpu::ShaderModule) -> ComputePipeline {
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module,
        entry_point: Some("mix_samples"),
        compilation_options: Default::default(),
        cache: None,
    })
}
