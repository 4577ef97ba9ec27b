#!/usr/bin/env bash
# Set-up, formatting, lints, all tests, dependency gates.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
bash scripts/setup.sh --tests
LIBTORCH=$(bash scripts/fetch-libtorch.sh)
videos=$(bash scripts/fetch-footage.sh)
GENLOCK_FINDER=$(bash scripts/fetch-finder.sh)
export LIBTORCH GENLOCK_FINDER
[ -n "${GENLOCK_TEST_DATA:-}" ] || say "GENLOCK_TEST_DATA is unset: tests that need more than the footage report that they were skipped."
step() {
    local started=$SECONDS
    say "== $*"
    "$@"
    say "== took $(duration $((SECONDS - started)))"
}
step cargo fmt --all --check
step bash scripts/deny.sh
# The end-to-end tests run the binaries and three examples, so build these first; together with the tests, so that nothing
# is compiled twice.
step cargo build --release --locked --workspace --bins --tests \
    --example conformance --example fake-cameras --example v4l2-control
GENLOCK_FOOTAGE=$(bash scripts/import-footage.sh "$videos")
export GENLOCK_FOOTAGE
step bash scripts/gates.sh
step cargo clippy --release --locked --workspace --all-targets -- -D warnings
# The studio's GPU backend. With the whole workspace, so that as few features as possible differ from the build above.
gpu=(--release --locked --workspace --features virtual-studio/gpu --test gpu)
step cargo clippy "${gpu[@]}" -- -D warnings
# The stream of the Lab Streaming Layer, whose tests need its library.
step cargo clippy --release --locked --workspace --features outputs/lsl --test lsl -- -D warnings
# Sessions as a library, and genlock for webcams alone, without the drivers that features add.
step cargo check --release --locked -p session
step cargo check --release --locked -p genlock --no-default-features --features v4l2
# Real footage as a take, for the tests that learn from it: one recording serves them all.
takes=$(mktemp -d)
trap 'rm -rf "$takes"' EXIT
step "$TARGET/release/genlock" demo --footage "$GENLOCK_FOOTAGE" --headless --no-learner --no-finder --rate 60 --seconds 8 \
    --data "$takes/data" --record "$takes/takes"
GENLOCK_FOOTAGE_TAKE=$(echo "$takes"/takes/*)
export GENLOCK_FOOTAGE_TAKE
# With this, a missing tool is a failure and not a skipped test.
export GENLOCK_NEEDS_CAMERAS=1 GENLOCK_NEEDS_VULKAN=1
tests=(cargo test --release --locked --workspace)
# Suites that wait for devices and clocks for most of their time run beside each other. All others have the machine to
# themselves: those that keep up with live cameras need it.
waiting=(vivid streams models conformance bad_input free_run)
beside_each_other() { # the output of each in one piece
    printf '%s\n' "${waiting[@]}" |
        xargs -P 3 -I{} bash -c 'output=$("$@" 2>&1); code=$?; echo "$output"; exit $code' _ "${tests[@]}" --test {}
}
step beside_each_other
targets=$(cargo metadata --locked --format-version 1 --no-deps | python3 scripts/test_targets.py gpu "${waiting[@]}")
# shellcheck disable=SC2086 # They are many words.
step "${tests[@]}" $targets
step "${tests[@]}" --doc
# Concurrency models; in a separate target folder, since the flag applies to all dependencies, and only for few crates.
step env RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR="$TARGET/loom" \
    cargo test --release --locked -p frame -p router --test models
# What learns and infers once more as on a processor with only AVX2, which uses other kernels. Suites that take minutes
# so (`real_footage`, `rendered`, `finetune`) use the same ones.
if grep -qE -m1 '\b(avx512f|amx_tile)\b' /proc/cpuinfo; then
    step env ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 "${tests[@]}" \
        --test networks --test pytorch_fixture --test engine --test model_finder --test learner
fi
# On a graphics card or Mesa's software renderer, which needs XDG_RUNTIME_DIR.
step env XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$takes}" cargo test "${gpu[@]}"
say "All tests passed after $(duration $SECONDS). Disk: cache $(disk "$CACHE"), build $(disk "$TARGET")."
