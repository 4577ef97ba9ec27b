# Shared by the other scripts, which source it.

# Cache of downloads and of takes of footage.
CACHE=${GENLOCK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/genlock}
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TORCH_VERSION=2.11.0
if [ -n "${CUDA:-}" ] && [ "${CUDA:-}" != 0 ]; then FLAVOUR=cuda; else FLAVOUR=cpu; fi
TORCH_DIR="$CACHE/libtorch-$TORCH_VERSION-$FLAVOUR"
# Cargo's target folder.
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
case $TARGET in /*) ;; *) TARGET="$ROOT/$TARGET" ;; esac

say() { printf '%s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$1" >&2
    shift
    if [ $# -gt 0 ]; then printf '  %s\n' "$@" >&2; fi
    exit 1
}

# Allows one set-up at a time. The lock is released with its process, even if that is killed.
lock_cache() {
    mkdir -p "$CACHE" || die "cannot create the cache folder $CACHE" "Choose another one: GENLOCK_CACHE=dir"
    exec 9>"$CACHE/.lock"
    if ! flock --nonblock 9; then
        say "Another set-up is running in $CACHE; waiting for it."
        flock 9
    fi
    # Remove what an interrupted run left behind.
    find "$CACHE" -mindepth 1 -maxdepth 1 -name '.partial.*' -exec rm -rf {} +
}

# pip's progress bar goes to stderr, like all messages here.
pip_download() {
    # pip discards interrupted downloads; complete ones are reused by the next run.
    python3 -m pip download --no-deps --only-binary=:all: --no-cache-dir --disable-pip-version-check "$@" >&2
}

# Seconds as "3 min 07 s".
duration() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }

disk() {
    if [ -d "$1" ]; then du -sh "$1" | cut -f1; else echo 0; fi
}
