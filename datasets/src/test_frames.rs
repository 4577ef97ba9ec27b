//! The test frames of an imported session.

use std::path::Path;

use frame::CameraId;
use take::session::Split;
use take::{Session, TakeReader};

use crate::DatasetError;

/// One picture of the test set.
#[derive(Clone, Debug, PartialEq)]
pub struct TestFrame {
    /// Position in [`Session::takes`].
    pub take: usize,
    /// The camera.
    pub camera: CameraId,
    /// Position among the camera's frames in the take.
    pub index: usize,
    /// Frame number in the source, to find its label by.
    pub source_index: u32,
}

/// The held-out takes' frames in all cameras: all, or where the session says so ([`take::Imported::test_every`]) those
/// whose number is a multiple of that. Takes are opened as the iterator reaches them.
///
/// # Errors
/// One for each take that cannot be read.
pub fn test_frames(directory: &Path, session: &Session) -> impl Iterator<Item = Result<TestFrame, DatasetError>> {
    let every = session.imported.as_ref().and_then(|imported| imported.test_every).unwrap_or(1);
    let tested = session.takes.iter().enumerate().filter(|(_, take)| take.split == Split::HeldOut);
    tested.flat_map(move |(number, take)| match TakeReader::open(Session::take_directory(directory, take)) {
        Ok(reader) => frames_of(number, every, &reader).map(Ok).collect(),
        Err(error) => vec![Err(error.into())],
    })
}

fn frames_of(take: usize, every: u32, reader: &TakeReader) -> impl Iterator<Item = TestFrame> {
    let cameras = (0..reader.cameras().len()).map(|camera| CameraId(camera as u16));
    let frames = cameras.flat_map(|camera| (0..reader.len(camera)).map(move |index| (camera, index)));
    frames.filter_map(move |(camera, index)| {
        let source_index = reader.frame_info(camera, index)?.source?.index;
        source_index.is_multiple_of(every.max(1)).then_some(TestFrame { take, camera, index, source_index })
    })
}
