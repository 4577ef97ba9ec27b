"""Takes out of the wheels of openvino and mediapipe what finding joints needs.

usage: finder_wheels.py WHEELS OUT
"""

import pathlib
import sys
import zipfile

LIBRARIES = ["openvino.", "openvino_c.", "openvino_intel_cpu_plugin.", "openvino_ir_frontend.",
             "openvino_onnx_frontend.", "openvino_tensorflow_lite_frontend.", "tbb.", "tbbmalloc.", "hwloc."]
NETWORKS = ["pose_detection/pose_detection.tflite", "pose_landmark/pose_landmark_full.tflite"]

wheels, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
(out / "lib").mkdir(parents=True)


def take(package, wanted):
    """Writes the files of a wheel that `wanted` names a place for; licences go to a folder of the package's name."""
    [path] = wheels.glob(f"{package}-*.whl")
    wheel = zipfile.ZipFile(path)
    for name in wheel.namelist():
        file = pathlib.PurePosixPath(name)
        place = wanted(name, file)
        if place is None and ".dist-info/" in name and "licens" in name.lower() and not name.endswith("/"):
            place = pathlib.Path("licences", package, file.name)
        if place is not None:
            target = out / place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(wheel.read(name))


def library(name, file):
    if name.startswith("openvino/libs/") and any(file.name.startswith("lib" + known) for known in LIBRARIES):
        return pathlib.Path("lib", file.name)
    return None


def network(name, file):
    return pathlib.Path(file.name) if any(name == f"mediapipe/modules/{known}" for known in NETWORKS) else None


take("openvino", library)
take("mediapipe", network)
missing = [f"lib{n}*" for n in LIBRARIES if not list((out / "lib").glob(f"lib{n}*"))]
missing += [n for n in NETWORKS if not (out / pathlib.PurePosixPath(n).name).is_file()]
if missing:
    sys.exit("the wheels lack " + ", ".join(missing))
