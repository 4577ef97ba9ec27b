//! Bytes that are no picture give an error with camera and sequence, never a panic.

mod common;

use common::{HEIGHT, Stage, WIDTH, info, jpeg_info, paint, person};
use frame::{Encoding, Picture, PixelFormat, Plane};
use proptest::prelude::*;
use subject::{BackgroundConfig, Decoder, Preprocessing, RgbImage, Scale, SubjectCropper, preview_jpeg};

fn jpeg() -> Vec<u8> {
    preview_jpeg(&info(0, 0), &paint(0, &[person(100)]), WIDTH).unwrap()
}

fn cropper() -> SubjectCropper {
    SubjectCropper::new(&Preprocessing::default(), BackgroundConfig::default()).unwrap()
}

#[test]
fn a_preview_fits_and_shows_the_picture() {
    let small = preview_jpeg(&jpeg_info(0), &jpeg(), 200).unwrap();
    let mut image = RgbImage::default();
    Decoder::new().unwrap().decode(&jpeg_info(0), &small, Scale::Full, &mut image).unwrap();
    assert_eq!(image.size(), (WIDTH / 2, HEIGHT / 2));
    let at = |x: usize, y: usize| image.rgb[(y * 160 + x) * 3];
    assert!(at(60, 65) > 200 && at(10, 65) < 120);
}

#[test]
fn a_cut_jpeg_is_an_error_that_names_the_frame() {
    let whole = jpeg();
    let error = cropper().process(&jpeg_info(17), &whole[..whole.len() / 2]).unwrap_err().to_string();
    assert!(error.starts_with("camera 2, frame 17: the JPEG is damaged"), "{error}");
}

#[test]
fn a_jpeg_that_says_to_be_larger_than_its_bytes_can_be_is_refused() {
    let mut huge = jpeg();
    let start_of_frame = huge.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    // Height and width, 16 bits each.
    huge[start_of_frame + 5..start_of_frame + 9].copy_from_slice(&[0x40, 0, 0x40, 0]);
    let error = cropper().process(&jpeg_info(17), &huge).unwrap_err().to_string();
    assert!(error.contains("bytes where its picture needs 262144"), "{error}");
}

#[test]
fn after_a_damaged_frame_the_next_is_fine() {
    let mut stage = Stage::ready(64);
    assert!(stage.cropper.process(&jpeg_info(1), &[0xff; 100]).is_err());
    common::sample(stage.see(&[person(90)]));
}

#[test]
fn padding_after_the_picture_is_no_damage() {
    let mut padded = jpeg();
    padded.extend([0; 512]);
    cropper().process(&jpeg_info(0), &padded).unwrap();
}

#[test]
fn h264_says_what_to_send_instead() {
    let picture = Picture::Encoded { encoding: Encoding::H264, width_px: 64, height_px: 64 };
    let error = cropper().process(&frame::FrameInfo { picture, ..info(3, 0) }, &[0; 64]).unwrap_err();
    assert!(error.to_string().contains("MJPEG"), "{error}");
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(cropper().process(&jpeg_info(0), &bytes).is_err());
    }

    #[test]
    fn flipped_bytes_never_panic(at in any::<prop::sample::Index>(), value: u8, cut in any::<prop::sample::Index>()) {
        let mut bytes = jpeg();
        let (at, cut) = (at.index(bytes.len()), cut.index(bytes.len()));
        bytes[at] = value;
        let _ = cropper().process(&jpeg_info(0), &bytes);
        let _ = cropper().process(&jpeg_info(0), &bytes[..cut]);
    }

    #[test]
    fn raw_descriptions_never_panic(
        format in prop::sample::select(vec![
            PixelFormat::Gray8, PixelFormat::Rgb8, PixelFormat::Yuyv, PixelFormat::Nv12,
            PixelFormat::Bayer8(frame::BayerPattern::Grbg),
        ]),
        size in (0u32..70, 0u32..70),
        planes in prop::array::uniform2(prop::option::of((0usize..5000, prop_oneof![0usize..300, Just(usize::MAX)]))),
        bytes in prop::collection::vec(any::<u8>(), 0..20_000),
    ) {
        let planes = planes.map(|plane| plane.map(|(offset, stride)| Plane { offset, stride }));
        let picture = Picture::Raw { format, width_px: size.0, height_px: size.1, planes };
        let mut image = RgbImage::default();
        for scale in Scale::COARSE_TO_FINE {
            let _ = Decoder::new().unwrap().decode(&frame::FrameInfo { picture, ..info(0, 0) }, &bytes, scale, &mut image);
        }
    }
}
