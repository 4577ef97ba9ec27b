//! The frames of a video file as JPEGs, decoded and encoded by GStreamer.

use std::path::Path;
use std::time::Duration;

use datasets::{Fault, PictureSource};
use gstreamer::prelude::*;
use gstreamer::{self as gst, ClockTime, MessageView};
use gstreamer_app::AppSink;

/// Pictures that a pipeline decodes ahead.
const AHEAD: u32 = 4;
/// How often to check a pipeline without output for errors.
const LOOK: ClockTime = ClockTime::from_mseconds(250);
/// How long to wait for a picture.
const PATIENCE: Duration = Duration::from_secs(60);

/// A video that is read from its first frame to its last.
pub struct Video {
    pipeline: gst::Pipeline,
    sink: AppSink,
}

impl Video {
    /// # Errors
    /// GStreamer or one of its plugins is missing. Faults of the file are reported with the first picture.
    pub fn open(path: &Path, quality: u8) -> Result<Self, Fault> {
        gst::init()?;
        // JPEGs use the full range of brightness, videos mostly do not. Between two YUV formats videoconvert keeps the
        // numbers, and pictures would come out pale; through RGB it converts them. With 8 bits a channel that darkens
        // by 3 levels of 256 on average, with 16 by less than one.
        let launch = format!(
            "filesrc name=file ! decodebin ! videoconvert ! video/x-raw,format=ARGB64 ! videoconvert ! \
             video/x-raw,format=I420,colorimetry=1:4:7:1 ! jpegenc quality={quality} ! \
             appsink name=sink sync=false max-buffers={AHEAD}"
        );
        let pipeline = gst::parse::launch(&launch)
            .map_err(|e| format!("{e}; install gstreamer1.0-plugins-base and gstreamer1.0-plugins-good (Debian)"))?
            .downcast::<gst::Pipeline>()
            .map_err(|_| "the launch line makes no pipeline")?;
        let sink = pipeline.by_name("sink").and_then(|sink| sink.downcast::<AppSink>().ok()).ok_or("no appsink")?;
        pipeline.by_name("file").ok_or("no filesrc")?.set_property("location", path.to_str().ok_or("a path in UTF-8")?);
        let video = Self { pipeline, sink };
        // The error is then on the bus, and is reported when the first picture is missing.
        let _ = video.pipeline.set_state(gst::State::Playing);
        Ok(video)
    }

    fn failure(&self) -> Option<Fault> {
        let message = self.pipeline.bus()?.pop_filtered(&[gst::MessageType::Error])?;
        let MessageView::Error(error) = message.view() else { return None };
        let error = error.error();
        let no_decoder = error.matches(gst::CoreError::MissingPlugin) || error.matches(gst::StreamError::CodecNotFound);
        let remedy = if no_decoder {
            "; install the decoder with the Debian package gstreamer1.0-libav"
        } else {
            "; check that the file plays, or get it again"
        };
        Some(format!("{error}{remedy}").into())
    }
}

impl PictureSource for Video {
    fn next(&mut self, jpeg: &mut Vec<u8>) -> Result<Option<[u32; 2]>, Fault> {
        let until = std::time::Instant::now() + PATIENCE;
        let sample = loop {
            let pulled = self.sink.try_pull_sample(LOOK);
            // A truncated stream ends like a complete one, but with an error on the bus.
            if pulled.is_none()
                && let Some(failure) = self.failure()
            {
                return Err(failure);
            }
            match pulled {
                Some(sample) => break sample,
                None if self.sink.is_eos() => return Ok(None),
                None if std::time::Instant::now() > until => {
                    return Err(format!("no picture within {} s", PATIENCE.as_secs()).into());
                }
                None => {}
            }
        };
        let buffer = sample.buffer().ok_or("a picture without a buffer")?;
        jpeg.clear();
        jpeg.extend_from_slice(&buffer.map_readable()?);
        let caps = sample.caps().and_then(|caps| caps.structure(0)).ok_or("a picture without a size")?;
        Ok(Some([caps.get::<i32>("width")?, caps.get::<i32>("height")?].map(i32::unsigned_abs)))
    }
}

impl Drop for Video {
    fn drop(&mut self) {
        // If a pipeline does not stop, nothing more can be done.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}
