//! The detector's anchors.

/// Side of the detector's picture in pixels.
pub const DETECTOR_PX: usize = 224;

/// The centres of the detector's anchors, from 0 to 1: two for each cell of a 28 × 28 grid, two for each of 14 × 14,
/// and six for each of 7 × 7 (strides of 8, 16 and three times 32 pixels, each with two boxes of one size).
pub fn anchors() -> Vec<[f32; 2]> {
    const GRIDS: [(usize, usize); 3] = [(8, 2), (16, 2), (32, 6)];
    let mut anchors = Vec::new();
    for (stride, boxes) in GRIDS {
        let cells = DETECTOR_PX / stride;
        for row in 0..cells {
            for column in 0..cells {
                let centre = [(column as f32 + 0.5) / cells as f32, (row as f32 + 0.5) / cells as f32];
                anchors.extend(std::iter::repeat_n(centre, boxes));
            }
        }
    }
    anchors
}
