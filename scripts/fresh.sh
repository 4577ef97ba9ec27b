#!/usr/bin/env bash
# The check before a release: creates a bare Debian 12, sets genlock up in it as README says, and checks that everything
# that build, demo and tests call is there (scripts/needs.py reads this from the sources).
# usage: fresh.sh     as root; takes minutes, and temporarily 4 GB below TMPDIR
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

[ "$(id -u)" -eq 0 ] || die "this needs root, for mounts and chroot" "Run: sudo make fresh"
command -v mmdebstrap >/dev/null || die "mmdebstrap, which creates the bare system, is missing" \
    "Install it: apt-get install mmdebstrap"
# In a separate mount namespace, which is removed with its last process in any case.
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
        # Do not remove anything of this machine that is still mounted below the folder.
        ! mountpoint -q "$at" || die "$at could not be unmounted, so $fresh is left behind"
    done
    rm -rf --one-file-system "$fresh"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# Debian's archives and proxies as in this machine's apt configuration, without third-party archives.
debian_sources() {
    apt-get indextargets --format '$(ORIGIN)|$(RELEASE)|$(SITE)|$(COMPONENT)' 'Created-By: Packages' |
        awk -F'|' -v release="$RELEASE" \
            '$1 ~ /^Debian/ && index($2, release) == 1 && !seen[$0]++ { print "deb", $3, $2, $4 }'
}

lay() {
    local sources
    sources=$(debian_sources)
    [ -n "$sources" ] || die "apt has no archive of Debian's $RELEASE" \
        "Fetch the lists of packages first: apt-get update"
    apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries|Force)[^ ]* ' >"$fresh/apt.conf" || true
    say "== creating a bare Debian ($RELEASE, minbase)"
    # It is temporary, so nothing needs to be synced to disk.
    printf '%s\n' "$sources" | mmdebstrap --quiet --mode=root --variant=minbase --aptopt="$fresh/apt.conf" \
        --dpkgopt=force-unsafe-io "$RELEASE" "$fresh/root" - ||
        die "the bare system could not be created; see mmdebstrap's output above"
    cp /etc/resolv.conf "$fresh/root/etc/resolv.conf"
    # This machine's configuration of pip, and its certificates.
    [ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$fresh/root/etc/"
    mkdir -p "$fresh/root/usr/local/share/ca-certificates"
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$fresh/root/usr/local/share/ca-certificates/" \;
    mount -t proc proc "$fresh/root/proc"
    mount --rbind /dev "$fresh/root/dev"
}

# README's prerequisites: Rust, here this machine's toolchain, and a checkout. Everything else is set up.
bring() {
    mkdir -p "$fresh/root/opt/rust" "$fresh/root/genlock"
    mount --bind "$(rustc --print sysroot)" "$fresh/root/opt/rust"
    mount -o remount,bind,ro "$fresh/root/opt/rust"
    # The working tree, including uncommitted changes.
    git ls-files -z | tar -c --null --files-from=- | tar -x -C "$fresh/root/genlock"
}

inside() {
    chroot "$fresh/root" env -i HOME=/root LANG=C.UTF-8 \
        PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

set_up() { # arguments of scripts/setup.sh
    say "== scripts/setup.sh $*"
    inside bash /genlock/scripts/setup.sh "$@" >"$fresh/said" 2>&1 || {
        tail -n 30 "$fresh/said" >&2
        die "scripts/setup.sh $* failed on a bare system; see its output above"
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
    *) die "unknown kind from needs.py: $1" ;;
    esac >/dev/null 2>&1
}

# WHEN: checks for what is needed then, and counts what is missing.
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
    say "== checked for $looked things that are needed for: $1"
}

lay
bring
set_up
look demo
set_up --tests
look tests
[ "$missing" = 0 ] || die "$missing needed things are missing after the set-up" \
    "Add their packages to scripts/setup.sh, or, if they are optional, list them in scripts/needs.py."
say "A bare Debian ($RELEASE) has everything after the set-up. It took $(duration $SECONDS)."
