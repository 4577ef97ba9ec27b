"""Turns one video per camera into MJPEG videos of equal length and rate, with footage.json beside them.

usage: prepare_footage.py SOURCE OUT
"""

import json
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

from progress import Bar

VIDEOS = {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".mpeg", ".mts", ".ts", ".webm"}
PERCENT = re.compile(r"\(\s*([\d.]+)\s*%\)")
CAPS = re.compile(r"image/jpeg.*width=\(int\)(\d+), height=\(int\)(\d+).*framerate=\(fraction\)(\d+/\d+)")
FRAME = re.compile(r"last-message = chain .*pts: (\d+):(\d+):(\d+)\.(\d+)")


def fail(problem, *remedies):
    print(f"error: {problem}", *(f"  {remedy}" for remedy in remedies), sep="\n", file=sys.stderr)
    sys.exit(1)


def launch(elements, bar=None):
    """Runs a pipeline; gives its exit status, what it said of errors, and all it said. A `progressreport` in it moves
    the bar."""
    done = subprocess.Popen(
        ["gst-launch-1.0", "-v", *elements], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace"
    )
    lines = []
    for line in done.stdout:
        lines.append(line)
        percent = PERCENT.search(line) if bar else None
        if percent:
            bar.show(float(percent[1]) / 100)
    status = done.wait()
    errors = [line.strip() for line in lines if line.startswith(("ERROR", "WARNING"))]
    return status, errors, "".join(lines)


def transcode(video, out, bar):
    """MJPEG in a QuickTime file, whose times GStreamer reads back to the nanosecond."""
    status, errors, _ = launch(
        ["filesrc", f"location={video}", "!", "decodebin", "!", "progressreport", "update-freq=1", "!"]
        + ["videoflip", "video-direction=auto", "!", "videoconvert", "!", "video/x-raw,format=I420", "!", "jpegenc", "quality=90", "!"]
        + ["qtmux", "!", "filesink", f"location={out}"],
        bar,
    )
    if status != 0 or any(line.startswith("ERROR") for line in errors):
        words = errors[0] if errors else f"gst-launch-1.0 ended with {status}"
        fail(f"{video} cannot be decoded: {words}", "It is damaged or in an unknown format: copy or convert it anew.")


def read_back(video, out):
    """Size, rate and number of frames of a prepared video, whose frames must be evenly spaced from 0."""
    _, _, said = launch(
        ["filesrc", f"location={out}", "!", "qtdemux", "!", "image/jpeg", "!", "identity", "silent=false", "!", "fakesink"]
    )
    caps = CAPS.search(said)
    times = [
        int(h) * 3600 + int(m) * 60 + int(s) + Fraction(int(ns), 10**9) for h, m, s, ns in FRAME.findall(said)
    ]
    if not caps or not times:
        fail(f"{video} holds no picture that could be decoded", "It is damaged: copy or convert it anew.")
    width, height, rate = int(caps[1]), int(caps[2]), nominal(Fraction(caps[3]))
    constant = f"Convert it to a constant rate, for example: ffmpeg -i {video.name} -fps_mode cfr -r 30 converted.mp4"
    if rate <= 0:
        fail(f"{video} has no constant frame rate", constant)
    for k, time in enumerate(times):
        if abs(time - k / rate) > Fraction(1, 4) / rate:
            fail(f"{video}: frame {k} stands at {float(time):.4f} s, not at {float(k / rate):.4f} s",
                 "Its rate is not constant, or it is damaged.", constant)
    return width, height, rate, len(times)


def nominal(rate):
    """The rate that a container means: one that rounded its times gives 59.999 for 60."""
    for likely in map(Fraction, (24, 25, 30, 48, 50, 60, 90, 100, 120, "24000/1001", "30000/1001", "60000/1001")):
        if abs(rate - likely) < likely / 5000:
            return likely
    return rate


def check_equal(cameras, key, what, remedy):
    """All cameras must have the same; else those that differ from most are named."""
    values = [camera[key] for camera in cameras]
    if len(set(values)) == 1:
        return
    listing = ", ".join(f"{camera['source']} {float(camera[key]):g}" for camera in cameras)
    fail(f"the cameras have unequal {what}: {listing}", remedy)


def main():
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    videos = sorted(path for path in source.iterdir() if path.suffix.lower() in VIDEOS and path.is_file())
    if len(videos) < 2:
        fail(f"{source} holds {len(videos)} videos; at least two are needed, one per camera",
             f"Known are files that end in {' '.join(sorted(VIDEOS))}.")
    out.mkdir(parents=True)
    cameras = []
    for k, video in enumerate(videos, 1):
        bar = Bar(f"[{k}/{len(videos)}] preparing {video.name} as MJPEG")
        bar.show(0)
        name = f"cam{k:02}"
        file = f"{name}.mov"
        transcode(video, out / file, bar)
        bar.show(1)
        width, height, rate, frames = read_back(video, out / file)
        cameras.append({"name": name, "file": file, "width": width, "height": height, "frames": frames,
                        "rate": rate, "source": video.name})
    check_equal(cameras, "rate", "frame rates (per second)",
                "Convert them to one rate, for example: ffmpeg -i in.mp4 -fps_mode cfr -r 30 out.mp4")
    check_equal(cameras, "frames", "numbers of frames",
                "Cut them to the same frames, for example: ffmpeg -i in.mp4 -frames:v N -an out.mp4; "
                "one that is shorter than it should be may be damaged.")
    rate = float(cameras[0]["rate"])
    for camera in cameras:
        del camera["rate"]
    footage = {"rate": rate, "frames": cameras[0]["frames"], "cameras": cameras}
    (out / "footage.json").write_text(json.dumps(footage, indent=2) + "\n")


main()
