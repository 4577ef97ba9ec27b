#!/usr/bin/env python3
"""What a rig's own network gains from where it starts: a table over minutes of footage, in a virtual studio.

usage: own_network.py --assets DIR --out DIR --start NAME=FILE [--start NAME=FILE]... [--learn PROGRAM] [--seeds 0 1 2]
                      [--minutes 0.5 1 2 5]

Renders one person before four cameras (recipes/own-network.toml), labels the views by the finder of joints, and trains
a network on the labels of the first minutes from each start: a pose model, a pretraining, or `random=random`. What is
judged is how far its bodies are from the finder's on held-back seconds, which is what the gate of a live session asks,
and, by the exact truth, how far they are from where the person is. The truth trains nothing. What is in the folder
already is kept, so an interrupted run is gone on with by the same command. Writes own-network.md and own-network.json.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import mean, stdev

SCRIPTS = Path(__file__).resolve().parent
SCENARIO = SCRIPTS.parent / "recipes" / "own-network.toml"
# Two subjects who share a skeleton; 432 s together.
SUBJECTS = ["13", "14"]
RATE_HZ = 12.5
# As a live session holds instants back: ten seconds of each minute, with two on each side. Half a minute has them, too.
PERIOD_S, BLOCK_S, GUARD_S = 60, 10, 2
STEPS_A_MINUTE = 120
# The end of the take, which no network sees.
LATER = "4800..5000"


def positions(seconds):
    return round(seconds * RATE_HZ)


def run(words, out):
    command = [str(word) for word in words]
    with open(out, "a") as output:
        status = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT).returncode
    if status:
        sys.exit(f"{' '.join(command)} failed; {out} says why")


def long_motion(assets, to):
    """One BVH file of all motions of the subjects."""
    files = [
        file
        for subject in SUBJECTS
        for file in sorted((assets / "motion_cmu_subjects" / "bvh60").glob(f"{subject}_*.bvh"))
    ]
    if not files:
        sys.exit(f"{assets} has no motion_cmu_subjects/bvh60/{SUBJECTS[0]}_*.bvh")
    heads, frames, period = set(), [], None
    for file in files:
        head, _, motion = file.read_text().partition("MOTION\n")
        count, period, *lines = motion.strip().splitlines()
        heads.add(head)
        if len(heads) > 1 or int(count.split()[1]) != len(lines):
            sys.exit(f"{file} has another skeleton, or not as many frames as it says")
        frames += lines
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(heads.pop() + "MOTION\n" + f"Frames: {len(frames)}\n{period}\n" + "\n".join(frames) + "\n")


def prepare(words):
    """The rendered take, its labels and its geometry."""
    session, log = words.out / "session", words.out / "output.txt"
    assets = words.out / "assets"
    if not (words.out / "rendered").exists():
        assets.mkdir(parents=True, exist_ok=True)
        for name in ["avatars_valid", "hdri_cc0"]:
            if not (assets / name).exists():
                (assets / name).symlink_to((words.assets / name).resolve())
        long_motion(words.assets, assets / "long-motion" / "subjects.bvh")
        run([words.learn, "render", SCENARIO, "--assets", assets, "--out", session], log)
        (words.out / "rendered").touch()
    takes = [folder for folder in session.iterdir() if folder.is_dir()]
    if len(takes) != 1:
        sys.exit(f"{session} has {len(takes)} takes: remove {words.out} and start again")
    labels, bodies = words.out / "labels.json", words.out / "bodies"
    if not (bodies / "geometry.json").exists():
        run([words.learn, "bodies", takes[0], "--out", bodies, "--finder", "full"], log)
    if not labels.exists():
        made = words.out / "labels.partial"
        geometry = bodies / "geometry.json"
        run([words.learn, "labels", "make", takes[0], "--out", made, "--finder", "full", "--geometry", geometry], log)
        made.rename(labels)
    return takes[0], labels, bodies / "geometry.json"


def first_minutes(labels, minutes, to):
    """The labels of the first minutes."""
    found = json.loads(labels.read_text())
    for camera in found["cameras"]:
        camera["frames"] = [frame for frame in camera["frames"] if frame["source-index"] < positions(60 * minutes)]
    to.write_text(json.dumps(found))


def hold_out(minutes):
    period = positions(PERIOD_S if minutes >= 1 else 60 * minutes)
    return period, positions(BLOCK_S), positions(GUARD_S)


def judged(minutes):
    """The last period: only what is held out of it is looked at."""
    last = positions(60 * minutes)
    return f"{last - hold_out(minutes)[0]}..{last}"


def train(words, take, labels, geometry, start, minutes, seed):
    folder = words.out / "networks" / f"{start}-{minutes:g}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    network, log, part = folder / "own.safetensors", folder / "output.txt", words.out / f"labels-{minutes:g}.json"
    if not part.exists():
        first_minutes(labels, minutes, part)
    figures = {name: folder / f"{name}.json" for name in ["judged", "later"]}
    if all(file.exists() for file in figures.values()):
        return
    print(folder.name, flush=True)
    if not network.exists():
        command = [words.learn, "finetune", "--session", take, "--labels", part, "--from", words.starts[start]]
        command += ["--frozen-stages", 0, "--steps", round(STEPS_A_MINUTE * minutes), "--seed", seed]
        command += ["--hold-out", ",".join(str(count) for count in hold_out(minutes)), "--out", network]
        run(command, log)
    for name, where in [("judged", [judged(minutes)]), ("later", [LATER, "--unseen"])]:
        command = [words.learn, "eval", "--own", network, "--session", take, "--geometry", geometry, "--json"]
        command += ["--positions", *where]
        answer = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if answer.returncode:
            sys.exit(f"{' '.join(str(word) for word in command)} failed: {answer.stderr}")
        figures[name].write_text(answer.stdout)
    # 45 MB each, and its figures are what counts.
    network.unlink()


def rows_of(words, start, minutes, name):
    for seed in words.seeds:
        yield json.loads((words.out / "networks" / f"{start}-{minutes:g}-{seed}" / f"{name}.json").read_text())


def spread(values):
    if any(value is None for value in values):
        return "–"
    return f"{mean(values):.0f}" + (f" ± {stdev(values):.0f}" if len(values) > 1 else "")


def table(words):
    text = "| footage | start | judged: from the finder | half | P | later: from the finder | half | P |\n" + "|---" * 8 + "|\n"
    for minutes in words.minutes:
        for start in words.starts:
            cells = []
            for name in ["judged", "later"]:
                pairs = list(rows_of(words, start, minutes, name))
                finder, own = ([pair[index] for pair in pairs] for index in (0, 1))
                cells += [spread([row["differs_mm"] for row in own]), spread([row["differs_mm"] for row in finder])]
                cells += [spread([row.get("p_mm") for row in own])]
            text += f"| {minutes:g} min | {start} | " + " | ".join(cells) + " |\n"
    return text


def named(text):
    name, _, file = text.partition("=")
    if not name or not file or "/" in name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE")
    return name, file


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assets", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--learn", type=Path, default=Path("target/release/genlock-learn"))
    parser.add_argument("--start", type=named, action="append", required=True, metavar="NAME=FILE")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, nargs="+", default=[0.5, 1, 2, 5])
    words = parser.parse_args()
    words.starts = dict(words.start)
    words.out.mkdir(parents=True, exist_ok=True)
    take, labels, geometry = prepare(words)
    for seed in words.seeds:
        for minutes in words.minutes:
            for start in words.starts:
                train(words, take, labels, geometry, start, minutes, seed)
    found = {
        f"{start}, {minutes:g} min, {name}": list(rows_of(words, start, minutes, name))
        for start in words.starts
        for minutes in words.minutes
        for name in ["judged", "later"]
    }
    (words.out / "own-network.json").write_text(json.dumps(found, indent=1))
    text = table(words)
    (words.out / "own-network.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
