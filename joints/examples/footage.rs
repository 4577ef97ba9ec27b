//! Finds joints in a recorded take and prints them, one line per camera, source frame and landmark. If a source frame
//! repeats, only its first answer is printed.
//! usage: footage FILES TAKE MODEL DETECTOR_EVERY [SQUARE_PX] [EVERY]
//! SQUARE_PX: the side of the crops, 0 for whole pictures; EVERY: skip all but every EVERY-th frame.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use frame::CameraId;
use joints::{BlazePose, FinderFiles, JointFinder, Model, View};
use subject::{CropOutcome, Decoder, Preprocessing, Region, RgbImage, Scale, SquareCutter, SubjectCropper};
use take::TakeReader;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [files, take, model, detector_every, rest @ ..] = words.as_slice() else { return Err("see the usage".into()) };
    let number = |at: usize, default: u32| rest.get(at).map_or(Ok(default), |word| word.parse::<u32>());
    let (square_px, every) = (number(0, 0)? as u16, number(1, 1)?);
    let model = Model::ALL.into_iter().find(|known| known.name() == model).ok_or("no such model")?;
    let mut finder = BlazePose::new(&FinderFiles::find(files)?, model, detector_every.parse()?, 2)?;
    let take = TakeReader::open(take)?;
    let mut spent = Duration::ZERO;
    let mut pictures = 0;
    for camera in 0..take.cameras().len() {
        let id = CameraId(camera as u16);
        finder.forget();
        let chosen: Vec<usize> = (0..take.len(id)).collect();
        let background = chosen.iter().step_by(chosen.len() / 50 + 1).map(|&index| take.read(id, index).unwrap());
        let settings = Preprocessing::default();
        let mut cropper = SubjectCropper::with_background_from(&settings, background)?;
        let (mut decoder, mut cutter) = (Decoder::new()?, SquareCutter::default());
        let (mut picture, mut square) = (RgbImage::default(), Vec::new());
        let (mut seen, mut segment) = (BTreeSet::new(), None);
        for index in chosen {
            let (info, bytes) = take.read(id, index)?;
            let outcome = cropper.process(&info, &bytes)?;
            let Some(source) = info.source else { continue };
            if segment.replace(info.segment).is_some_and(|before| before != info.segment) {
                finder.forget();
            }
            if !(index as u32).is_multiple_of(every) {
                continue;
            }
            let first = seen.insert(source.index);
            decoder.decode(&info, &bytes, Scale::Full, &mut picture)?;
            let view = match outcome {
                CropOutcome::Sample(sample) if square_px > 0 => {
                    let Region { centre_px, side_px } = sample.region;
                    cutter.cut(&picture, &sample.region, square_px, &mut square)?;
                    View {
                        rgb: &square,
                        width: square_px.into(),
                        height: square_px.into(),
                        origin_px: centre_px.map(|centre| centre - side_px / 2.0),
                        scale: side_px / f32::from(square_px),
                        mask: None,
                    }
                }
                _ => View {
                    rgb: &picture.rgb,
                    width: picture.width,
                    height: picture.height,
                    origin_px: [0.0; 2],
                    scale: 1.0,
                    mask: None,
                },
            };
            let started = Instant::now();
            let found = finder.find(&[Some(view)])?;
            spent += started.elapsed();
            pictures += 1;
            if !first {
                continue;
            }
            for (landmark, joint) in found.into_iter().flatten().flat_map(|person| person.joints).enumerate() {
                let ([x, y], [a, b, c]) = (joint.px, joint.mm);
                println!("{camera} {} {landmark} {x} {y} {} {a} {b} {c}", source.index, joint.confidence);
            }
        }
    }
    eprintln!("{:.1} ms a picture", spent.as_secs_f64() * 1e3 / f64::from(pictures.max(1)));
    Ok(())
}
