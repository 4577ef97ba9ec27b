#!/usr/bin/env bash
# Checks licences, bans and sources of all dependencies (deny.toml); offline once they are fetched.
# usage: deny.sh [LEVEL]     LEVEL: error, or warn, which also lists crates with several versions
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

deny=$(bash scripts/fetch-deny.sh)
# Features that a build leaves out are checked too. Crates that are already here are not fetched again.
cargo fetch --locked --quiet --target x86_64-unknown-linux-gnu
"$deny" --log-level "${1:-error}" --offline --locked check licenses bans sources >&2
