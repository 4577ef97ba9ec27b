//! Runs other pose estimators (peers) on the same pictures: programs that read a list of files and write poses.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use frame::{CameraId, Encoding, Picture};
use pose::{JOINTS, Pose3d};
use recipe::Peer;
use serde::Serialize;
use take::TakeReader;

use crate::LearnError;
use crate::data::rendered::PictureFrom;
use crate::error::in_json;

/// Names of the list of pictures in a peer's folder, and of the file with poses that the peer writes there.
const LIST: &str = "pictures.json";
const POSES: &str = "poses.json";

/// A peer's poses, in the order of the pictures; `None` where it found nobody.
#[derive(Clone, Debug)]
pub struct PeerPoses {
    pub who: String,
    pub poses: Vec<Option<Pose3d>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Listed {
    file: String,
    take: u32,
    instant: u32,
    camera: u16,
}

/// A folder with pictures of takes as the recorded JPEG files, and their list.
pub struct PeerPictures<'a> {
    folder: &'a Path,
    count: usize,
}

impl<'a> PeerPictures<'a> {
    /// Writes the pictures. `takes` are the folders of the takes, by their index.
    ///
    /// # Errors
    /// If a take cannot be read, lacks a picture or was not recorded as JPEG, or the folder cannot be written.
    pub fn write(folder: &'a Path, takes: &[PathBuf], from: &[PictureFrom]) -> Result<Self, LearnError> {
        let mut readers: Vec<Option<TakeReader>> = takes.iter().map(|_| None).collect();
        let mut list = Vec::with_capacity(from.len());
        for (index, &PictureFrom { take, instant, camera }) in from.iter().enumerate() {
            let directory = &takes[take as usize];
            let wrong = |problem: String| LearnError::InTake { take: directory.clone(), problem };
            let reader = match &mut readers[take as usize] {
                Some(reader) => reader,
                none => none.insert(TakeReader::open(directory)?),
            };
            let camera_id = CameraId(camera);
            let frame = (0..reader.len(camera_id)).find(|&frame| {
                let source = reader.frame_info(camera_id, frame).and_then(|info| info.source);
                source.is_some_and(|source| source.index == instant)
            });
            let frame = frame.ok_or_else(|| wrong(format!("camera {camera} has no picture of instant {instant}")))?;
            let (info, bytes) = reader.read(camera_id, frame)?;
            if !matches!(info.picture, Picture::Encoded { encoding: Encoding::Mjpeg, .. }) {
                return Err(wrong(format!("camera {camera} did not send JPEG, which peers need")));
            }
            let file = format!("{index:06}.jpg");
            write(&folder.join(&file), &bytes)?;
            list.push(Listed { file, take, instant, camera });
        }
        let text = serde_json::to_vec(&list).map_err(in_json("listing pictures for peers"))?;
        write(&folder.join(LIST), &text)?;
        Ok(Self { folder, count: list.len() })
    }

    /// Runs a peer on the pictures and reads its poses. Its program gets the folder as last argument.
    ///
    /// # Errors
    /// If the program cannot be started or fails, or does not write one pose or null per picture.
    pub fn ask(&self, peer: &Peer) -> Result<PeerPoses, LearnError> {
        let wrong = |problem: String| LearnError::Peer { who: format!("the peer {}", peer.who), problem };
        let [program, words @ ..] = peer.command.as_slice() else {
            return Err(wrong("its command is empty".to_owned()));
        };
        let path = self.folder.join(POSES);
        // An earlier peer's poses must not pass for this one's.
        if let Err(source) = std::fs::remove_file(&path)
            && source.kind() != std::io::ErrorKind::NotFound
        {
            return Err(LearnError::Write { path, source });
        }
        let mut command = Command::new(program);
        let output = command.args(words).arg(self.folder).stdin(Stdio::null()).output();
        let output = output.map_err(|e| wrong(format!("{program} cannot be started: {e}")))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            return Err(wrong(format!("{program} ended with {}: {last}", output.status)));
        }
        let text = std::fs::read(&path).map_err(|e| wrong(format!("{}: {e}", path.display())))?;
        let poses: Vec<Option<Pose3d>> = serde_json::from_slice(&text)
            .map_err(|e| wrong(format!("{} is no list of {JOINTS} joints or null: {e}", path.display())))?;
        if poses.len() != self.count {
            return Err(wrong(format!("{} poses of {} pictures", poses.len(), self.count)));
        }
        Ok(PeerPoses { who: peer.who.clone(), poses })
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), LearnError> {
    std::fs::write(path, bytes).map_err(|source| LearnError::Write { path: path.to_owned(), source })
}
