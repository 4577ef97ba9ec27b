#!/usr/bin/env bash
# Fetches libtorch from PyTorch's wheel into the cache, once, and prints its folder.
# CUDA=1 includes the GPU part, in a separate folder.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

present() { [ "$(cat "$TORCH_DIR/build-version" 2>/dev/null || true)" = "$TORCH_VERSION" ]; }

if ! present; then
    lock_cache
fi
if ! present; then
    python3 -m pip --version >/dev/null 2>&1 || die "python3 has no pip" "Install it: apt-get install python3-pip"
    work=$(mktemp -d "$CACHE/.partial.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    platform=(--implementation cp --python-version 312 --abi cp312 --abi abi3 --abi none
        --platform manylinux2014_x86_64)
    # pip takes these platform tags literally: the newest does not include the older ones.
    for glibc in {17..28}; do platform+=(--platform "manylinux_2_${glibc}_x86_64"); done
    offline="Without a network, put a libtorch $TORCH_VERSION with lib/, include/ and build-version into $TORCH_DIR"
    wheels="$CACHE/wheels-$TORCH_VERSION"
    say "Fetching libtorch $TORCH_VERSION (544 MB, once) into $CACHE"
    # One at a time, so that complete downloads survive an interruption.
    n=0
    while read -r pinned; do
        n=$((n + 1))
        [ -e "$wheels/$n.done" ] && continue
        printf '%s\n' "$pinned" >"$work/one.txt"
        pip_download --require-hashes "${platform[@]}" -d "$work/one" -r "$work/one.txt" ||
            die "fetching ${pinned%% *} failed; see pip's output above" "$offline"
        mkdir -p "$wheels"
        mv "$work/one/"*.whl "$wheels/"
        touch "$wheels/$n.done"
    done <"$ROOT/scripts/libtorch.txt"
    if [ "$FLAVOUR" = cuda ]; then
        # torch's metadata pins the versions of its GPU dependencies; the torch wheel is pinned by its hash.
        python3 "$ROOT/scripts/libtorch_wheels.py" toolkit "$wheels" >"$work/toolkit.txt"
        pip_download -d "$wheels" -r "$work/toolkit.txt" || die "fetching $(cat "$work/toolkit.txt") failed" "$offline"
        python3 "$ROOT/scripts/libtorch_wheels.py" requirements "$wheels" >"$work/cuda.txt"
        say "Fetching the GPU part: $(tr '\n' ' ' <"$work/cuda.txt")"
        pip_download "${platform[@]}" -d "$work/cuda" -r "$work/cuda.txt" ||
            die "fetching the GPU part failed; see pip's output above" "$offline"
    fi
    mkdir -p "$work/cuda"
    python3 "$ROOT/scripts/libtorch_wheels.py" "$FLAVOUR" "$wheels" "$work/cuda" "$work/out"
    echo "$TORCH_VERSION" >"$work/out/build-version"
    # Moved into place as a whole, so that it is complete or missing.
    rm -rf "$TORCH_DIR"
    mv "$work/out" "$TORCH_DIR"
    rm -rf "$wheels"
    say "libtorch is in $TORCH_DIR ($(disk "$TORCH_DIR"))"
fi
echo "$TORCH_DIR"
