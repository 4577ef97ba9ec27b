#!/usr/bin/env python3
"""Prints the arguments with which `cargo test` runs every test target of the workspace, except for the named ones.

usage: cargo metadata --no-deps --format-version 1 | test_targets.py EXCEPT...

Examples in documentation are not among them, since `cargo test --doc` accepts no other target.
"""

import json
import sys

FLAGS = {"test": "--test", "example": "--example", "bin": "--bin"}


def main() -> None:
    packages = json.load(sys.stdin)["packages"]
    targets = [t for p in packages for t in p["targets"] if t["test"]]
    names = {(t["kind"][0], t["name"]) for t in targets}
    for unknown in set(sys.argv[1:]) - {name for kind, name in names if kind == "test"}:
        sys.exit(f"there is no test target {unknown}")
    print("--lib")
    for kind, name in sorted(names):
        if kind in FLAGS and not (kind == "test" and name in sys.argv[1:]):
            print(FLAGS[kind], name)


if __name__ == "__main__":
    main()
