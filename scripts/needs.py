#!/usr/bin/env python3
"""Lists what the build, the demo and the tests need to have installed, as read from the sources. scripts/fresh.sh checks
a bare system against this list.
usage: needs.py
Prints one need per line, as WHEN KIND NAME WHERE with tabs between them. WHEN is `demo` for what the build or the demo
needs, and `tests` for what only the tests need. KIND is program, module (of pkg-config), element (of GStreamer), python
(a Python module) or file (glob patterns, of which one must match). WHERE is a source or dependency that needs it."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What the sources name and can do without, or ask for only where the words of a person do.
OPTIONAL = {
    "program": {
        "rosmaster",  # the bench compares with ROS where it is
        "apt-get", "apt-cache", "dpkg-query", "dpkg",  # Debian's own; setup.sh says so where they are not
        "npm",  # fetches two more networks of the finder of joints
        "sudo",  # only for those who are not root
    },
    "python": {"torch", "cv2", "mediapipe", "numpy", "PIL"},  # peers and the bench
}
# What no source names in a form that is found here, and why it is needed.
HIDDEN = [
    ("demo", "program", "make", "README.md"),
    ("demo", "program", "cc", "Rust's linker"),
    ("demo", "program", "c++", "model/build.rs"),
    ("demo", "program", "cmake", "turbojpeg-sys"),
    ("demo", "program", "nasm", "turbojpeg-sys"),
    ("demo", "program", "pkg-config", "gstreamer-sys"),
    ("demo", "python", "pip", "scripts/common.sh"),
    ("demo", "file", "/usr/lib/*/libclang*.so* /usr/lib/llvm-*/lib/libclang*.so*", "v4l2-sys-mit"),
    ("demo", "file", "/usr/lib/llvm-*/lib/clang/*/include/stddef.h /usr/lib/clang/*/include/stddef.h", "v4l2-sys-mit"),
    ("demo", "program", "ffmpeg", "footage/src/tools.rs"),
    ("demo", "program", "ffprobe", "footage/src/tools.rs"),
    ("tests", "element", "qtdemux", "parsebin, for capture/tests/video_files.rs"),
    ("tests", "element", "h264parse", "parsebin, for tests/tests/bad_input.rs"),
    ("tests", "element", "avidemux", "decodebin, for tests/tests/import.rs"),
    ("tests", "element", "jpegdec", "decodebin, for tests/tests/import.rs"),
    ("tests", "program", "chromium", "tests/tests/page.rs"),
    ("tests", "program", "sleep", "tests/tests/hosts/net.rs"),
    ("tests", "file", "/usr/lib/*/libvulkan.so.1", "virtual-studio/tests/gpu.rs"),
    ("tests", "file", "/usr/share/vulkan/icd.d/lvp_icd*.json", "virtual-studio/tests/gpu.rs"),
    ("tests", "file", "/bin/busybox", "scripts/vivid.sh"),
]
FOR_TESTS = re.compile(r"^tests/|/tests/|/tests\.rs$|/examples/|^scripts/(test|vivid|gates|deny|fetch-deny|fetch-kernel|bench)")
RESERVED = set("if then else elif fi while until do done case esac in function time ! { } [[ select".split())
BUILT_IN = set(
    ". : [ alias break cd command compgen continue declare echo eval exec exit export false local printf pwd read return"
    " set shift source test trap true type ulimit umask unset wait".split()
)


def main():
    needs = [*HIDDEN, *modules()]
    for path in tracked():
        for kind, name in needs_of(path):
            if name not in OPTIONAL.get(kind, ()):
                needs.append(("tests" if FOR_TESTS.search(path) else "demo", kind, name, path))
    said = {}
    # `demo` before `tests`: each need once, where it is needed first.
    for when, kind, name, where in sorted(needs):
        said.setdefault((kind, name), (when, where))
    for (kind, name), (when, where) in said.items():
        print(when, kind, name, where, sep="\t")


def tracked():
    """The files of the checkout, less those that run elsewhere: the trigger box's and the emulated machine's."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    away = ("trigger-box/", "tests/tests/vivid/run.sh", "scripts/fresh.sh", "scripts/needs.py", "model/tests/fixture/")
    return [path for path in listed.splitlines() if not path.startswith(away)]


def needs_of(path):
    text = (ROOT / path).read_text(errors="replace") if path.endswith((".rs", ".sh", ".py")) else ""
    if path.endswith(".rs"):
        yield from (("program", name) for name in programs_of_rust(text))
    elif path.endswith(".sh"):
        yield from (("program", name) for name in programs_of_shell(text))
    elif path.endswith(".py"):
        calls = re.findall(r"(?:run|Popen|call|check_output)\(\s*\[\s*\"([^\"]+)\"", text)
        yield from (("program", name) for name in calls)
        yield from (("python", name) for name in modules_of_python(text))
    if path.endswith((".rs", ".py")):
        yield from (("element", name) for name in elements_of(text))


def modules():
    """What the crates of this platform ask pkg-config for."""
    words = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"]
    graph = json.loads(subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    for package in graph["packages"]:
        for module in ((package["metadata"] or {}).get("system-deps") or {}).values():
            yield ("demo", "module", module["name"], package["name"])


def programs_of_rust(text):
    constants = dict(re.findall(r"const ([A-Z_]+): &(?:'static )?str = \"([^\"]+)\"", text))
    for literal, constant in re.findall(r"(?:Command::new|on_second)\((?:\"([^\"]+)\"|([A-Z_]+)\))", text):
        yield literal or constants[constant]


def programs_of_shell(text):
    """Words where a command stands. Text of other languages, in quotes or here-documents, is left out."""
    shared = (ROOT / "scripts/common.sh").read_text()
    functions = set(re.findall(r"^(\w+)\(\) ?\{", text + shared, re.M))
    text = re.sub(r"<<-?'?(\w+)'?(.*)\n(?:.*\n)*?\1\n", r"\2\n", text)
    text = re.sub(r"(?m)(?:^|(?<=\s))#.*$", "", text)
    text = re.sub(r"'[^']*'", "Q", text)
    text = re.sub(r"(?s)\b\w+\+?=\((?!\().*?\n?\)", "", re.sub(r"\\\n", " ", text))
    text = re.sub(r"\$\{[^{}]*\}", "V", text)
    text = re.sub(r"\$\(\(.*?\)\)", "V", text)
    # Commands within a string are commands; its other words are none.
    inner = re.findall(r"\$\(([^()]*)\)", text)
    text = re.sub(r"\$\(|`", "\n", text)
    text = re.sub(r"\"[^\"\n]*\"", "Q", text)
    text = re.sub(r"(?m)^\s*[\w\s|*./\"-]+\)(?=\s)", "\n", text)
    for line in re.split(r"\n|;|\|\|?|&&|\{ |\(", text) + inner:
        words = line.split()
        if words[:1] == ["for"]:
            continue
        while words and (words[0] in RESERVED or re.match(r"(env|exec)$|\w+=|-|\d*[<>]", words[0])):
            words.pop(0)
        if words and re.fullmatch(r"[a-z][a-z0-9_.+-]*", words[0]) and words[0] not in BUILT_IN | functions:
            yield words[0]


def modules_of_python(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not (ROOT / "scripts" / f"{node.module}.py").exists():
            yield node.module.split(".")[0]


def elements_of(text):
    """The first words between exclamation marks, as launch lines have them, in one string or in one string a word."""
    text = re.sub(r"\\\n\s*", "", text)
    text = re.sub(r"\"\s*,\s*\"|\"\s*\]\s*\+\s*\[\s*\"|\"\s*\)?\.args?\(\[?\s*\"", " ", text)
    for literal in re.findall(r"\"((?:[^\"\\]|\\.)*)\"", text):
        parts = literal.split("!")
        if len(parts) < 2 or not re.search(r"(^|\s)!(\s|$)", literal):
            continue
        for part in parts:
            first = re.match(r"\s*(?:-\w\s+)?([a-z][a-z0-9_]{3,})(?=\s|$)", re.sub(r"^.*=\s*\\\"", "", part))
            if first:
                yield first[1]


if __name__ == "__main__":
    sys.exit(main())
