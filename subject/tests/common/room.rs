//! A textured room with a person, before a camera on simulated time.

use std::sync::LazyLock;

use frame::{FrameInfo, SegmentId};
use subject::{BackgroundConfig, BackgroundId, CropOutcome, Preprocessing, SceneEvent, SubjectCropper};

use super::{HEIGHT, WIDTH, info};

/// What a picture shows.
#[derive(Clone, Copy)]
pub struct Look {
    /// Which room.
    pub room: u64,
    /// How far everything but the person is shifted, in pixels right and down.
    pub shift: [i32; 2],
    /// Brightness is multiplied by the one and added to the other.
    pub gain: f32,
    pub offset: f32,
    pub person: Option<Person>,
    /// Whether a screen plays in more than a third of the picture.
    pub screen: bool,
    pub at_s: f64,
    /// Pictures of the same time have the same noise.
    pub noise_s: f64,
}

/// A patterned shape that stands on the lower edge.
#[derive(Clone, Copy)]
pub struct Person {
    pub x: f32,
    pub width: f32,
    pub height: f32,
    pub colour: u64,
}

impl Look {
    /// The room as it is, with somebody who walks to and fro.
    pub fn person(at_s: f64) -> Self {
        let person = Person { x: 140.0 + 90.0 * (at_s as f32).sin(), width: 40.0, height: 110.0, colour: 3 };
        Self {
            room: 0,
            shift: [0; 2],
            gain: 1.0,
            offset: 0.0,
            person: Some(person),
            screen: false,
            at_s,
            noise_s: at_s,
        }
    }

    fn paint(&self) -> Vec<u8> {
        let mut noise = (self.noise_s * 1e6) as u64 | 1;
        let mut rgb = Vec::with_capacity((WIDTH * HEIGHT * 3) as usize);
        for y in 0..HEIGHT as i32 {
            for x in 0..WIDTH as i32 {
                let base = self.at(x, y);
                for channel in 0..3u64 {
                    noise ^= noise << 13;
                    noise ^= noise >> 7;
                    noise ^= noise << 17;
                    let tint = 1.0 + 0.06 * (channel as f32 - 1.0);
                    let value = self.gain * tint * base + self.offset + (noise % 5) as f32 - 2.0;
                    rgb.push(value.clamp(0.0, 255.0) as u8);
                }
            }
        }
        rgb
    }

    fn at(&self, x: i32, y: i32) -> f32 {
        let (fx, fy) = (x as f32, y as f32);
        if let Some(Person { x: left, width, height, colour }) = self.person
            && (left..left + width).contains(&fx)
            && fy >= HEIGHT as f32 - height
        {
            return 40.0 + 45.0 * colour as f32 + 0.2 * texture(90 + colour, (fx - left) as i32, y);
        }
        if self.screen && x < 180 && y < 180 {
            let time = self.at_s as f32;
            return 120.0 + 80.0 * (fx / 9.0 + 11.0 * time).sin() * (fy / 11.0 + 7.0 * time).cos();
        }
        ROOMS[self.room as usize][((y - self.shift[1] + MARGIN) * WIDE + x - self.shift[0] + MARGIN) as usize]
    }
}

/// How far a room goes on beyond the picture, in pixels.
const MARGIN: i32 = 80;
const WIDE: i32 = WIDTH as i32 + 2 * MARGIN;

/// A room of plain walls.
pub const PLAIN: u64 = 2;

/// Two rooms with texture, and the plain one.
static ROOMS: LazyLock<[Vec<f32>; 3]> = LazyLock::new(|| {
    [0, 1, PLAIN].map(|room| {
        let rows = -MARGIN..HEIGHT as i32 + MARGIN;
        let at = move |x, y| if room == PLAIN { 110.0 } else { texture(room, x, y) };
        rows.flat_map(|y| (-MARGIN..WIDTH as i32 + MARGIN).map(move |x| at(x, y))).collect()
    })
});

/// Smooth noise in three sizes, 30 to 190.
fn texture(room: u64, x: i32, y: i32) -> f32 {
    let octave = |size: i32| {
        let (left, top) = (x.div_euclid(size), y.div_euclid(size));
        let (right, down) = (x.rem_euclid(size) as f32 / size as f32, y.rem_euclid(size) as f32 / size as f32);
        let mix = |a: f32, b: f32, at: f32| a + (b - a) * at;
        let corner = |across, along| random(room, left + across, top + along, size);
        mix(mix(corner(0, 0), corner(1, 0), right), mix(corner(0, 1), corner(1, 1), right), down)
    };
    30.0 + 80.0 * octave(48) + 50.0 * octave(17) + 30.0 * octave(7)
}

/// From 0 to 1.
fn random(room: u64, x: i32, y: i32, size: i32) -> f32 {
    let mut hash = room.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for word in [x, y, size] {
        hash = (hash ^ word as u32 as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash ^= hash >> 29;
    }
    (hash >> 40) as f32 / (1u64 << 24) as f32
}

/// A camera on simulated time.
pub struct Camera {
    pub cropper: SubjectCropper,
    pub hz: f64,
    pub last: CropOutcome,
    pub sequence: u64,
}

impl Default for Camera {
    fn default() -> Self {
        let cropper = SubjectCropper::new(&Preprocessing::with_crop_px(64), BackgroundConfig::default()).unwrap();
        Self { cropper, hz: 25.0, last: CropOutcome::NoBackground, sequence: 0 }
    }
}

impl Camera {
    /// Shows a room for so many seconds, and returns what is told and after how many of them.
    pub fn watch(&mut self, seconds: f64, look: impl Fn(f64) -> Look) -> Vec<(f64, SceneEvent)> {
        let mut told = Vec::new();
        for number in 0..(seconds * self.hz) as u64 {
            let at_s = number as f64 / self.hz;
            let ms = (1e3 * self.sequence as f64 / self.hz) as i64;
            let info = FrameInfo { segment: SegmentId::seam(0), ..info(self.sequence, ms) };
            self.last = self.cropper.process(&info, &look(at_s).paint()).unwrap();
            self.sequence += 1;
            told.extend(self.cropper.take_scene_events().into_iter().map(|event| (at_s, event)));
        }
        told
    }
}

/// The names of what was told.
pub fn names(events: &[(f64, SceneEvent)]) -> Vec<&'static str> {
    let name = |(_, event): &(f64, SceneEvent)| match event {
        SceneEvent::Began(fault) => fault.name(),
        SceneEvent::Ended { .. } => "ended",
        SceneEvent::BackgroundLearned => "learned",
    };
    events.iter().map(name).collect()
}

/// The background in use.
pub fn learned(camera: &Camera) -> Option<BackgroundId> {
    camera.cropper.background().map(|background| background.id)
}
