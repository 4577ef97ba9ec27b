#!/usr/bin/env bash
# Measures and prints a table. The words given are passed on.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
bash scripts/setup.sh
LIBTORCH=$(bash scripts/fetch-libtorch.sh)
GENLOCK_FOOTAGE=$(bash scripts/fetch-footage.sh)
export LIBTORCH GENLOCK_FOOTAGE
cargo build --release --locked --workspace --bins
exec cargo run --release --locked -p genlock-tests --bin bench -- "$@"
