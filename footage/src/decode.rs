//! The second pass: the pictures as JPEGs.

use frame::Problem;

use crate::child::Stream;
use crate::smjpeg::{self, Jpeg};
use crate::tools::{Tools, url};
use crate::video::{Video, is_interlaced, shown_size};

/// ffmpeg's scale of 1 (best) to 31.
const QUALITY: &str = "2";

/// All pictures of a video that were decoded before.
pub struct Decoder {
    stream: Option<Stream<Jpeg>>,
    came: u32,
    expected: u32,
}

impl Decoder {
    pub fn start(video: &Video, tools: &Tools) -> Result<Self, Problem> {
        let track = format!("0:{}", video.track.index);
        let filter = filter(video);
        // The scaler takes pictures of any size; a filter that began anew would count from 0 again.
        let input = ["-nostdin", "-v", "error", "-reinit_filter", "0", "-i"]
            .map(Into::into)
            .into_iter()
            .chain([url(&video.camera.path)]);
        let output = ["-map", &track, "-map_metadata", "-1", "-fps_mode", "passthrough", "-vf", &filter];
        let format = [
            "-enc_time_base",
            "1:1000",
            "-pix_fmt",
            "yuvj420p",
            "-c:v",
            "mjpeg",
            "-q:v",
            QUALITY,
            "-f",
            "smjpeg",
            "pipe:1",
        ];
        let words = input.chain(output.into_iter().chain(format).map(Into::into));
        let stream = Stream::start(&tools.ffmpeg, words, tools.silence, smjpeg::read)?;
        Ok(Self { stream: Some(stream), came: 0, expected: video.watched.pictures() as u32 })
    }

    /// The picture of this number. Those before it are passed over; numbers must grow.
    ///
    /// # Errors
    /// Fewer pictures came than were decoded before, or none for too long.
    pub fn picture(&mut self, number: u32) -> Result<Jpeg, Problem> {
        loop {
            let stream = self.stream.as_mut().ok_or_else(|| Problem::new("no more pictures"))?;
            let Some(jpeg) = stream.next()? else { break };
            self.came += 1;
            if self.came > number {
                return Ok(jpeg);
            }
        }
        let words = match self.stream.take().map(Stream::end).transpose()? {
            Some(end) if !end.words.is_empty() => format!("; ffmpeg says: {}", end.words),
            _ => String::new(),
        };
        Err(Problem::with_remedy(
            format!("only {} of {} pictures came when it was decoded again{words}", self.came, self.expected),
            "check that nothing else writes to it, and that there is memory left",
        ))
    }
}

/// What is done to each picture, after ffmpeg has turned it.
fn filter(video: &Video) -> String {
    let [width, height] = shown_size(&video.track, &video.watched);
    let fields = if is_interlaced(&video.track, &video.watched) { "bwdif=mode=send_frame," } else { "" };
    // JPEGs have a matrix of their own: without it the colours of HD are off by up to 60 of 255. The scaler can convert,
    // too, in twice the time and 3 dB worse.
    let colours = match (video.track.hdr, video.track.matrix) {
        // Reference white, 203 cd/m² (ITU-R BT.2408), becomes white; what is brighter is compressed.
        (Some(transfer), _) => format!(
            "setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc,\
             zscale=w={width}:h={height}:t=linear:npl=203,format=gbrpf32le,tonemap=mobius:desat=0,\
             zscale=p=bt709:t=bt709:m=170m:r=full,format=yuv444p"
        ),
        (None, Some(matrix)) => format!(
            "scale={width}:{height},colorspace=space=smpte170m:ispace={matrix}:range=pc:\
             iprimaries=bt709:primaries=bt709:itrc=bt709:trc=bt709"
        ),
        (None, None) => format!("scale={width}:{height}:out_range=pc"),
    };
    // The pictures are only counted: whatever their times are, the encoder must not stumble over them.
    format!("{fields}{colours},setsar=1,settb=1/1000,setpts=N")
}
