#!/usr/bin/env bash
# Makes a take of the videos for the demo, once, and prints its folder. genlock has to be built before.
# usage: import-footage.sh VIDEOS     what fetch-footage.sh printed
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Raised when `genlock import videos` makes other takes of the same videos.
form=1
source=$1
case $source in
*/videos-pose2sim-*) out="$CACHE/take-pose2sim-${source##*/videos-pose2sim-}-$form" ;;
*)
    # A take needs no import.
    if [ -e "$source/take.toml" ]; then
        echo "$source"
        exit 0
    fi
    # Imported again when a video is changed, added or removed. Of a link the target counts.
    key=$({ echo "$form $source" && find -L "$source" -maxdepth 5 -type f -printf '%P %s %T@\n' | sort; } |
        sha256sum | cut -c1-16)
    out="$CACHE/take-$key"
    ;;
esac

if [ ! -e "$out/take.toml" ]; then
    lock_cache
fi
if [ ! -e "$out/take.toml" ]; then
    work=$(mktemp -d "$CACHE/.partial.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    "$TARGET/release/genlock" import videos "$source" --out "$work/take" >&2 ||
        die "no take could be made of $source" "See what is said above."
    [ ! -e "$source/Calib.qca.txt" ] || cp "$source/Calib.qca.txt" "$work/take/"
    rm -rf "$out"
    mv "$work/take" "$out"
    say "The take of the videos is $out ($(disk "$out"))"
fi
echo "$out"
