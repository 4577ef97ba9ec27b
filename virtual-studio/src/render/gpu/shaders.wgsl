// The person over a picture of what stands still: triangles at each sample, then the mixing of each pixel's samples.

// Written by `Gpu::uniform`.
struct Shot {
    // World to camera, metres: x_camera = rotation x_world + offset.
    rotation: mat3x3f,
    offset: vec3f,
    // Nothing nearer is drawn. Nearness is this over depth.
    nearest_m: f32,
    // Radiance to the light of the picture.
    gain: vec3f,
    samples_per_side: f32,
    // The lens, as `Intrinsics` has it.
    focal_px: vec2f,
    centre_px: vec2f,
    radial: vec2f,
    size_px: vec2f,
    reach: f32,
}

@group(0) @binding(0) var<uniform> shot: Shot;
// By pixel: sRGB bytes, and the bits of the depth in metres.
@group(0) @binding(1) var<storage, read> beneath: array<vec2u>;

@group(1) @binding(0) var skin: texture_2d<f32>;
@group(1) @binding(1) var skin_sampler: sampler;

struct Corner {
    @builtin(position) position: vec4f,
    @location(0) light: vec3f,
    @location(1) uv: vec2f,
}

@vertex
fn project(@location(0) position: vec3f, @location(1) light: vec3f, @location(2) uv: vec2f) -> Corner {
    let at = shot.rotation * position + shot.offset;
    let ray = at.xy / at.z;
    let r2 = min(dot(ray, ray), shot.reach);
    let px = ray * (1.0 + r2 * (shot.radial.x + r2 * shot.radial.y)) * shot.focal_px + shot.centre_px;
    let place = (px / shot.size_px * 2.0 - 1.0) * at.z;
    return Corner(vec4f(place.x, -place.y, shot.nearest_m, at.z), light, uv);
}

// The light of a sample, and 1.
@fragment
fn shade(corner: Corner) -> @location(0) vec4f {
    let pixel = vec2u(corner.position.xy / shot.samples_per_side);
    let behind_m = bitcast<f32>(beneath[pixel.y * u32(shot.size_px.x) + pixel.x].y);
    if behind_m * corner.position.z < shot.nearest_m {
        discard;
    }
    let painted = from_srgb(textureSampleLevel(skin, skin_sampler, corner.uv, 0.0).rgb);
    return vec4f(tone(shot.gain * painted * corner.light), 1.0);
}

// By pixel: bytes of red, green, blue and mask, and the bits of the depth in metres; 0 without the person.
@group(0) @binding(2) var<storage, read_write> mixed: array<vec2u>;
@group(0) @binding(3) var light: texture_2d<f32>;
@group(0) @binding(4) var depth: texture_depth_2d;

@compute @workgroup_size(8, 8)
fn mix_samples(@builtin(global_invocation_id) id: vec3u) {
    let size = vec2u(shot.size_px);
    if any(id.xy >= size) {
        return;
    }
    let side = u32(shot.samples_per_side);
    var sum = vec4f();
    var nearness = 0.0;
    for (var y = 0u; y < side; y++) {
        for (var x = 0u; x < side; x++) {
            let sample = id.xy * side + vec2u(x, y);
            sum += textureLoad(light, sample, 0);
            nearness = max(nearness, textureLoad(depth, sample, 0));
        }
    }
    let at = id.y * size.x + id.x;
    if sum.a == 0.0 {
        mixed[at] = vec2u();
        return;
    }
    let covered = sum.a / f32(side * side);
    let beside = from_srgb(unpack4x8unorm(beneath[at].x).rgb);
    let colour = to_srgb(mix(beside, sum.rgb / sum.a, covered));
    mixed[at] = vec2u(pack4x8unorm(vec4f(colour, covered)), bitcast<u32>(shot.nearest_m / nearness));
}

// As `colour.rs` has them.
fn tone(radiance: vec3f) -> vec3f {
    let knee = 0.7;
    let over = max(radiance - knee, vec3f());
    return min(radiance, vec3f(knee)) + over / (1.0 + over / (1.0 - knee));
}

fn from_srgb(value: vec3f) -> vec3f {
    return select(pow((value + 0.055) / 1.055, vec3f(2.4)), value / 12.92, value <= vec3f(0.04045));
}

fn to_srgb(light: vec3f) -> vec3f {
    let clamped = clamp(light, vec3f(), vec3f(1.0));
    return select(1.055 * pow(clamped, vec3f(1.0 / 2.4)) - 0.055, 12.92 * clamped, clamped <= vec3f(0.0031308));
}
