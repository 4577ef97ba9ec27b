//! Messages between processes and hosts.

use std::fmt::Debug;
use std::path::Path;

use body::RigGeometry;
use serde::Serialize;
use serde::de::DeserializeOwned;
use subject::{FinderPicture, Sample};
use transport::{
    Answer, Asked, CroppedView, Hello, Hint, HostView, Moment, MomentFileReader, MomentFileWriter, MomentSink,
    PoseMessage, PromisedInstant, Received, RigCommand, decode_finder_set, decode_moment, encode_finder_set,
    encode_moment,
};

use crate::scratch;

/// A moment.
pub fn moment(data: &[u8]) -> bool {
    let Ok(received) = decode_moment(data) else { return false };
    check_moment(&received);
    true
}

fn check_moment(received: &Received<Moment>) {
    for sample in received.value.views.iter().flat_map(|view| &view.samples) {
        check_sample(sample);
    }
    let written = encode_moment(received.number, &received.value).expect("a moment can be sent on");
    let again = decode_moment(&written).expect("what was written reads");
    // Numbers may be NaN, which equals nothing, so the bytes are compared.
    assert_eq!(encode_moment(again.number, &again.value).expect("a moment can be sent on"), written);
}

/// A file of moments.
pub fn moment_file(data: &[u8]) -> bool {
    scratch::file("came.moments", data, |path| {
        let read = |path: &Path| MomentFileReader::open(path).expect("a temporary file");
        let came: Vec<_> = read(path).collect();
        assert_eq!(came.len(), whole_records(data), "a damaged moment hides no other, and a torn one is none");
        let moments: Vec<_> = came.into_iter().flatten().collect();
        moments.iter().for_each(check_moment);
        let path = path.with_file_name("again.moments");
        // It is left from the previous call.
        std::fs::remove_file(&path).ok();
        let mut writer = MomentFileWriter::create(&path).expect("a temporary file");
        moments.iter().for_each(|moment| writer.send(&moment.value).expect("a temporary file"));
        writer.close().expect("a temporary file");
        let again: Vec<_> = read(&path).collect::<Result<_, _>>().expect("what was written reads");
        assert_eq!(again.len(), moments.len());
        for (number, (again, moment)) in (0..).zip(again.iter().zip(&moments)) {
            assert_eq!(again.number, number);
            assert_eq!(encode_moment(number, &again.value).ok(), encode_moment(number, &moment.value).ok());
        }
        !moments.is_empty()
    })
}

/// How many records fit, each of a length of four bytes and so many bytes.
fn whole_records(mut data: &[u8]) -> usize {
    let mut whole = 0;
    while let Some((length, after)) = data.split_first_chunk() {
        let Some(next) = after.get(u32::from_le_bytes(*length) as usize..) else { break };
        (whole, data) = (whole + 1, next);
    }
    whole
}

fn check_sample(sample: &Sample) {
    let area = usize::from(sample.size_px) * usize::from(sample.size_px);
    assert_eq!((sample.rgb.len(), sample.mask.len()), (3 * area, area));
}

/// Pictures of one instant for the finder of joints.
pub fn finder_set(data: &[u8]) -> bool {
    let Ok(set) = decode_finder_set(data) else { return false };
    for view in &set.views {
        check_picture(&view.picture);
    }
    let written = encode_finder_set(&set).expect("pictures can be sent on");
    let again = decode_finder_set(&written).expect("what was written reads");
    assert_eq!(encode_finder_set(&again).expect("pictures can be sent on"), written);
    true
}

fn check_picture(picture: &FinderPicture) {
    let area = u128::from(picture.width) * u128::from(picture.height);
    assert_eq!(picture.rgb.len() as u128, 3 * area);
    assert!(picture.mask.as_ref().is_none_or(|mask| mask.len() as u128 == area));
    picture.is_whole();
}

/// A view from a peer host.
pub fn host_view(data: &[u8]) -> bool {
    let Ok(came) = HostView::decode(data) else { return false };
    came.view.crop.iter().for_each(check_sample);
    if let Asked::Picture(picture) = &came.view.picture {
        check_picture(picture);
    }
    // A picture is recompressed and so differs.
    let view = CroppedView { picture: Asked::No, ..came.view };
    let written = HostView::encode(came.label, &view).expect("a view can be sent on");
    let again = HostView::decode(&written).expect("what was written reads");
    assert_eq!(HostView::encode(again.label, &again.view).expect("a view can be sent on"), written);
    true
}

/// The first byte chooses between question, answer and promise.
pub fn host_messages(data: &[u8]) -> bool {
    let Some((kind, words)) = data.split_first() else { return false };
    match kind % 3 {
        0 => by_postcard::<Hello>(words),
        1 => by_postcard::<Answer>(words),
        _ => by_postcard::<PromisedInstant>(words),
    }
}

fn by_postcard<T: Serialize + DeserializeOwned>(data: &[u8]) -> bool {
    let Ok(value) = postcard::from_bytes::<T>(data) else { return false };
    let written = postcard::to_stdvec(&value).expect("it can be sent on");
    let again: T = postcard::from_bytes(&written).expect("what was written reads");
    assert_eq!(postcard::to_stdvec(&again).expect("it can be sent on"), written);
    true
}

/// Poses, hints of learner and inference, and commands, including those of the page.
pub fn json_messages(data: &[u8]) -> bool {
    poses(data) | by_json::<Hint>(data) | by_json::<RigCommand>(data)
}

fn poses(data: &[u8]) -> bool {
    let Ok(message) = PoseMessage::from_json(data) else { return false };
    let written = serde_json::to_vec(&message).expect("it can be sent on");
    assert_eq!(PoseMessage::from_json(&written).expect("what was written reads"), message);
    true
}

fn by_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<T>(data) else { return false };
    let written = serde_json::to_vec(&value).expect("it can be sent on");
    assert_eq!(serde_json::from_slice::<T>(&written).expect("what was written reads"), value);
    true
}

/// A rig's geometry, as in files and hints.
pub fn geometry(data: &[u8]) -> bool {
    by_json::<RigGeometry>(data);
    let Ok(geometry) = serde_json::from_slice::<RigGeometry>(data) else { return false };
    if geometry.check().is_err() {
        return false;
    }
    for camera in geometry.cameras.values() {
        let placed = camera.camera();
        assert!(placed.focal_px > 0.0 && placed.focal_px.is_finite());
        assert!(placed.position_mm.iter().chain(&placed.rotation).all(|value| value.is_finite()));
    }
    let id = geometry.clone().with_id().id;
    assert_eq!(
        id,
        RigGeometry { id: "another".into(), ..geometry }.with_id().id,
        "an id depends on everything but itself"
    );
    true
}
