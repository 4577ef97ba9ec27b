#!/usr/bin/env bash
# Sets up and builds everything, and runs the demo. Arguments are passed on to `genlock demo`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
bash scripts/setup.sh
LIBTORCH=$(bash scripts/fetch-libtorch.sh)
export LIBTORCH
# Without the finder of joints the demo runs too, and reports what is missing.
case " $* " in *" --no-finder"*) ;; *)
    if GENLOCK_FINDER=$(bash scripts/fetch-finder.sh); then export GENLOCK_FINDER; else unset GENLOCK_FINDER; fi ;;
esac
# A virtual studio and takes of your own do not need the example footage.
videos=
case " $* " in *" --virtual"* | *" --footage"* | *" --from"*) ;; *) videos=$(bash scripts/fetch-footage.sh) ;; esac
say "Building genlock (the first time takes minutes)"
cargo build --release --locked --workspace --bins
if [ -n "$videos" ]; then
    GENLOCK_FOOTAGE=$(bash scripts/import-footage.sh "$videos")
    export GENLOCK_FOOTAGE
fi
say "Ready after $(duration $SECONDS). Disk: cache $(disk "$CACHE") in $CACHE, build $(disk "$TARGET") in $TARGET."
exec "$TARGET/release/genlock" demo "$@"
