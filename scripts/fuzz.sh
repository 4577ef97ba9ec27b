#!/usr/bin/env bash
# Searches for inputs that break a parser: scripts/fuzz.sh [TARGET | all] [SECONDS for each]
#
# Needs what the build needs, and a C++ compiler. The stable toolchain is enough: libFuzzer comes with the crate
# libfuzzer-sys, and stable rustc includes LLVM's coverage instrumentation for it.
#
# Inputs that reach new code are kept in target/fuzz-corpus and reused by the next run. An input that breaks a target is
# kept in fuzz/artifacts/TARGET. After the fix, move it to fuzz/corpus/TARGET, whose files the tests replay.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

target=${1:-all}
seconds=${2:-60}
mapfile -t targets < <(find fuzz/fuzz_targets -name '*.rs' -printf '%f\n' | sed 's/\.rs$//' | sort)
if [ "$target" != all ]; then
    [ -f "fuzz/fuzz_targets/$target.rs" ] || die "there is no target $target" "There are: ${targets[*]}"
    targets=("$target")
fi

host=$(rustc -vV | sed -n 's/^host: //p')
# With --target these flags apply only to the target's code, not to build scripts and macros.
RUSTFLAGS="${RUSTFLAGS:-} -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=1" \
    cargo build --profile fuzz --locked --package fuzz --features libfuzzer --target "$host" --bins
programs="$TARGET/$host/fuzz"

# Targets that read files write them to memory, if there is such a folder.
[ -d /dev/shm ] && export TMPDIR=/dev/shm
broken=()
for target in "${targets[@]}"; do
    kept="$TARGET/fuzz-corpus/$target"
    artifacts="fuzz/artifacts/$target"
    log="$TARGET/fuzz-corpus/$target.log"
    mkdir -p "$kept" "$artifacts"
    started=$SECONDS
    if "$programs/$target" "$kept" "fuzz/corpus/$target" -artifact_prefix="$artifacts/" -max_total_time="$seconds" \
        -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 >"$log" 2>&1; then
        outcome="nothing found"
    else
        outcome="BROKEN, see $log and $artifacts"
        broken+=("$target")
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    say "$target: $((SECONDS - started)) s, ${runs:-0} inputs, $outcome"
done
[ ${#broken[@]} -eq 0 ] || die "some targets are broken: ${broken[*]}"
