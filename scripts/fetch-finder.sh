#!/usr/bin/env bash
# Fetches the finder of joints into the cache, once, and prints its folder: OpenVINO's libraries and the networks of
# BlazePose, out of the Python packages openvino and mediapipe, and, where npm is at hand, its small and its large
# network out of the npm package @mediapipe/pose.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# What is fetched; a change here fetches anew.
version=1
out="$CACHE/finder-$version"
npm_package=@mediapipe/pose@0.5.1675469404
npm_hash=8bb349a7b3a3ba699df23be804ddd3b3eab810b50b15406894be257859388a84

if [ ! -e "$out/complete" ]; then
    lock_cache
fi
if [ ! -e "$out/complete" ]; then
    work=$(mktemp -d "$CACHE/.partial.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    say "Fetching the finder of joints (95 MB, once): BlazePose and OpenVINO"
    pip_download --require-hashes --implementation cp --python-version 312 --abi cp312 --platform manylinux_2_28_x86_64 \
        -d "$work/wheels" -r "$ROOT/scripts/finder.txt" ||
        die "the finder of joints could not be fetched; pip's own words are above" \
            "Without a network, copy $out from a machine that has it, or do without: genlock demo --no-finder"
    python3 "$ROOT/scripts/finder_wheels.py" "$work/wheels" "$work/out"
    # Bare names, as the loader of libraries looks for them.
    (cd "$work/out/lib" && for library in *.so.*; do ln -sf "$library" "${library%%.so.*}.so"; done)
    if command -v npm >/dev/null &&
        (cd "$work" && npm pack --silent "$npm_package" >/dev/null 2>&1) &&
        echo "$npm_hash  $(echo "$work"/*.tgz)" | sha256sum --check --status; then
        tar -xzf "$work"/*.tgz -C "$work" package/pose_landmark_lite.tflite package/pose_landmark_heavy.tflite
        install -m 644 "$work"/package/*.tflite "$work/out/"
    else
        say "BlazePose's small and large networks are left out: they need npm, and the package $npm_package from it."
    fi
    touch "$work/out/complete"
    rm -rf "$out"
    mv "$work/out" "$out"
    say "The finder of joints is in $out ($(disk "$out"))"
fi
echo "$out"
