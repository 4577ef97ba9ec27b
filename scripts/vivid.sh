#!/usr/bin/env bash
# Runs programs with four virtual V4L2 cameras (the kernel's vivid), in an emulated machine without network.
# usage: vivid.sh FOLDER PROGRAM...
# FOLDER has run.sh, which runs in the machine as root, in a copy of the folder's files, with the programs in PATH.
# Files that it writes to out/ are in FOLDER/out afterwards, and its output is in FOLDER/console.log.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

folder=$(cd "$1" && pwd)
shift
kernel=$(bash "$ROOT/scripts/fetch-kernel.sh")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree="$work/tree"
mkdir -p "$tree"/{bin,dev,etc,proc,sys,tmp,modules,run}

cp /bin/busybox "$tree/bin/"
cp "$kernel"/*.ko "$kernel/modules.order" "$tree/modules/"
find "$folder" -mindepth 1 -maxdepth 1 -type f -exec cp {} "$tree/run/" \;
for program in "$@"; do
    cp "$program" "$tree/bin/"
    # Their shared libraries, including the loader, at the same paths.
    ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
        [ -e "$tree$library" ] || install -D "$library" "$tree$library"
    done
done
echo 'root:x:0:0::/:/bin/sh' >"$tree/etc/passwd"
echo 'nobody:x:65534:65534::/:/bin/sh' >>"$tree/etc/passwd"
cat >"$tree/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install /bin
export PATH=/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t tmpfs none /tmp
while read -r module; do
    # Four webcams, and no other devices.
    options=
    [ "$module" = vivid.ko ] && options="n_devs=4 node_types=0x1,0x1,0x1,0x1 input_types=0x00,0x00,0x00,0x00"
    insmod "/modules/$module" $options || echo "cannot load $module"
done </modules/modules.order
echo "== booted after $(cut -d' ' -f1 /proc/uptime) s"
cd /run && mkdir out && sh ./run.sh
echo "== ended with $? after $(cut -d' ' -f1 /proc/uptime) s"
# The disk is used as a raw archive.
tar cf - out >/dev/vda && sync
echo "== kept after $(cut -d' ' -f1 /proc/uptime) s"
poweroff -f
INIT
chmod +x "$tree/init"
# Not compressed: the emulated processor is slower than the disk.
(cd "$tree" && find . | cpio --quiet -o -H newc) >"$work/initrd"
truncate -s 1G "$work/disk"

timeout --foreground "${VIVID_SECONDS:-150}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 1536 \
    -kernel "$kernel/vmlinuz" -initrd "$work/initrd" -append "console=ttyS0 quiet panic=-1 mitigations=off" \
    -nographic -no-reboot -nic none -drive "file=$work/disk,format=raw,if=virtio" \
    </dev/null >"$folder/console.log" 2>&1 ||
    die "the emulated machine did not shut down" "Its console: $folder/console.log" "$(tail -n 20 "$folder/console.log")"
tar xf "$work/disk" -C "$folder"
