//! SMJPEG, ffmpeg's simplest container of JPEG pictures: each with its size in front.

use std::io::{self, Read};
use std::sync::mpsc::SyncSender;

/// One picture and its size in pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jpeg {
    pub bytes: Vec<u8>,
    pub size_px: [u32; 2],
}

const MAGIC: [u8; 8] = *b"\0\nSMJPEG";
/// No picture is larger. A larger size says that the stream is none.
const MAX_BYTES: u32 = 1 << 28;

/// Sends each picture of a stream, until its end or until nobody receives them.
///
/// # Errors
/// The stream is no SMJPEG, or ends inside a picture.
pub fn read(mut stream: impl Read, sender: &SyncSender<Jpeg>) -> io::Result<()> {
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what);
    // The magic, a version and a length in ms.
    let head: [u8; 16] = array(&mut stream)?;
    if !head.starts_with(&MAGIC) {
        return Err(bad("no SMJPEG"));
    }
    let mut size_px = [0, 0];
    loop {
        let kind: [u8; 4] = match array(&mut stream) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            kind => kind?,
        };
        match &kind {
            b"HEND" => {}
            b"DONE" => return Ok(()),
            b"_VID" => {
                let header = bytes(&mut stream)?;
                let short = |at: usize| header.get(at..at + 2)?.first_chunk().map(|px| u16::from_be_bytes(*px).into());
                // The number of pictures, then width and height.
                size_px =
                    short(4).zip(short(6)).map(|(width, height)| [width, height]).ok_or_else(|| bad("no size"))?;
            }
            b"_TXT" | b"_SND" => drop(bytes(&mut stream)?),
            b"vidD" | b"sndD" => {
                let _time_ms: [u8; 4] = array(&mut stream)?;
                let bytes = bytes(&mut stream)?;
                if kind == *b"vidD" && sender.send(Jpeg { bytes, size_px }).is_err() {
                    return Ok(());
                }
            }
            _ => return Err(bad("an unknown chunk")),
        }
    }
}

/// A length and so many bytes.
fn bytes(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let length = u32::from_be_bytes(array(stream)?);
    if length > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a chunk that is too large"));
    }
    let mut bytes = Vec::new();
    stream.take(length.into()).read_to_end(&mut bytes)?;
    if bytes.len() < length as usize { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

fn array<const N: usize>(stream: &mut impl Read) -> io::Result<[u8; N]> {
    let mut array = [0; N];
    stream.read_exact(&mut array).map(|()| array)
}
