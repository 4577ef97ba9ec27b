#!/usr/bin/env bash
# The check before a release: lays a bare Debian 12, sets genlock up in it as README says, and looks whether everything
# is there that build, demo and tests call (scripts/needs.py reads it from the sources).
# usage: fresh.sh     as root; takes minutes and 4 GB below TMPDIR, which are given back
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

[ "$(id -u)" -eq 0 ] || die "a root of its own needs root: it is made with mounts and chroot" "Run: sudo make fresh"
command -v mmdebstrap >/dev/null || die "there is no mmdebstrap, which lays the bare system" \
    "Install it: apt-get install mmdebstrap"
# In mounts of its own, which are gone with the last process, however that ends.
if [ -z "${GENLOCK_FRESH:-}" ]; then
    exec env GENLOCK_FRESH=1 unshare --mount --propagation private bash "$ROOT/scripts/fresh.sh" "$@"
fi

RELEASE=bookworm
needs=$(python3 scripts/needs.py)
fresh=$(mktemp -d)
clean_up() {
    local at
    for at in proc dev opt/rust; do
        at="$fresh/root/$at"
        ! mountpoint -q "$at" || umount --recursive --lazy "$at"
        # Nothing of this machine's own is removed with the folder.
        ! mountpoint -q "$at" || die "$at could not be unmounted, so $fresh is left behind"
    done
    rm -rf --one-file-system "$fresh"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# Debian's archives and the ways to them, as this machine's own apt has them, without what it adds of other makers.
debian_sources() {
    apt-get indextargets --format '$(ORIGIN)|$(RELEASE)|$(SITE)|$(COMPONENT)' 'Created-By: Packages' |
        awk -F'|' -v release="$RELEASE" \
            '$1 ~ /^Debian/ && index($2, release) == 1 && !seen[$0]++ { print "deb", $3, $2, $4 }'
}

lay() {
    local sources
    sources=$(debian_sources)
    [ -n "$sources" ] || die "apt knows no archive of Debian's $RELEASE" \
        "Fetch the lists of packages first: apt-get update"
    apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries|Force)[^ ]* ' >"$fresh/apt.conf" || true
    say "== laying a bare Debian ($RELEASE, minbase)"
    # It is thrown away: nothing of it need be safe on the disk.
    printf '%s\n' "$sources" | mmdebstrap --quiet --mode=root --variant=minbase --aptopt="$fresh/apt.conf" \
        --dpkgopt=force-unsafe-io "$RELEASE" "$fresh/root" - ||
        die "the bare system could not be laid; mmdebstrap's own words are above"
    cp /etc/resolv.conf "$fresh/root/etc/resolv.conf"
    # What pip is told on this machine, and whom it trusts.
    [ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$fresh/root/etc/"
    mkdir -p "$fresh/root/usr/local/share/ca-certificates"
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$fresh/root/usr/local/share/ca-certificates/" \;
    mount -t proc proc "$fresh/root/proc"
    mount --rbind /dev "$fresh/root/dev"
}

# README wants these there before: Rust, whose toolchain is this machine's own, and a checkout. All else is set up.
bring() {
    mkdir -p "$fresh/root/opt/rust" "$fresh/root/genlock"
    mount --bind "$(rustc --print sysroot)" "$fresh/root/opt/rust"
    mount -o remount,bind,ro "$fresh/root/opt/rust"
    # As they are, also where they are not committed yet.
    git ls-files -z | tar -c --null --files-from=- | tar -x -C "$fresh/root/genlock"
}

inside() {
    chroot "$fresh/root" env -i HOME=/root LANG=C.UTF-8 \
        PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

set_up() { # scripts/setup.sh's words
    say "== scripts/setup.sh $*"
    inside bash /genlock/scripts/setup.sh "$@" >"$fresh/said" 2>&1 || {
        tail -n 30 "$fresh/said" >&2
        die "scripts/setup.sh $* failed on a bare system; its last words are above"
    }
}

there() { # KIND NAME
    case $1 in
    program) inside sh -c 'command -v -- "$1"' sh "$2" ;;
    module) inside pkg-config --exists "$2" ;;
    element) inside gst-inspect-1.0 --exists "$2" ;;
    python) inside python3 -c 'import importlib, sys; importlib.import_module(sys.argv[1])' "$2" ;;
    # Any of several patterns.
    file) inside bash -c 'for pattern in $1; do compgen -G "$pattern" && exit; done; exit 1' bash "$2" ;;
    *) die "needs.py says a kind that is not known here: $1" ;;
    esac >/dev/null 2>&1
}

# WHEN: looks for what is needed then, and counts what is not there.
missing=0
look() {
    local when kind name where looked=0
    while IFS=$'\t' read -r when kind name where; do
        [ "$when" = "$1" ] || continue
        looked=$((looked + 1))
        there "$kind" "$name" || {
            say "missing: $kind $name, which $where needs"
            missing=$((missing + 1))
        }
    done <<<"$needs"
    say "== looked for $looked things that are needed for: $1"
}

lay
bring
set_up
look demo
set_up --tests
look tests
[ "$missing" = 0 ] || die "$missing needed things are not there after the set-up" \
    "Add their packages to scripts/setup.sh, or, where they can be done without, name them in scripts/needs.py."
say "A bare Debian ($RELEASE) has everything after the set-up. It took $(duration $SECONDS)."
