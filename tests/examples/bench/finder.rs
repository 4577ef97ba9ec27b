//! The cost of finding the joints of one person, by network, in one picture and in all views of an instant.

use std::io::Write;
use std::time::Instant;

use frame::CameraId;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSink;
use joints::{BlazePose, FinderFiles, JointFinder, Model, View};
use take::TakeReader;

use crate::machine::process_cpu_s;
use crate::statistics::quantile;
use crate::{Outcome, Plan, finder_and_footage, table::Row};

const WARM_UP: usize = 3;

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let Some([finder, footage]) = finder_and_footage() else {
        return Ok(vec![Row::without_finder_or_footage("finder of joints")]);
    };
    let files = FinderFiles::find(finder)?;
    let picture = Picture::of(&footage)?;
    let mut rows = Vec::new();
    for model in files.models() {
        for (threads, said) in [(1, "one thread"), (2, "two threads")] {
            // With the detector in every picture, and only in the first.
            for detector_every in [1, u32::MAX] {
                let mut finder = BlazePose::new(&files, model, detector_every, threads)?;
                let detector = if detector_every == 1 { "with the detector" } else { "landmarks alone" };
                rows.push(Row {
                    what: format!("finder {}, {detector}, {said}", model.name()),
                    figure: timed(&mut finder, &picture, plan.pick(100, 10))?,
                    aim: "",
                    bounded_by: "BlazePose's convolutions in OpenVINO, f32",
                });
            }
        }
    }
    // A whole instant, as in a live session: the detector in one of five pictures.
    for views in [1, 2, 4, 8, 16] {
        let mut finder = BlazePose::new(&files, Model::Full, 5, 2)?;
        rows.push(Row {
            what: format!("joints of one instant in {views} views, full, two threads"),
            figure: timed_in(&mut finder, &vec![Some(picture.view()); views], plan.pick(50, 6))?,
            aim: "",
            bounded_by: "the same; views are looked at one after the other",
        });
    }
    Ok(rows)
}

fn timed(finder: &mut dyn JointFinder, picture: &Picture, pictures: usize) -> Outcome<String> {
    timed_in(finder, &[Some(picture.view())], pictures)
}

fn timed_in(finder: &mut dyn JointFinder, views: &[Option<View<'_>>], pictures: usize) -> Outcome<String> {
    let mut ms = Vec::new();
    let mut cpu_s = 0.0;
    for number in 0..WARM_UP + pictures {
        if number == WARM_UP {
            cpu_s = process_cpu_s();
        }
        let begun = Instant::now();
        if finder.find(views)?.iter().flatten().count() < views.len() {
            return Err("nobody was found in the footage".into());
        }
        if number >= WARM_UP {
            ms.push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    let cpu_ms = (process_cpu_s() - cpu_s) * 1e3 / pictures as f64;
    let [p50, p99] = [0.5, 0.99].map(|share| quantile(&mut ms, share));
    Ok(format!("p50 {p50:.1} ms, p99 {p99:.1} ms, {cpu_ms:.1} processor-ms"))
}

/// The first picture of a take.
pub struct Picture {
    rgb: Vec<u8>,
    width: u32,
    height: u32,
}

impl Picture {
    pub fn of(take: &std::path::Path) -> Outcome<Self> {
        let (_, jpeg) = TakeReader::open(take)?.read(CameraId(0), 0)?;
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(&jpeg)?;
        gst::init()?;
        // Rows without padding, for any width.
        let launch = "filesrc name=file ! decodebin ! videoscale ! videoconvert ! \
                      video/x-raw,format=RGB,width=1080,height=1920 ! appsink name=sink sync=false";
        let pipeline = gst::parse::launch(launch)?.downcast::<gst::Pipeline>().map_err(|_| "no pipeline")?;
        let element = |name: &str| pipeline.by_name(name).ok_or_else(|| format!("no {name}"));
        element("file")?.set_property("location", file.path().to_str().ok_or("a path in UTF-8")?);
        let sink = element("sink")?.downcast::<AppSink>().map_err(|_| "no appsink")?;
        pipeline.set_state(gst::State::Playing)?;
        let sample = sink.try_pull_sample(gst::ClockTime::from_seconds(20)).ok_or("the footage gives no picture")?;
        pipeline.set_state(gst::State::Null)?;
        let rgb = sample.buffer().ok_or("no buffer")?.map_readable()?.to_vec();
        Ok(Self { rgb, width: 1080, height: 1920 })
    }

    pub fn view(&self) -> View<'_> {
        View { rgb: &self.rgb, width: self.width, height: self.height, origin_px: [0.0; 2], scale: 1.0, mask: None }
    }
}
