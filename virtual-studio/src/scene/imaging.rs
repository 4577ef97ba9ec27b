//! The imaging of a take's cameras: exposure, noise, blur and compression, drawn by seed.

use rand::RngExt;

use super::Vary;
use crate::render::effects::Sensor;
use crate::seed;

/// How one camera of a take turns light into bytes.
#[derive(Clone, Debug)]
pub(super) struct Imaging {
    /// Exposure and white balance.
    pub gain: [f32; 3],
    pub defocus_px: f32,
    pub sensor: Option<Sensor>,
    pub jpeg_quality: u8,
}

impl Imaging {
    pub fn draw(vary: &Vary, seed: u64, camera: u64) -> Self {
        let mut rng = seed::stream_at(seed, "look", camera);
        // Cameras of one rig have similar, but not equal settings.
        let mut shared = seed::stream(seed, "exposure");
        let stops = vary.exposure_stops
            * (0.7 * seed::within(&mut shared, -1.0..=1.0) + 0.3 * seed::within(&mut rng, -1.0..=1.0));
        let exposure = stops.exp2();
        let mut tint = || 1.0 + vary.white_balance * seed::within(&mut rng, -1.0..=1.0);
        let (red, blue) = (tint(), tint());
        let noise = vary.noise * rng.random::<f32>();
        let [low, high] = vary.jpeg_quality;
        Self {
            gain: [exposure * red, exposure, exposure * blue],
            // Most lenses are nearly sharp.
            defocus_px: vary.defocus_px * rng.random::<f32>().powi(2),
            sensor: (noise > 0.0005).then(|| Sensor::new(noise, seed)),
            jpeg_quality: rng.random_range(low..=high.max(low)),
        }
    }
}

/// Times around an instant at which the shutter is open, as shares of the frame's period. One for a sharp picture.
pub(super) fn shutter(vary: &Vary, seed: u64) -> Vec<f64> {
    const STEPS: usize = 4;
    let mut rng = seed::stream(seed, "shutter");
    if rng.random::<f32>() >= vary.motion_blur {
        return vec![0.0];
    }
    let open = f64::from(vary.shutter * seed::within(&mut rng, 0.2..=1.0));
    (0..STEPS).map(|step| open * ((step as f64 + 0.5) / STEPS as f64 - 0.5)).collect()
}
