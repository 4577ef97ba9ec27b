//! The layout of a frame's bytes: pixel formats, codecs and planes.

/// How the bytes of an uncompressed picture are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// One byte of luminance a pixel.
    Gray8,
    /// Packed R G B, three bytes a pixel.
    Rgb8,
    /// 4:2:2, packed Y0 U Y1 V.
    Yuyv,
    /// 4:2:0, a plane of Y, then one of interleaved U and V.
    Nv12,
    /// One byte of one colour a pixel, in cells of two by two.
    Bayer8(BayerPattern),
}

/// The colours of a cell of two by two pixels, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names spell out the pattern")]
pub enum BayerPattern {
    Rggb,
    Grbg,
    Gbrg,
    Bggr,
}

/// The codec of units that a camera encodes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// One JPEG a frame.
    Mjpeg,
    /// H.264.
    H264,
}

/// One plane of a raw picture inside the frame's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Where its first row begins, in bytes from the start of the frame.
    pub offset: usize,
    /// Bytes from one row to the next.
    pub stride: usize,
}

/// How the bytes of a frame are to be read. They are always what the camera sent, never a conversion of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields' names and types say what they are")]
pub enum Picture {
    /// Uncompressed; formats with one plane have only the first.
    Raw { format: PixelFormat, width_px: u32, height_px: u32, planes: [Option<Plane>; 2] },
    /// Compressed by the camera.
    Encoded { encoding: Encoding, width_px: u32, height_px: u32 },
}

impl Picture {
    /// A raw picture whose rows and planes follow each other without padding.
    pub fn packed(format: PixelFormat, width_px: u32, height_px: u32) -> Self {
        let (w, h) = (width_px as usize, height_px as usize);
        let planes = match format {
            PixelFormat::Gray8 | PixelFormat::Bayer8(_) => [Some(Plane { offset: 0, stride: w }), None],
            PixelFormat::Rgb8 => [Some(Plane { offset: 0, stride: 3 * w }), None],
            PixelFormat::Yuyv => [Some(Plane { offset: 0, stride: 2 * w }), None],
            PixelFormat::Nv12 => [Some(Plane { offset: 0, stride: w }), Some(Plane { offset: w * h, stride: w })],
        };
        Self::Raw { format, width_px, height_px, planes }
    }

    /// The fewest bytes that a complete frame has: of a raw picture all but the padding after its last row, of an
    /// encoded one 1.
    pub fn least_bytes(&self) -> usize {
        let Self::Raw { format, width_px, height_px, planes } = *self else { return 1 };
        let (w, h) = (width_px as usize, height_px as usize);
        let rows = match format {
            PixelFormat::Gray8 | PixelFormat::Bayer8(_) => [(w, h), (0, 0)],
            PixelFormat::Rgb8 => [(3 * w, h), (0, 0)],
            PixelFormat::Yuyv => [(2 * w, h), (0, 0)],
            PixelFormat::Nv12 => [(w, h), (2 * w.div_ceil(2), h.div_ceil(2))],
        };
        let end = |(plane, (row_bytes, rows)): (&Option<Plane>, (usize, usize))| {
            // Takes of others may say anything.
            let before_last = |plane: Plane| plane.offset.saturating_add((rows - 1).saturating_mul(plane.stride));
            plane.filter(|_| rows > 0).map(|plane| before_last(plane).saturating_add(row_bytes))
        };
        planes.iter().zip(rows).filter_map(end).max().unwrap_or(0)
    }

    /// Width and height.
    pub fn size_px(&self) -> (u32, u32) {
        match *self {
            Self::Raw { width_px, height_px, .. } | Self::Encoded { width_px, height_px, .. } => (width_px, height_px),
        }
    }
}
