#!/usr/bin/env bash
# Prints the folder of the videos for the demo, one video per camera: FOOTAGE=dir, your own; or the example session,
# which is fetched once, with the calibration that its publishers made. import-footage.sh makes a take of them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

if [ -n "${FOOTAGE:-}" ]; then
    [ -d "$FOOTAGE" ] || die "FOOTAGE=$FOOTAGE is not a folder" "Give a folder with one video per camera, or a take."
    cd "$FOOTAGE" && pwd
    exit 0
fi

version=0.10.49
hash=403e0dc4065898ba6a595e72a8970950310979253d60e24c2e00b16b36bf21e1
out="$CACHE/videos-pose2sim-$version"
if [ ! -d "$out" ]; then
    lock_cache
fi
if [ ! -d "$out" ]; then
    work=$(mktemp -d "$CACHE/.partial.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    say "Fetching the example session (51 MB, once): four videos inside the Python package pose2sim $version"
    echo "pose2sim==$version --hash=sha256:$hash" >"$work/requirements.txt"
    pip_download --require-hashes --python-version 312 -d "$work/wheel" -r "$work/requirements.txt" ||
        die "the example session could not be fetched; see pip's output above" \
            "Without a network, play your own videos: make demo FOOTAGE=dir, with one video per camera in dir," \
            "or copy $out from a machine that has it."
    mkdir "$work/videos"
    python3 - "$work"/wheel/*.whl "$work/videos" <<'PY'
import pathlib, sys, zipfile

wheel, out = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
demo = "Pose2Sim/Demo_SinglePerson/"
for name in ["calibration/Calib.qca.txt"] + [f"videos/cam0{n}.mp4" for n in (1, 2, 3, 4)]:
    (out / pathlib.Path(name).name).write_bytes(wheel.read(demo + name))
PY
    mv "$work/videos" "$out"
    say "The videos are in $out ($(disk "$out"))"
fi
echo "$out"
