#!/usr/bin/env bash
# Runs the benchmarks and prints a table. Arguments are passed on: --quick, --only NAME.
# GENLOCK_BENCH_PYTHON names a Python with torch, numpy and Pillow, to compare training with; the default is python3.
# GENLOCK_BENCH_SESSION names a session of four views, rendered or imported, to train on from disk.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
bash scripts/setup.sh
LIBTORCH=$(bash scripts/fetch-libtorch.sh)
videos=$(bash scripts/fetch-footage.sh)
GENLOCK_FINDER=$(bash scripts/fetch-finder.sh) || say "Continuing without the finder of joints."
export LIBTORCH GENLOCK_FINDER
# The whole workspace, as in every other script: one set of features, and nothing is compiled twice.
cargo build --release --locked --workspace --bins --example bench --example bench-copies
GENLOCK_FOOTAGE=$(bash scripts/import-footage.sh "$videos")
export GENLOCK_FOOTAGE
exec "$TARGET/release/examples/bench" "$@"
