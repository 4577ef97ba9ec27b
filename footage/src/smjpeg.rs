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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    fn stream(pictures: &[&[u8]]) -> Vec<u8> {
        let mut stream = [&MAGIC[..], &[0; 8], b"_TXT", &[0, 0, 0, 2], b"x=", b"_VID", &[0, 0, 0, 12]].concat();
        stream.extend([0, 0, 0, 0, 0, 64, 0, 48, b'J', b'F', b'I', b'F']);
        stream.extend(b"HEND");
        for picture in pictures {
            stream.extend(b"vidD\0\0\0\x07");
            stream.extend((picture.len() as u32).to_be_bytes());
            stream.extend(*picture);
        }
        stream
    }

    fn pictures(stream: &[u8]) -> (io::Result<()>, Vec<Jpeg>) {
        let (sender, received) = sync_channel(9);
        let read = read(stream, &sender);
        drop(sender);
        (read, received.iter().collect())
    }

    #[test]
    fn pictures_come_whole_with_their_size() {
        for end in [&b""[..], b"DONE"] {
            let (read, found) = pictures(&[&stream(&[b"one", b"three"]), end].concat());
            assert!(read.is_ok());
            assert_eq!(found.iter().map(|jpeg| &*jpeg.bytes).collect::<Vec<_>>(), [&b"one"[..], b"three"]);
            assert_eq!(found[1].size_px, [64, 48]);
        }
    }

    #[test]
    fn what_is_cut_or_no_smjpeg_is_an_error_and_no_picture() {
        let whole = stream(&[b"one", b"three"]);
        let (read, found) = pictures(&whole[..whole.len() - 1]);
        assert!(read.is_err() && found.len() == 1);
        assert!(pictures(b"RIFF and something else").0.is_err());
        let huge = [&stream(&[])[..], b"vidD\0\0\0\0\xff\xff\xff\xff"].concat();
        assert!(pictures(&huge).0.is_err(), "no room is made for what a broken stream announces");
    }
}
