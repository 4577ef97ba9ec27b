#!/usr/bin/env bash
# Checks Rust and Python, and installs the Debian packages that are missing.
# usage: setup.sh [--tests]     --tests: also what the tests need
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

needed_rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")
rust_remedy="Install or update it by rustup (see rustup.rs), for example: rustup update stable"
command -v cargo >/dev/null || die "no cargo found; genlock needs Rust $needed_rust or newer" "$rust_remedy"
rust=$(cd "$ROOT" && rustc --version | cut -d' ' -f2)
if [ "$(printf '%s\n' "$needed_rust" "${rust%%-*}" | sort -V | head -n1)" != "$needed_rust" ]; then
    die "Rust $rust is too old; genlock needs $needed_rust or newer" "$rust_remedy"
fi

command -v dpkg-query >/dev/null || {
    say "This is not Debian: please install the equivalents of the packages in scripts/setup.sh."
    exit 0
}

packages=(
    build-essential pkg-config cmake nasm python3 python3-pip ffmpeg
    libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev gstreamer1.0-tools
    gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
    gstreamer1.0-libav
    libaravis-dev libusb-1.0-0-dev
)
[ "${1:-}" = --tests ] && packages+=(
    chromium libvulkan1 mesa-vulkan-drivers qemu-system-x86 busybox-static kmod cpio aravis-tools iproute2
)

installed() { [ "$(dpkg-query -W -f='${Status}' "$1" 2>/dev/null || true)" = "install ok installed" ]; }

missing=()
for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
done
# A Python with its own pip does not need Debian's.
if python3 -m pip --version >/dev/null 2>&1; then
    kept=()
    for package in ${missing[@]+"${missing[@]}"}; do
        case $package in python3 | python3-pip) ;; *) kept+=("$package") ;; esac
    done
    missing=(${kept[@]+"${kept[@]}"})
fi
# The bindings to V4L2 are generated with libclang and its headers, in any version.
if ! dpkg-query -W -f='${Status} ${Package}\n' 'libclang1-*' 2>/dev/null | grep '^install ok installed libclang1-' >/dev/null ||
    ! dpkg-query -W -f='${Status} ${Package}\n' 'libclang-common-*-dev' 2>/dev/null | grep '^install ok installed' >/dev/null; then
    libclang=yes
fi

if [ ${#missing[@]} -eq 0 ] && [ -z "${libclang:-}" ]; then
    say "System packages: all there."
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "these packages are missing: ${missing[*]} ${libclang:+libclang-dev}" \
        "Install them as root, then run this again: apt-get install ${missing[*]} ${libclang:+libclang-dev}"
    as_root=(sudo)
fi
say "Installing system packages that are missing: ${missing[*]} ${libclang:+libclang}"
${as_root[@]+"${as_root[@]}"} apt-get update -q >&2 || die "apt-get update failed" \
    "Without a network, install these by other means: ${missing[*]} ${libclang:+libclang-dev}"
if [ -n "${libclang:-}" ]; then
    if apt-cache show libclang1-14 >/dev/null 2>&1; then
        missing+=(libclang1-14 libclang-common-14-dev)
    else
        missing+=(libclang-dev)
    fi
fi
${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    "${missing[@]}" >&2 || die "apt-get could not install: ${missing[*]}" "See its output above."
