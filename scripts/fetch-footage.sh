#!/usr/bin/env bash
# Prepares the footage for the demo, once, and prints its folder: one MJPEG video per camera, as webcams send it, and
# footage.json. FOOTAGE=dir uses your own videos, one per camera.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=0.10.49
hash=403e0dc4065898ba6a595e72a8970950310979253d60e24c2e00b16b36bf21e1

if [ -n "${FOOTAGE:-}" ]; then
    [ -d "$FOOTAGE" ] || die "FOOTAGE=$FOOTAGE is not a folder" "Give a folder with one video per camera."
    source=$(cd "$FOOTAGE" && pwd)
    # Prepared again when a video is changed, added or removed.
    key=$(cd "$source" && { pwd && find . -maxdepth 1 -type f -printf '%f %s %T@\n' | sort; } | sha256sum | cut -c1-16)
    out="$CACHE/footage-$key"
else
    out="$CACHE/footage-pose2sim-$version"
fi

if [ ! -e "$out/footage.json" ]; then
    lock_cache
fi
if [ ! -e "$out/footage.json" ]; then
    work=$(mktemp -d "$CACHE/.partial.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    if [ -z "${FOOTAGE:-}" ]; then
        say "Fetching the example session (51 MB, once): four videos inside the Python package pose2sim $version"
        echo "pose2sim==$version --hash=sha256:$hash" >"$work/requirements.txt"
        pip_download --require-hashes --python-version 312 -d "$work/wheel" -r "$work/requirements.txt" ||
            die "the example session could not be fetched; see pip's output above" \
                "Without a network, play your own videos: make demo FOOTAGE=dir, with one video per camera in dir," \
                "or copy $out from a machine that has it."
        source="$work/source"
        mkdir "$source"
        python3 - "$work"/wheel/*.whl "$source" <<'PY'
import pathlib, sys, zipfile

wheel, out = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
demo = "Pose2Sim/Demo_SinglePerson/"
for name in ["calibration/Calib.qca.txt"] + [f"videos/cam0{n}.mp4" for n in (1, 2, 3, 4)]:
    (out / pathlib.Path(name).name).write_bytes(wheel.read(demo + name))
PY
    fi
    python3 "$ROOT/scripts/prepare_footage.py" "$source" "$work/out"
    [ -e "$source/Calib.qca.txt" ] && cp "$source/Calib.qca.txt" "$work/out/"
    rm -rf "$out"
    mv "$work/out" "$out"
    say "The footage is in $out ($(disk "$out"))"
fi
echo "$out"
