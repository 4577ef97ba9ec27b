//! Buffers in a file, so that a learner goes on with what it had kept. All integers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `GENLKBUF` |
//! | 4 | the number of the format |
//! | 8 | length of the description |
//! | … | the description (postcard): what is not in the moments |
//! | 8, … | for each moment its length, then the moment as it is sent between processes |
//! | 4 | CRC-32 of all bytes before |

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use recipe::Keep;
use serde::{Deserialize, Serialize};

use super::anchors::{Anchor, Anchors};
use super::shelf::{Shelf, ShelfState, Stretch};
use super::{Buffer, Limits};
use crate::LearnError;

const MAGIC: &[u8; 8] = b"GENLKBUF";
const FORMAT: u32 = 1;

/// What a file of buffers is of, and what its reader goes on with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct BufferFile {
    /// The names of the rig's cameras in their order; empty where they are not known.
    pub rig: Vec<String>,
    /// Hash of the preprocessing of all moments.
    pub preprocessing: u64,
    pub session: u32,
    /// Identity of the session that was going on.
    pub session_key: String,
    /// Steps that were due.
    pub owed: f64,
    /// Moments left out so far: in which nobody moved, and that could not be used.
    pub left_out: (u64, u64),
}

/// Buffers of training and of held-out moments.
pub(crate) struct Buffers {
    pub trained: Buffer,
    pub held_out: Buffer,
}

#[derive(Serialize, Deserialize)]
struct Description {
    about: BufferFile,
    trained: State,
    held_out: State,
}

/// A buffer without its moments.
#[derive(Serialize, Deserialize)]
struct State {
    keep: Keep,
    shelf: ShelfState,
    newest: Vec<u64>,
    anchors: Vec<Anchor>,
    offered: Option<(Stretch, i64)>,
    session: u32,
    /// Identity and session of each moment, in the order in which they follow.
    moments: Vec<(u64, u32)>,
}

impl Buffers {
    /// Writes the file whole or not at all; an earlier one stays until then.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path, about: &BufferFile) -> Result<(), LearnError> {
        let partial = path.with_extension("partial");
        let written = || -> std::io::Result<()> {
            let description = Description {
                about: about.clone(),
                trained: State::of(&self.trained),
                held_out: State::of(&self.held_out),
            };
            let description = postcard::to_stdvec(&description).map_err(std::io::Error::other)?;
            let mut out = Summed::new(BufWriter::new(File::create(&partial)?));
            out.write_all(MAGIC)?;
            out.write_all(&FORMAT.to_le_bytes())?;
            out.write_all(&(description.len() as u64).to_le_bytes())?;
            out.write_all(&description)?;
            for held in self.trained.shelf.held().iter().chain(self.held_out.shelf.held()) {
                let moment = transport::encode_moment(held.id, &held.moment).map_err(std::io::Error::other)?;
                out.write_all(&(moment.len() as u64).to_le_bytes())?;
                out.write_all(&moment)?;
            }
            let sum = out.sum.clone().finalize();
            out.write_all(&sum.to_le_bytes())?;
            out.inner.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
            std::fs::rename(&partial, path)
        };
        written().map_err(|source| LearnError::Write { path: path.to_owned(), source })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is cut short or damaged, or was kept by another rule than `limits` has.
    pub fn read(path: &Path, trained: Limits, held_out: Limits) -> Result<(Self, BufferFile), LearnError> {
        let wrong = |problem: &str| LearnError::BufferFile { path: path.to_owned(), problem: problem.to_owned() };
        let read = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => wrong("it is cut short"),
            _ => wrong(&error.to_string()),
        };
        let file = File::open(path).map_err(read)?;
        let length = file.metadata().map_err(read)?.len();
        let mut input = Summed::new(BufReader::new(file));
        if &input.array::<8>().map_err(read)? != MAGIC {
            return Err(wrong("it is no file of kept moments"));
        }
        let format = u32::from_le_bytes(input.array().map_err(read)?);
        if format != FORMAT {
            return Err(wrong(&format!("its format is {format}, this program reads {FORMAT}")));
        }
        let description = input.block(length).map_err(read)?;
        let Description { about, trained: of_trained, held_out: of_held_out } =
            postcard::from_bytes(&description).map_err(|_| wrong("its description is damaged"))?;
        if of_trained.keep != trained.keep {
            return Err(wrong("its moments were kept by another rule than the recipe's buffer.keep"));
        }
        let mut filled = |state: State, limits: Limits| -> Result<Buffer, LearnError> {
            let mut shelf = Shelf::of_state(state.shelf.clone());
            for &(id, session) in &state.moments {
                let moment = input.block(length).map_err(read)?;
                let moment = transport::decode_moment(&moment).map_err(|_| wrong("a moment in it is damaged"))?;
                shelf.put_as(id, session, moment.value);
            }
            Ok(state.buffer(shelf, limits))
        };
        let buffers = Self { trained: filled(of_trained, trained)?, held_out: filled(of_held_out, held_out)? };
        let sum = input.sum.clone().finalize();
        if u32::from_le_bytes(input.array().map_err(read)?) != sum {
            return Err(wrong("its bytes are not those that were written"));
        }
        Ok((buffers, about))
    }
}

impl State {
    fn of(buffer: &Buffer) -> Self {
        Self {
            keep: buffer.limits.keep,
            shelf: buffer.shelf.state(),
            newest: buffer.newest.iter().copied().collect(),
            anchors: buffer.anchors.list().to_vec(),
            offered: buffer.offered,
            session: buffer.session,
            moments: buffer.shelf.held().iter().map(|held| (held.id, held.stretch.session)).collect(),
        }
    }

    /// With its moments on the shelf, each held once too often.
    fn buffer(self, mut shelf: Shelf, limits: Limits) -> Buffer {
        self.newest.iter().for_each(|&id| shelf.hold(id));
        for anchor in &self.anchors {
            shelf.hold(anchor.id);
            anchor.companions.iter().for_each(|&companion| shelf.hold(companion));
        }
        self.moments.iter().for_each(|&(id, _)| shelf.release(id));
        shelf.forget_empty(self.shelf.next);
        let (newest, anchors) = (self.newest.into(), Anchors::of(self.anchors));
        let mut buffer = Buffer { limits, shelf, newest, anchors, offered: self.offered, session: self.session };
        buffer.make_room();
        buffer
    }
}

/// Sums up the bytes that pass through.
struct Summed<T> {
    inner: T,
    sum: crc32fast::Hasher,
}

impl<T> Summed<T> {
    fn new(inner: T) -> Self {
        Self { inner, sum: crc32fast::Hasher::new() }
    }
}

impl<T: Write> Summed<T> {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.sum.update(bytes);
        self.inner.write_all(bytes)
    }
}

impl<T: Read> Summed<T> {
    fn array<const N: usize>(&mut self) -> std::io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.sum.update(&bytes);
        Ok(bytes)
    }

    /// A length and so many bytes, of a file that has `most` in all.
    fn block(&mut self, most: u64) -> std::io::Result<Vec<u8>> {
        let length = u64::from_le_bytes(self.array()?);
        if length > most {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; length as usize];
        self.inner.read_exact(&mut bytes)?;
        self.sum.update(&bytes);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::moment;
    use super::super::tests::{limits, push};
    use super::*;

    fn filled(keep: Keep) -> Buffers {
        let mut trained = Buffer::new(limits(u64::MAX, 90, keep));
        push(&mut trained, 0..400, 3, |index| (index % 90) as f32);
        trained.begin_session(1);
        push(&mut trained, 0..300, 3, |index| (index % 50) as f32);
        let mut held_out = Buffer::new(limits(u64::MAX, 30, Keep::Newest));
        push(&mut held_out, 0..40, 3, |_| 0.0);
        Buffers { trained, held_out }
    }

    fn read(path: &Path, keep: Keep) -> Result<(Buffers, BufferFile), LearnError> {
        Buffers::read(path, limits(u64::MAX, 90, keep), limits(u64::MAX, 30, Keep::Newest))
    }

    #[test]
    fn a_file_goes_on_as_if_nothing_had_happened() {
        for keep in [Keep::Newest, Keep::LeastRedundant] {
            let (folder, mut straight) = (tempfile::tempdir().unwrap(), filled(keep));
            let path = folder.path().join("buffer");
            let about =
                BufferFile { rig: vec!["left".into()], session_key: "s".into(), owed: 0.75, ..Default::default() };
            straight.write(&path, &about).unwrap();
            let (mut again, found) = read(&path, keep).unwrap();
            assert_eq!(found, about);
            for buffers in [&mut straight, &mut again] {
                push(&mut buffers.trained, 300..700, 3, |index| (index % 70) as f32);
            }
            assert_eq!(again.trained.metas(), straight.trained.metas(), "{keep:?}");
            assert_eq!(again.trained.anchors.list(), straight.trained.anchors.list());
            assert_eq!(again.held_out.metas(), straight.held_out.metas());
            let moments = |buffers: &Buffers| (0..90).map(|at| buffers.trained.get(at).cloned()).collect::<Vec<_>>();
            assert_eq!(moments(&again), moments(&straight));
            assert_eq!(again.trained.bytes(), straight.trained.bytes());
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let (folder, buffers) = (tempfile::tempdir().unwrap(), filled(Keep::LeastRedundant));
        let path = folder.path().join("buffer");
        buffers.write(&path, &BufferFile::default()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let fault = |bytes: &[u8], keep| {
            std::fs::write(&path, bytes).unwrap();
            read(&path, keep).err().map(|error| error.to_string()).unwrap_or_default()
        };
        for length in [0, 3, 11, 25, 300, whole.len() / 2, whole.len() - 1] {
            let words = fault(&whole[..length], Keep::LeastRedundant);
            assert!(words.contains("it is cut short") && words.contains("buffer"), "{length}: {words}");
        }
        for at in [whole.len() - 2, whole.len() - 300, 30] {
            let mut other = whole.clone();
            other[at] ^= 0x10;
            assert!(!fault(&other, Keep::LeastRedundant).is_empty(), "byte {at}");
        }
        assert!(fault(b"something else", Keep::LeastRedundant).contains("no file of kept moments"));
        assert!(fault(&whole, Keep::Newest).contains("another rule"));
        assert_eq!(fault(&whole, Keep::LeastRedundant), "");
    }

    #[test]
    fn smaller_limits_hold_at_once() {
        let (folder, buffers) = (tempfile::tempdir().unwrap(), filled(Keep::LeastRedundant));
        let path = folder.path().join("buffer");
        buffers.write(&path, &BufferFile::default()).unwrap();
        let bytes = super::super::shelf::bytes(&moment(0, 0, 2)) * 20;
        let small = limits(bytes, 90, Keep::LeastRedundant);
        let (read, _) = Buffers::read(&path, small, limits(u64::MAX, 5, Keep::Newest)).unwrap();
        assert!(read.trained.bytes() <= bytes && read.held_out.len() == 5);
    }
}
