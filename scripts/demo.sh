#!/usr/bin/env bash
# From nothing to the running demo. The words given are passed on to `genlock demo`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
bash scripts/setup.sh
LIBTORCH=$(bash scripts/fetch-libtorch.sh)
export LIBTORCH
# Without the finder of joints the demo goes on, and says what is missing.
case " $* " in *" --no-finder"*) ;; *)
    if GENLOCK_FINDER=$(bash scripts/fetch-finder.sh); then export GENLOCK_FINDER; else unset GENLOCK_FINDER; fi ;;
esac
# A virtual studio and footage of your own need none.
footage=
case " $* " in *" --virtual"* | *" --footage"*) ;; *) footage=$(bash scripts/fetch-footage.sh) ;; esac
say "Building genlock (the first time takes minutes)"
cargo build --release --locked --workspace --bins
say "Ready after $(duration $SECONDS). Disk: cache $(disk "$CACHE") in $CACHE, build $(disk "$TARGET") in $TARGET."
# By the environment, so that --footage and --from among the words win.
[ -z "$footage" ] || export GENLOCK_FOOTAGE=$footage
exec "$TARGET/release/genlock" demo "$@"
