//! The subject's mask in each picture of a take, exact in rendered takes and found in imported ones: the file `masks.mcap`
//! beside its frames.
//!
//! An MCAP file without chunks and without compression, with a channel `/mask/<camera>` per camera, of the message
//! encoding `genlock-mask/1`. The sequence of a message is the source index of the frame. A message holds width and
//! height (u32, little endian) and then the lengths of runs (LEB128), row by row from the top: background and subject
//! in turn, beginning with background, whose run is 0 if the first pixel is subject.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use frame::CameraId;
use mcap::MAGIC;
use mcap::records::{MessageHeader, Record, op};
use mcap::write::WriteOptions;

use crate::TakeError;

/// Name of the file in a take's folder.
pub const MASKS_FILE: &str = "masks.mcap";

const TOPIC_PREFIX: &str = "/mask/";
const ENCODING: &str = "genlock-mask/1";
/// Limits what a damaged message can make us allocate.
const MAX_PIXELS: u64 = 1 << 28;

/// Which pixels show the subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    /// Width of the picture.
    pub width_px: u32,
    /// Height of the picture.
    pub height_px: u32,
    /// `[height, width]`, 255 on the subject and 0 elsewhere.
    pub pixels: Vec<u8>,
}

impl Mask {
    /// Left, top, right, bottom of the subject in pixels, the last two exclusive; `None` if no pixel is subject.
    pub fn bounds(&self) -> Option<[u32; 4]> {
        let mut bounds: Option<[u32; 4]> = None;
        for (y, row) in (0..).zip(self.pixels.chunks_exact(self.width_px.max(1) as usize)) {
            let Some(first) = row.iter().position(|&pixel| pixel > 0) else { continue };
            let last = row.iter().rposition(|&pixel| pixel > 0).unwrap_or(first);
            let [left, top, right, _] = bounds.unwrap_or([u32::MAX, y, 0, 0]);
            bounds = Some([left.min(first as u32), top, right.max(last as u32 + 1), y + 1]);
        }
        bounds
    }
}

/// Writes a take's masks. [`MaskReader`] refuses most files that were not finished; others lack masks.
pub struct MaskWriter {
    path: PathBuf,
    mcap: mcap::Writer<BufWriter<File>>,
    channels: Vec<u16>,
    message: Vec<u8>,
}

impl MaskWriter {
    /// Makes `masks.mcap` in the folder of a take, replacing it if it exists. `cameras` are names in the order of
    /// [`CameraId`].
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn create(take: &Path, cameras: &[String]) -> Result<Self, TakeError> {
        let path = take.join(MASKS_FILE);
        let file = File::create(&path).map_err(|e| TakeError::io("create", &path, e))?;
        let open = || -> mcap::McapResult<_> {
            let mut mcap = WriteOptions::new()
                .profile("genlock-masks")
                .library(concat!("genlock/", env!("CARGO_PKG_VERSION")))
                .use_chunks(false)
                .compression(None)
                .create(BufWriter::new(file))?;
            let mut channels = Vec::with_capacity(cameras.len());
            for camera in cameras {
                channels.push(mcap.add_channel(0, &format!("{TOPIC_PREFIX}{camera}"), ENCODING, &BTreeMap::new())?);
            }
            Ok((mcap, channels))
        };
        let (mcap, channels) = open().map_err(|e| TakeError::mcap(&path, e))?;
        Ok(Self { path, mcap, channels, message: Vec::new() })
    }

    /// Stores the mask of the frame with this source index: `pixels` is `[height, width]` and not 0 on the subject.
    ///
    /// # Errors
    /// If the camera is unknown, the number of pixels is wrong, or the disk fails.
    pub fn write(
        &mut self,
        camera: CameraId,
        source_index: u32,
        (width_px, height_px): (u32, u32),
        pixels: &[u8],
    ) -> Result<(), TakeError> {
        let channel_id = *self.channels.get(camera.index()).ok_or_else(|| TakeError::UnknownCamera {
            path: self.path.clone(),
            camera,
            cameras: self.channels.len(),
        })?;
        if pixels.len() as u64 != u64::from(width_px) * u64::from(height_px) {
            let what = format!("{} pixels were given for {width_px}×{height_px}", pixels.len());
            return Err(TakeError::Mask { path: self.path.clone(), what });
        }
        encode((width_px, height_px), pixels, &mut self.message);
        let record = MessageHeader { channel_id, sequence: source_index, log_time: 0, publish_time: 0 };
        self.mcap.write_to_known_channel(&record, &self.message).map_err(|e| TakeError::mcap(&self.path, e))
    }

    /// Ends the file and syncs it to the disk.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn finish(mut self) -> Result<(), TakeError> {
        self.mcap.finish().map_err(|e| TakeError::mcap(&self.path, e))?;
        let end = |mut writer: BufWriter<File>| writer.flush().and_then(|()| writer.get_ref().sync_all());
        end(self.mcap.into_inner()).map_err(|e| TakeError::io("write", &self.path, e))
    }
}

/// The masks of a take, held compressed (some hundred bytes each) and decoded on demand.
pub struct MaskReader {
    path: PathBuf,
    by_camera: Messages,
}

/// By camera and source index.
type Messages = HashMap<String, BTreeMap<u32, Box<[u8]>>>;

impl MaskReader {
    /// Reads `masks.mcap` in the folder of a take.
    ///
    /// # Errors
    /// If the file is missing, was not finished, or is not such a file.
    pub fn open(take: &Path) -> Result<Self, TakeError> {
        let path = take.join(MASKS_FILE);
        let data = std::fs::read(&path).map_err(|e| TakeError::io("read", &path, e))?;
        let by_camera = messages(&data).map_err(|what| TakeError::Mask { path: path.clone(), what })?;
        Ok(Self { path, by_camera })
    }

    /// Source indices of a camera's masks, ascending.
    pub fn indices(&self, camera: &str) -> impl Iterator<Item = u32> {
        self.by_camera.get(camera).into_iter().flat_map(|masks| masks.keys().copied())
    }

    /// The mask of a frame, if there is one.
    ///
    /// # Errors
    /// If it is damaged.
    pub fn get(&self, camera: &str, source_index: u32) -> Result<Option<Mask>, TakeError> {
        let Some(message) = self.by_camera.get(camera).and_then(|masks| masks.get(&source_index)) else {
            return Ok(None);
        };
        let what = |what| format!("the mask of frame {source_index} of {camera} {what}");
        decode(message).map(Some).map_err(|e| TakeError::Mask { path: self.path.clone(), what: what(e) })
    }
}

/// The masks in a whole file. Of records that genlock does not write only the length is looked at.
fn messages(file: &[u8]) -> Result<Messages, String> {
    let mut rest = file.strip_prefix(MAGIC).ok_or("this is no MCAP file")?;
    let mut cameras: HashMap<u16, Option<String>> = HashMap::new();
    let mut by_camera = Messages::new();
    loop {
        let (&[opcode, ref length @ ..], behind) = rest.split_first_chunk::<9>().ok_or("it is cut off")?;
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (body, behind) = behind.split_at_checked(length).ok_or("it is cut off")?;
        rest = behind;
        match opcode {
            op::CHANNEL | op::MESSAGE => {}
            op::FOOTER if rest == MAGIC => return Ok(by_camera),
            op::FOOTER => return Err("it is cut off".to_owned()),
            op::CHUNK => return Err("it holds a chunk, which genlock never writes".to_owned()),
            _ => continue,
        }
        match mcap::parse_record(opcode, body).map_err(|e| e.to_string())? {
            Record::Channel(channel) => {
                let camera = channel.topic.strip_prefix(TOPIC_PREFIX);
                let camera = camera.filter(|_| channel.message_encoding == ENCODING).map(str::to_owned);
                cameras.insert(channel.id, camera);
            }
            Record::Message { header, data } => match cameras.get(&header.channel_id) {
                Some(Some(camera)) => {
                    by_camera.entry(camera.clone()).or_default().insert(header.sequence, data.as_ref().into());
                }
                Some(None) => {}
                None => return Err(format!("a message of channel {}, which is not there", header.channel_id)),
            },
            _ => {}
        }
    }
}

fn encode((width_px, height_px): (u32, u32), pixels: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend(width_px.to_le_bytes());
    out.extend(height_px.to_le_bytes());
    let mut subject = false;
    let mut rest = pixels;
    while !rest.is_empty() {
        let run = rest.iter().position(|&pixel| (pixel > 0) != subject).unwrap_or(rest.len());
        push_varint(out, run as u64);
        rest = &rest[run..];
        subject = !subject;
    }
}

fn decode(message: &[u8]) -> Result<Mask, &'static str> {
    let (head, mut rest) = message.split_at_checked(8).ok_or("is cut off")?;
    let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (width_px, height_px) = (number(0), number(4));
    let area = u64::from(width_px) * u64::from(height_px);
    if area > MAX_PIXELS {
        return Err("is too large");
    }
    let mut pixels = Vec::with_capacity(area as usize);
    let mut value = 0;
    while !rest.is_empty() {
        let run = take_varint(&mut rest).ok_or("has a run that is cut off")?;
        if run > area - pixels.len() as u64 {
            return Err("has runs beyond its last pixel");
        }
        pixels.resize(pixels.len() + run as usize, value);
        value ^= 255;
    }
    if pixels.len() as u64 == area { Ok(Mask { width_px, height_px, pixels }) } else { Err("has too few runs") }
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A picture of runs, as masks are.
    fn any_mask() -> impl Strategy<Value = Mask> {
        (1u32..40, 1u32..40, proptest::collection::vec((any::<bool>(), 1usize..200), 1..30)).prop_map(
            |(width_px, height_px, runs)| {
                let mut pixels: Vec<u8> = runs
                    .into_iter()
                    .flat_map(|(subject, run)| std::iter::repeat_n(255 * u8::from(subject), run))
                    .collect();
                pixels.resize((width_px * height_px) as usize, 0);
                Mask { width_px, height_px, pixels }
            },
        )
    }

    proptest! {
        #[test]
        fn masks_come_back(masks in proptest::collection::vec((0u16..3, any::<u32>(), any_mask()), 0..12)) {
            let folder = tempfile::tempdir().unwrap();
            let cameras = ["left", "a/b", "right"].map(str::to_owned);
            let mut writer = MaskWriter::create(folder.path(), &cameras).unwrap();
            let mut expected = BTreeMap::new();
            for (camera, index, mask) in masks {
                writer.write(CameraId(camera), index, (mask.width_px, mask.height_px), &mask.pixels).unwrap();
                expected.insert((camera, index), mask);
            }
            writer.finish().unwrap();
            let reader = MaskReader::open(folder.path()).unwrap();
            for ((camera, index), mask) in &expected {
                let read = reader.get(&cameras[usize::from(*camera)], *index).unwrap();
                prop_assert_eq!(read.as_ref(), Some(mask));
            }
            let held: usize = cameras.iter().map(|camera| reader.indices(camera).count()).sum();
            prop_assert_eq!(held, expected.len());
            prop_assert_eq!(reader.get("nobody", 0).unwrap(), None);
        }

        #[test]
        fn damaged_messages_are_refused_or_whole(mask in any_mask(), cut in any::<usize>(), at in any::<usize>(), byte in any::<u8>()) {
            let mut message = Vec::new();
            encode((mask.width_px, mask.height_px), &mask.pixels, &mut message);
            let cut = cut % message.len();
            prop_assert!(decode(&message[..cut]).is_err());
            let at = at % message.len();
            message[at] = byte;
            if let Ok(read) = decode(&message) {
                prop_assert_eq!(read.pixels.len(), (read.width_px * read.height_px) as usize);
            }
        }

        #[test]
        fn bounds_hold_all_of_the_subject_and_no_more(mask in any_mask()) {
            let inside = |[left, top, right, bottom]: [u32; 4]| {
                let mut pixels = Vec::new();
                for y in top..bottom {
                    pixels.extend((left..right).map(|x| mask.pixels[(y * mask.width_px + x) as usize]));
                }
                pixels
            };
            let all = mask.pixels.iter().filter(|&&pixel| pixel > 0).count();
            match mask.bounds() {
                None => prop_assert_eq!(all, 0),
                Some(bounds) => {
                    prop_assert_eq!(inside(bounds).iter().filter(|&&pixel| pixel > 0).count(), all);
                    let [left, top, right, bottom] = bounds;
                    for edge in [[left, top, left + 1, bottom], [left, top, right, top + 1], [right - 1, top, right, bottom], [left, bottom - 1, right, bottom]] {
                        prop_assert!(inside(edge).contains(&255));
                    }
                }
            }
        }
    }

    #[test]
    fn a_file_that_was_cut_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = MaskWriter::create(folder.path(), &["one".to_owned()]).unwrap();
        writer.write(CameraId(0), 3, (2, 2), &[0, 1, 1, 0]).unwrap();
        let error = writer.write(CameraId(0), 4, (2, 2), &[0; 3]).unwrap_err().to_string();
        assert!(error.contains("3 pixels") && error.contains(MASKS_FILE), "{error}");
        assert!(matches!(writer.write(CameraId(1), 4, (0, 0), &[]), Err(TakeError::UnknownCamera { .. })));
        writer.finish().unwrap();
        let path = folder.path().join(MASKS_FILE);
        let data = std::fs::read(&path).unwrap();
        let refused = |data: &[u8]| {
            std::fs::write(&path, data).unwrap();
            MaskReader::open(folder.path()).is_err_and(|e| e.to_string().contains(MASKS_FILE))
        };
        assert!(refused(&data[..data.len() - 4]));
        // The length of the first record, behind the magic and its kind.
        let mut endless = data.clone();
        endless[9..17].fill(0xff);
        assert!(refused(&endless));
    }
}
