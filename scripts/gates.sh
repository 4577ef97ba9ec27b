#!/usr/bin/env bash
# Checks for forbidden dependencies in cargo's graph and in the built binaries.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
failed=0

refuse() {
    say "gate: $*"
    failed=1
}

declare -A trees
reaches() { # CRATE PATTERN [arguments of cargo tree]: does the crate depend on a package whose name matches?
    local crate=$1 pattern=$2 tree="$1 ${*:3}"
    shift 2
    [ -n "${trees[$tree]:-}" ] ||
        trees[$tree]=$(cargo tree --locked -q -e normal,build --prefix none -p "$crate" "$@" | cut -d' ' -f1)
    grep -xE "$pattern" <<<"${trees[$tree]}" >/dev/null
}

torch='tch|torch-sys'
cards='wgpu.*|naga'
finder='openvino.*'
cameras='gstreamer.*|nokhwa.*|v4l.*|aravis.*'
members=$(cargo metadata --locked --format-version 1 --no-deps |
    python3 -c 'import json, sys; print("\n".join(p["name"] for p in json.load(sys.stdin)["packages"]))')

for crate in $members; do
    case $crate in
    model | learn | infer | genlock-learn | genlock-tests) ;;
    *) if reaches "$crate" "$torch"; then refuse "$crate depends on libtorch"; fi ;;
    esac
    case $crate in
    genlock | genlock-tests) ;;
    *) if reaches "$crate" "$cameras"; then refuse "$crate depends on a camera library"; fi ;;
    esac
    case $crate in
    joints | infer | genlock-learn | genlock-tests) ;;
    *) if reaches "$crate" "$finder"; then refuse "$crate depends on OpenVINO"; fi ;;
    esac
    if reaches "$crate" "$cards"; then refuse "$crate depends on wgpu without being asked to"; fi
done
# It would take minutes to compile, and `make fuzz` does not need it.
if reaches fuzz 'zenoh.*'; then refuse "fuzz depends on Zenoh"; fi
# Check that this gate detects dependencies at all.
reaches model "$torch" || refuse "model should depend on libtorch: this gate does not work"
reaches joints "$finder" || refuse "joints should depend on OpenVINO: this gate does not work"
reaches transport 'zenoh.*' || refuse "transport should depend on Zenoh: this gate does not work"
reaches capture "$cameras" --all-features || refuse "capture's features should reach GStreamer: this gate does not work"
reaches genlock-learn "$cards" --features gpu || refuse "genlock-learn's feature gpu should reach wgpu: this gate does not work"

links() { ldd "$1" | grep -E "$2" || true; }

for binary in genlock genlock-learn; do
    [ -x "$TARGET/release/$binary" ] || refuse "$TARGET/release/$binary is not built"
done
if [ "$failed" = 0 ]; then
    found=$(links "$TARGET/release/genlock" 'libtorch|libc10|libcud')
    [ -z "$found" ] || refuse "genlock links libtorch: $found"
    found=$(links "$TARGET/release/genlock-learn" 'libgst|libv4l|libaravis|libglib')
    [ -z "$found" ] || refuse "genlock-learn links a camera library: $found"
    # OpenVINO is loaded at run time, so that genlock-learn runs without it.
    found=$(links "$TARGET/release/genlock-learn" 'libopenvino')
    [ -z "$found" ] || refuse "genlock-learn links OpenVINO: $found"
    [ -n "$(links "$TARGET/release/genlock-learn" 'libtorch_cpu\.so => /')" ] ||
        refuse "genlock-learn does not find libtorch: $(links "$TARGET/release/genlock-learn" 'libtorch|libc10')"
fi
[ "$failed" = 0 ] && say "Dependency gates: passed."
exit "$failed"
