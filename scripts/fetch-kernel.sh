#!/usr/bin/env bash
# Fetches Debian's kernel, once, and prints the folder of its image and of the modules for virtual V4L2 cameras. Tests
# boot it in an emulated machine. Nothing is installed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The folders of depmod and modprobe, which are not in every user's PATH.
PATH=$PATH:/usr/sbin:/sbin
modules=(virtio_pci virtio_blk vivid)

# The current version of the metapackage, since old versions are removed from the archive.
package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n1)
if [ -z "$package" ]; then
    # Without package lists, use the newest in the cache.
    package=$(find "$CACHE" -maxdepth 1 -name 'linux-image-*-amd64' -printf '%f\n' 2>/dev/null | sort -V | tail -n1)
fi
[ -n "$package" ] || die "apt does not know Debian's kernel package" "Fetch the package lists first: apt-get update"
out="$CACHE/$package"

[ -e "$out/modules.order" ] || lock_cache
if [ ! -e "$out/modules.order" ]; then
    work=$(mktemp -d "$CACHE/.partial.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    say "Fetching a kernel for emulated cameras (71 MB, once): $package"
    (cd "$work" && apt-get -o APT::Sandbox::User=root download -q "$package" >&2) ||
        die "the kernel package could not be fetched; see apt's output above" \
            "Update the package lists (apt-get update), or copy $out from a machine that has it."
    dpkg -x "$work"/*.deb "$work/unpacked"
    version=${package#linux-image-}
    depmod -b "$work/unpacked" "$version"
    mkdir "$work/out"
    cp "$work/unpacked/boot/vmlinuz-$version" "$work/out/vmlinuz"
    # Dependencies first.
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
