#!/usr/bin/env bash
# Fetches Debian's kernel, once, and prints the folder of its image and of the modules for virtual V4L2 cameras: tests
# boot it in an emulated machine. Nothing of it is installed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Where depmod and modprobe are, also for users that do not look there.
PATH=$PATH:/usr/sbin:/sbin
modules=(virtio_pci virtio_blk vivid)

# Whatever the metapackage stands for now, so that no version is gone from the archive one day.
package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n1)
if [ -z "$package" ]; then
    # Without lists of packages, the newest that is here.
    package=$(find "$CACHE" -maxdepth 1 -name 'linux-image-*-amd64' -printf '%f\n' 2>/dev/null | sort -V | tail -n1)
fi
[ -n "$package" ] || die "Debian's kernel package is not known here" "Fetch the lists of packages first: apt-get update"
out="$CACHE/$package"

[ -e "$out/modules.order" ] || lock_cache
if [ ! -e "$out/modules.order" ]; then
    work=$(mktemp -d "$CACHE/.partial.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    say "Fetching a kernel for emulated cameras (71 MB, once): $package"
    (cd "$work" && apt-get -o APT::Sandbox::User=root download -q "$package" >&2) ||
        die "the kernel package could not be fetched; apt's own words are above" \
            "Fetch the lists of packages anew (apt-get update), or copy $out from a machine that has it."
    dpkg -x "$work"/*.deb "$work/unpacked"
    version=${package#linux-image-}
    depmod -b "$work/unpacked" "$version"
    mkdir "$work/out"
    cp "$work/unpacked/boot/vmlinuz-$version" "$work/out/vmlinuz"
    # Each before those that need it.
    for module in "${modules[@]}"; do
        modprobe -d "$work/unpacked" -S "$version" --show-depends "$module"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
        cp "$path" "$work/out/"
        basename "$path"
    done >"$work/modules.order"
    mv "$work/modules.order" "$work/out/"
    rm -rf "$out"
    mv "$work/out" "$out"
fi
echo "$out"
