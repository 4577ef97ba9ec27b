//! The place of a take, drawn by seed: its room, furniture and obstacles.

use std::f32::consts::TAU;
use std::ops::RangeInclusive;

use glam::{Vec2, Vec3, Vec3A, Vec3Swizzles};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Vary;
use super::scenario::SurroundKind;
use crate::render::{Block, Environment, Grain, Light, Panel, Pattern, Room, Set, Surround};
use crate::rig::{PersonBounds, VirtualCamera};
use crate::seed;

/// Builds the place around a stage and the cameras that look at it.
pub(super) fn build(
    background: SurroundKind,
    environment: Environment,
    vary: &Vary,
    stage: &PersonBounds,
    cameras: &[VirtualCamera],
    seed: u64,
) -> Set {
    let turn = TAU * seed::stream(seed, "turn").random::<f32>();
    let environment = environment.turned(turn);
    let light = Light::of(&environment);
    let light = if background == SurroundKind::Room { light.enclosed() } else { light };
    let room = room(stage, cameras, &mut seed::stream(seed, "room"));
    let mut blocks = match background {
        SurroundKind::Black => Vec::new(),
        SurroundKind::Environment => furniture(vary.props / 2, stage, cameras, &room, seed),
        SurroundKind::Room => furniture(vary.props, stage, cameras, &room, seed),
    };
    blocks.extend((0..).zip(cameras).filter_map(|(index, camera)| occluder(vary, stage, camera, cameras, seed, index)));
    let surround = match background {
        SurroundKind::Black => Surround::Black,
        SurroundKind::Environment => Surround::Environment(environment),
        SurroundKind::Room => Surround::Room(Box::new(room)),
    };
    Set { surround, blocks, light }
}

/// A room that contains the stage and all cameras, which may move by an arm's length.
fn room(stage: &PersonBounds, cameras: &[VirtualCamera], rng: &mut ChaCha8Rng) -> Room {
    const ARM_M: f32 = 0.8;
    let reach = Vec2::splat(stage.radius_m);
    let (mut low, mut high) = (stage.centre.xz() - reach, stage.centre.xz() + reach);
    let mut top = 2.4f32;
    for camera in cameras {
        low = low.min(camera.position.xz());
        high = high.max(camera.position.xz());
        top = top.max(camera.position.y + ARM_M);
    }
    let space = Vec2::new(seed::within(rng, 0.2..=2.5), seed::within(rng, 0.2..=2.5));
    let half = 0.5 * (high - low) + ARM_M + space;
    let height = top + seed::within(rng, 0.1..=1.2);
    let mut panels = Vec::new();
    for wall in 0..4 {
        let along = if wall < 2 { half.y } else { half.x };
        for _ in 0..rng.random_range(0..3) {
            let size = Vec2::new(seed::within(rng, 0.4..=1.6), seed::within(rng, 0.4..=1.3));
            let low = Vec2::new(seed::within(rng, -along..=along - size.x), seed::within(rng, 0.6..=1.4));
            panels.push(Panel {
                wall,
                low,
                high: (low + size).min(Vec2::new(along, height)),
                pattern: any_pattern(rng, 0.02..=0.8),
            });
        }
    }
    let paint = wall_pattern(rng);
    let accent = wall_pattern(rng);
    let walls = std::array::from_fn(|_| if rng.random::<f32>() < 0.25 { accent } else { paint });
    let white = seed::within(rng, 0.55..=0.85);
    let ceiling = Pattern::plain(Vec3A::splat(white));
    Room { centre: 0.5 * (low + high), half, height, floor: floor_pattern(rng), ceiling, walls, panels }
}

/// Typical colours of paint, wood, stone and cloth, linear.
const PAINTS: [[f32; 3]; 12] = [
    [0.75, 0.73, 0.68],
    [0.55, 0.53, 0.50],
    [0.60, 0.52, 0.40],
    [0.30, 0.30, 0.31],
    [0.08, 0.08, 0.09],
    [0.36, 0.20, 0.09],
    [0.20, 0.10, 0.05],
    [0.50, 0.34, 0.18],
    [0.42, 0.50, 0.55],
    [0.10, 0.17, 0.32],
    [0.16, 0.26, 0.16],
    [0.42, 0.09, 0.07],
];

/// Draws one of them, or any colour, within bounds of brightness.
fn colour(rng: &mut ChaCha8Rng, brightness: RangeInclusive<f32>) -> Vec3A {
    let paint = if rng.random::<f32>() < 0.15 {
        Vec3A::from_array(std::array::from_fn(|_| seed::within(rng, 0.03..=0.7)))
    } else {
        Vec3A::from_array(PAINTS[rng.random_range(0..PAINTS.len())])
    };
    let shade = paint * seed::within(rng, 0.7..=1.2);
    let bounded = shade.element_sum().clamp(3.0 * brightness.start(), 3.0 * brightness.end()) / shade.element_sum();
    (shade * bounded).clamp(Vec3A::splat(0.01), Vec3A::splat(0.85))
}

fn any_pattern(rng: &mut ChaCha8Rng, brightness: RangeInclusive<f32>) -> Pattern {
    const GRAINS: [Grain; 6] =
        [Grain::Plain, Grain::Mottled, Grain::Checker, Grain::Stripes, Grain::Planks, Grain::Bricks];
    let grain = GRAINS[rng.random_range(0..GRAINS.len())];
    let colours = [colour(rng, brightness.clone()), colour(rng, brightness)];
    Pattern { grain, colours, scale_m: seed::within(rng, 0.05..=0.4), seed: rng.random() }
}

fn wall_pattern(rng: &mut ChaCha8Rng) -> Pattern {
    if rng.random::<f32>() < 0.3 {
        return any_pattern(rng, 0.1..=0.7);
    }
    let first = colour(rng, 0.3..=0.8);
    let second = first * seed::within(rng, 0.75..=1.0);
    Pattern {
        grain: Grain::Mottled,
        colours: [first, second],
        scale_m: seed::within(rng, 0.3..=1.5),
        seed: rng.random(),
    }
}

fn floor_pattern(rng: &mut ChaCha8Rng) -> Pattern {
    const GRAINS: [Grain; 4] = [Grain::Planks, Grain::Checker, Grain::Mottled, Grain::Bricks];
    let grain = GRAINS[rng.random_range(0..GRAINS.len())];
    let first = colour(rng, 0.08..=0.5);
    // Tiles and boards of one floor are similar; carpets even more so.
    let second = first * seed::within(rng, 0.5..=0.95);
    let scale_m = match grain {
        Grain::Planks => seed::within(rng, 0.08..=0.2),
        Grain::Checker | Grain::Bricks => seed::within(rng, 0.2..=0.6),
        _ => seed::within(rng, 0.02..=0.5),
    };
    Pattern { grain, colours: [first, second], scale_m, seed: rng.random() }
}

/// Boxes and posts on the floor, away from the stage and from all lines of sight to it.
fn furniture(most: u32, stage: &PersonBounds, cameras: &[VirtualCamera], room: &Room, seed: u64) -> Vec<Block> {
    let mut rng = seed::stream(seed, "furniture");
    let wanted = rng.random_range(0..=most);
    let mut blocks = Vec::new();
    for _ in 0..wanted {
        let half = Vec3::new(
            seed::within(&mut rng, 0.1..=0.7),
            seed::within(&mut rng, 0.2..=1.0),
            seed::within(&mut rng, 0.1..=0.5),
        );
        let yaw = TAU * rng.random::<f32>();
        let pattern = any_pattern(&mut rng, 0.05..=0.7);
        let place = Vec2::new(seed::within(&mut rng, -1.0..=1.0), seed::within(&mut rng, -1.0..=1.0));
        let inside = (room.half - half.xz().length()).max(Vec2::ZERO);
        let flat = room.centre + place * inside;
        let width = half.xz().length();
        if is_free(flat, width, stage, cameras) {
            blocks.push(Block::new(Vec3::new(flat.x, half.y, flat.y), half, yaw, pattern));
        }
    }
    blocks
}

fn is_free(at: Vec2, width: f32, stage: &PersonBounds, cameras: &[VirtualCamera]) -> bool {
    let centre = stage.centre.xz();
    at.distance(centre) > stage.radius_m + width + 0.1
        && cameras.iter().all(|camera| {
            let (from, way) = (camera.position.xz(), centre - camera.position.xz());
            let along = ((at - from).dot(way) / way.length_squared()).clamp(0.0, 1.0);
            (from + way * along).distance(at) > width + 0.5 + 0.5 * stage.radius_m * along
        })
}

/// An obstacle between one camera and the person, outside all cameras.
fn occluder(
    vary: &Vary,
    stage: &PersonBounds,
    camera: &VirtualCamera,
    all: &[VirtualCamera],
    seed: u64,
    index: u64,
) -> Option<Block> {
    let mut rng = seed::stream_at(seed, "occluder", index);
    if rng.random::<f32>() >= vary.occluders {
        return None;
    }
    let post = rng.random::<f32>() < 0.5;
    let half = if post {
        Vec3::new(
            seed::within(&mut rng, 0.03..=0.09),
            seed::within(&mut rng, 0.9..=1.4),
            seed::within(&mut rng, 0.03..=0.09),
        )
    } else {
        Vec3::new(
            seed::within(&mut rng, 0.15..=0.5),
            // Low enough for the camera to look over it, so that it hides legs rather than whole people.
            seed::within(&mut rng, 0.15..=0.5).min(0.45 * camera.position.y),
            seed::within(&mut rng, 0.1..=0.4),
        )
    };
    let width = half.xz().length();
    let away = (camera.position - stage.centre).xz();
    let (near, far) = (stage.radius_m + width, away.length() - width - 0.5);
    let (side, part) = (seed::within(&mut rng, -0.5..=0.5), rng.random::<f32>());
    let (yaw, pattern) = (TAU * rng.random::<f32>(), any_pattern(&mut rng, 0.05..=0.7));
    if near > far {
        return None;
    }
    let along = away.normalize_or_zero();
    let at = stage.centre.xz() + along * (near + 0.6 * (far - near) * part) + along.perp() * side;
    let free = all.iter().all(|camera| camera.position.xz().distance(at) > width + 0.4);
    free.then(|| Block::new(Vec3::new(at.x, half.y, at.y), half, yaw, pattern))
}
