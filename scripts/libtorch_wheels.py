"""Takes libtorch out of PyTorch's wheels: the libraries that a C++ program loads, and the headers.

usage: libtorch_wheels.py toolkit WHEELS                the package that names CUDA's parts
       libtorch_wheels.py requirements WHEELS           what a GPU needs besides, as pinned requirements
       libtorch_wheels.py cpu|cuda WHEELS CUDA OUT      unpack to OUT/lib and OUT/include
"""

import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

from progress import Bar

CPU = {
    "libtorch_cpu.so",
    "libc10.so",
    "libtorch.so",
    "libgomp.so.1",
    "libcudart.so.13",
    "libcupti.so.13",
}
# Python itself, and what only Python programs load.
NEVER = re.compile(r"libtorch_python|libshm|libtorch_global_deps")


def needs(folder, name):
    """The `Requires-Dist` lines of the one wheel of that name."""
    (path,) = folder.glob(f"{name}-*.whl")
    with zipfile.ZipFile(path) as wheel:
        (metadata,) = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA")]
        return re.findall(r"^Requires-Dist: (.*)$", wheel.read(metadata).decode(), re.MULTILINE)


def toolkit(wheels):
    """`cuda-toolkit` with its version, a small wheel that only names others, and the parts of it that torch asks for."""
    for need in needs(wheels, "torch"):
        found = re.match(r"cuda-toolkit\[(.*)\]==([\d.]+)", need)
        if found:
            return f"cuda-toolkit=={found[2]}", set(found[1].split(","))
    sys.exit("error: the torch wheel asks for no cuda-toolkit")


def requirements(wheels):
    """What torch needs on a GPU besides what is there, pinned as its metadata and the toolkit's have it."""
    yield from (m[1] for m in (re.match(r"(nvidia-[^; ]+==[^; ]+)", need) for need in needs(wheels, "torch")) if m)
    parts = toolkit(wheels)[1]
    for need in needs(wheels, "cuda_toolkit"):
        found = re.match(r"(nvidia-[^; ]+==[^; ]+);.*extra == .(\w+)", need)
        if found and found[2] in parts - {"cudart", "cupti"}:
            yield found[1]


def wanted(flavour, name):
    base = os.path.basename(name)
    if not re.search(r"\.so(\.\d+)*$", base):
        return False
    if flavour == "cpu":
        return base in CPU
    library = name.startswith("torch/lib/") or re.match(r"nvidia/[^/]+/lib/[^/]+$", name)
    return bool(library) and not NEVER.search(base)


def unpack(flavour, folders, out):
    (out / "lib").mkdir(parents=True)
    found = set()
    bar = Bar("Unpacking libtorch")
    files = [wheel for folder in folders for wheel in sorted(folder.glob("*.whl"))]
    total, done = sum(wheel.stat().st_size for wheel in files), 0
    for wheel in files:
        with zipfile.ZipFile(wheel) as archive:
            packed = {entry.filename: entry.compress_size for entry in archive.infolist()}
            for name in archive.namelist():
                done += packed[name]
                bar.show(done / total)
                if wanted(flavour, name):
                    target = out / "lib" / os.path.basename(name)
                    found.add(target.name)
                elif name.startswith("torch/include/") and not name.endswith("/"):
                    target = out / name.removeprefix("torch/")
                else:
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as source, open(target, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
    bar.show(1)
    missing = (CPU | ({"libtorch_cuda.so", "libc10_cuda.so"} if flavour == "cuda" else set())) - found
    if missing:
        sys.exit(f"error: the wheels lack {', '.join(sorted(missing))}")


def main():
    if sys.argv[1] == "toolkit":
        print(toolkit(Path(sys.argv[2]))[0])
    elif sys.argv[1] == "requirements":
        print("\n".join(requirements(Path(sys.argv[2]))))
    else:
        flavour, wheels, cuda, out = sys.argv[1], *map(Path, sys.argv[2:5])
        unpack(flavour, [wheels, cuda], out)


main()
