//! A binary message of `/preview`, little endian:
//!
//! | bytes | what |
//! |---|---|
//! | 0 | version, 1 |
//! | 1 | camera, index in the rig |
//! | 2–3 | width of the camera's frame in pixels, `u16`; the picture is that frame made smaller |
//! | 4–11 | sequence, `u64` |
//! | 12–19 | start of exposure, `CLOCK_MONOTONIC` of the capturing host in ns, `i64` |
//! | 20– | a JPEG |

use axum::body::Bytes;

pub const VERSION: u8 = 1;
pub const HEADER_BYTES: usize = 20;

/// One preview as sent to browsers. Cloning shares the bytes.
#[derive(Clone, Debug)]
pub struct Preview(Bytes);

impl Preview {
    pub fn new(camera: u8, frame_width_px: u16, sequence: u64, exposure_ns: i64, jpeg: &[u8]) -> Self {
        let mut message = Vec::with_capacity(HEADER_BYTES + jpeg.len());
        message.extend_from_slice(&[VERSION, camera]);
        message.extend_from_slice(&frame_width_px.to_le_bytes());
        message.extend_from_slice(&sequence.to_le_bytes());
        message.extend_from_slice(&exposure_ns.to_le_bytes());
        message.extend_from_slice(jpeg);
        Self(message.into())
    }

    pub fn message(&self) -> Bytes {
        self.0.clone()
    }

    pub fn jpeg(&self) -> Bytes {
        self.0.slice(HEADER_BYTES..)
    }

    /// Whether both are the same picture, and not just equal ones.
    pub fn is(&self, other: &Self) -> bool {
        self.0.as_ptr() == other.0.as_ptr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_laid_out_as_documented() {
        let preview = Preview::new(3, 1088, 0x0102_0304_0506_0708, -2, &[0xff, 0xd8]);
        let expect = [1, 3, 0x40, 4, 8, 7, 6, 5, 4, 3, 2, 1, 0xfe, 255, 255, 255, 255, 255, 255, 255, 0xff, 0xd8];
        assert_eq!(&preview.message()[..], expect);
        assert_eq!(&preview.jpeg()[..], [0xff, 0xd8]);
    }
}
