#!/usr/bin/env python3
"""A pose model from people and motions: renders the session, pretrains, transfers and measures.

usage: train_pose_model.py cpu|gpu|gpu-small ASSETS OUT [--recorded TAKE]... [--minutes M] [--learn PROGRAM]

ASSETS is the folder that the recipes' folders lie in, or what `genlock pack-assets` made of it. Ends after about M
minutes, or when it is told to, with status 75; the same command goes on from there, until it says that all is done.
gpu-small does what gpu does with a few pictures, to try it. Pretraining learns from the recorded takes, too.
"""

import argparse
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

RECIPES = Path(__file__).resolve().parent.parent / "recipes"
# A leg that is shorter would only load.
LEAST_S = 120
# The common status of what should be tried again.
AGAIN = 75


@dataclass
class Size:
    recipe: str
    # Of 48 instants and 4 views, by scenario.
    takes: dict
    # Of each picture's side, where it is not the scenario's.
    picture_px: int | None = None
    training: dict = field(default_factory=dict)


SMALL = {
    "sync.samples": 1024,
    "transfer.samples": 1024,
    "augment.backgrounds": 64,
    "sync.augment.backgrounds": 64,
    "evaluation.every-samples": 512,
    "evaluation.pictures": 100,
    "evaluation.last-pictures": 200,
}
SIZES = {
    "cpu": Size("pose-cpu", {"train": 560, "train-wide": 320, "train-own": 60, "held-out": 75}),
    "gpu": Size("pose-gpu", {"train": 1400, "train-wide": 500, "train-own": 150, "held-out": 75}, 240),
    "gpu-small": Size("pose-gpu", {"train": 6, "train-wide": 2, "train-own": 2, "held-out": 4}, 240, SMALL),
}


class TimeIsUp(Exception):
    pass


class Leg:
    def __init__(self, minutes):
        self.end = time.monotonic() + 60 * minutes

    def left_s(self):
        left = self.end - time.monotonic()
        if left < LEAST_S:
            raise TimeIsUp
        return left

    def run(self, command, result):
        """Stopped in good order when time is up: whole takes and the training so far are kept."""
        process = subprocess.Popen(command, start_new_session=True)
        try:
            status = process.wait(self.left_s())
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.send_signal(signal.SIGTERM)
            process.wait()
            raise TimeIsUp from None
        if status:
            sys.exit(status)
        if not result.exists():
            raise TimeIsUp


def told_to_end(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("assets", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--recorded", type=Path, action="append", default=[])
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--learn", type=Path, default=Path("target/release/genlock-learn"))
    words = parser.parse_args()
    size, leg = SIZES[words.size], Leg(words.minutes)
    session, model, about = words.out / "session", words.out / "model", words.out / "size"
    words.out.mkdir(parents=True, exist_ok=True)
    if about.exists() and about.read_text() != words.size:
        sys.exit(f"{words.out} is of the size {about.read_text()}: name another folder")
    about.write_text(words.size)
    signal.signal(signal.SIGTERM, told_to_end)
    pictures = [] if size.picture_px is None else ["--set", f"rig.size-px=[{size.picture_px}, {size.picture_px}]"]
    training = [part for key, value in size.training.items() for part in ("--set", f"{key}={value}")]
    try:
        # Training makes its folder once it has read the whole session.
        for scenario, takes in () if model.exists() else size.takes.items():
            print(f"rendering {scenario}: {takes} takes", flush=True)
            command = [words.learn, "render", RECIPES / f"people-{scenario}.toml", "--assets", words.assets]
            leg.run([*command, "--out", session, "--set", f"takes={takes}", *pictures], session / "session.toml")
        command = [words.learn, "train", "--recipe", RECIPES / f"{size.recipe}.toml", "--session", session, "--f16"]
        command += [part for take in words.recorded for part in ("--recorded", take)]
        command += ["--out", model, *training, "--minutes", f"{leg.left_s() / 60:.2f}"]
        leg.run(command, model / "evaluation.json")
        print(f"done: {model / 'pose-model.safetensors'}")
    except (TimeIsUp, KeyboardInterrupt):
        print("Ended before all was done. The same command goes on.")
        sys.exit(AGAIN)


if __name__ == "__main__":
    main()
