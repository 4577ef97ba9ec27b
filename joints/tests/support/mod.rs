//! Pictures of the example session from a take of it.

use std::path::PathBuf;

use frame::CameraId;
use joints::conformance::TestPicture;
use joints::{FinderFiles, View};
use subject::{Decoder, RgbImage, Scale};
use take::TakeReader;

/// The take that `scripts/test.sh` records; tests that need it are skipped without it.
pub fn take() -> Option<TakeReader> {
    let folder = variable("GENLOCK_FOOTAGE_TAKE")?;
    Some(TakeReader::open(folder).expect("the take of the footage reads"))
}

pub fn files() -> Option<FinderFiles> {
    let folder = variable("GENLOCK_FINDER")?;
    Some(FinderFiles::find(folder).expect("the finder was fetched whole"))
}

pub fn variable(name: &str) -> Option<PathBuf> {
    let set = std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if set.is_none() {
        eprintln!("skipped: {name} is unset");
    }
    set
}

/// The frame of a camera that shows this frame of the footage.
pub fn picture(take: &TakeReader, camera: &str, source_index: u32) -> TestPicture {
    let camera = take.cameras().iter().position(|name| name == camera).expect("the footage has the camera");
    let id = CameraId(camera as u16);
    let shows = |index: &usize| take.frame_info(id, *index).unwrap().source.unwrap().index == source_index;
    let index = (0..take.len(id)).find(shows).expect("the take has every frame of the footage");
    let (info, bytes) = take.read(id, index).unwrap();
    let mut image = RgbImage::default();
    Decoder::new().unwrap().decode(&info, &bytes, Scale::Full, &mut image).unwrap();
    TestPicture { rgb: image.rgb, width: image.width, height: image.height, mask: None }
}

pub fn whole(picture: &TestPicture) -> View<'_> {
    let TestPicture { ref rgb, width, height, .. } = *picture;
    View { rgb, width, height, origin_px: [0.0; 2], scale: 1.0, mask: None }
}
