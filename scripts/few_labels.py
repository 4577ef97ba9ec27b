#!/usr/bin/env python3
"""What pretraining is worth where labels are few: a table and a plot.

usage: few_labels.py --session DIR --out DIR [--learn PROGRAM] [--recipe FILE] [--seeds 0 1 2] [--encoder NAME=FILE]

For each seed: SYNC once, then transfer from it and from random values, training the heads alone, the last stage, or
all layers, all on the same budget and the same labels, which the baselines have, too. The seed also chooses who is
labelled. With --encoder, which may be repeated, nothing is pretrained here: each FILE is the `sync.safetensors` of a
pretraining, finished or not, and NAME is what the table calls it. What is in the folder already is kept, so an
interrupted run is gone on with by the same command. Writes few-labels.md and few-labels.svg there.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import mean, stdev

LAYERS = ["linear", "last-stage", "all"]
NAMES = {"linear": "linear probe", "last-stage": "last stage", "all": "all layers"}
METRICS = [("mpjpe16", "MPJPE"), ("nmpjpe16", "N-MPJPE"), ("pmpjpe17", "P-MPJPE")]
# As `train` calls them: held-out clips of actions that training saw, and of others.
ACTIONS = ["seen", "unseen"]
# Where nothing is named, SYNC is pretrained here.
RANDOM, SYNC = "random", "sync"


def folder(out, seed, start, layers):
    return out / f"{start}-{layers}-{seed}"


def train(words, seed, start, layers):
    out = folder(words.out, seed, start, layers)
    if (out / "evaluation.json").exists():
        return
    command = [words.learn, "train", "--recipe", words.recipe, "--session", words.session, "--out", out]
    origin = RANDOM if start == RANDOM else SYNC
    command += ["--set", f"seed={seed}", "--set", f"transfer.from={origin}", "--set", f"transfer.train={layers}"]
    command += ["--report-seconds", "30"]
    if start in words.encoders:
        command += ["--encoder", words.encoders[start], "--unfinished"]
    elif start == SYNC and layers != LAYERS[0]:
        # The first of them made it.
        command += ["--encoder", folder(words.out, seed, start, LAYERS[0]) / "sync.safetensors"]
    out.mkdir(parents=True, exist_ok=True)
    print(out.name, flush=True)
    with open(out / "output.txt", "a") as output:
        status = subprocess.run([str(word) for word in command], stdout=output, stderr=subprocess.STDOUT).returncode
    if status:
        sys.exit(f"{out.name} failed; {out / 'output.txt'} says why")
    if start in words.encoders or start == RANDOM:
        # 90 MB each, and only needed to go on.
        (out / "transfer.safetensors").unlink(missing_ok=True)


def same_recipe(words):
    """What is in the folder must have been trained as what will be."""
    kept, text = words.out / "recipe.toml", words.recipe.read_text()
    if kept.exists() and kept.read_text() != text:
        sys.exit(f"{kept} is another recipe than {words.recipe}: name another folder")
    words.out.mkdir(parents=True, exist_ok=True)
    kept.write_text(text)


def comparison(out, seed, start, layers, actions="all"):
    found = json.loads((folder(out, seed, start, layers) / "evaluation.json").read_text())
    return next(one for one in found["comparisons"] if one["actions"] == actions)


def spread(values, digits=0):
    return f"{mean(values):.{digits}f}" + (f" ± {stdev(values):.{digits}f}" if len(values) > 1 else "")


def accuracies(out, seeds):
    """Of the pretraining on held-out takes: synchronised, mirrored."""
    for seed in seeds:
        log = folder(out, seed, SYNC, LAYERS[0]) / "log.jsonl"
        for line in map(json.loads, log.read_text().splitlines()):
            if "sync-accuracy" in line:
                yield line["sync-accuracy"]["held-out"]


def table(out, seeds, starts):
    """Mean and deviation over the seeds, with masks, and how much is left of the error from random values."""
    def score(seed, start, layers, of, key, actions="all"):
        return of(comparison(out, seed, start, layers, actions))["metrics"][key]

    def model(found):
        return found["model"]["masked"]

    baselines = [
        ("mean pose", lambda found: found["mean-pose"]),
        ("Procrustes mean pose", lambda found: found["procrustes-mean"]),
        ("ridge on 16×16 pixels", lambda found: found["ridge"]["masked"]),
    ]
    rows = [(name, starts[0], LAYERS[0], of) for name, of in baselines]
    for layers in LAYERS:
        rows += [(f"{NAMES[layers]}, {'SYNC' if start == SYNC else start}", start, layers, model) for start in starts]
    heads = [name for _, name in METRICS] + [f"MPJPE, actions {which}" for which in ACTIONS] + ["MPJPE ÷ random"]
    text = "| | " + " | ".join(heads) + " |\n|---" + "|---" * len(heads) + "|\n"
    key = METRICS[0][0]
    for name, start, layers, of in rows:
        cells = [spread([score(seed, start, layers, of, key) for seed in seeds]) for key, _ in METRICS]
        cells += [spread([score(seed, start, layers, of, key, actions) for seed in seeds]) for actions in ACTIONS]
        ratios = [
            score(seed, start, layers, of, key) / score(seed, RANDOM, layers, model, key)
            for seed in seeds
            if of is model and start != RANDOM
        ]
        cells.append(spread(ratios, 2) if ratios else "")
        text += f"| {name} | " + " | ".join(cells) + " |\n"
    if SYNC in starts:
        pairs = list(accuracies(out, seeds))
        synced, mirrored = (mean(pair[head] for pair in pairs) for head in (0, 1))
        text += f"\nSYNC on held-out takes: synchronised {synced:.3f}, mirrored {mirrored:.3f} (chance .5).\n"
    return text


def plot(out, seeds, starts):
    """Bars of the mean with a dot for each seed, MPJPE and P-MPJPE side by side."""
    shown = [("mpjpe16", "MPJPE in mm"), ("pmpjpe17", "P-MPJPE in mm")]
    colours = ["#9aa5b1", "#2f7d6b", "#c08a2b", "#5a6fb0", "#a2506b", "#5f8f2f"]
    wide = 72 / len(starts)
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 330" font-family="sans-serif" font-size="13">']
    parts.append('<rect width="760" height="330" fill="#ffffff"/>')
    for panel, (key, title) in enumerate(shown):
        left, bottom, height = 60 + 360 * panel, 270, 220
        values = {
            (layers, start): [comparison(out, seed, start, layers)["model"]["masked"]["metrics"][key] for seed in seeds]
            for layers in LAYERS
            for start in starts
        }
        top = 50 * (int(max(max(v) for v in values.values()) / 50) + 1)
        parts.append(f'<text x="{left}" y="30" font-weight="bold">{title}</text>')
        for tick in range(0, top + 1, 50):
            y = bottom - height * tick / top
            parts.append(f'<line x1="{left}" x2="{left + 290}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e3e7eb"/>')
            parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#667">{tick}</text>')
        for group, layers in enumerate(LAYERS):
            for side, start in enumerate(starts):
                x, of = left + 13 + 95 * group + wide * side, values[layers, start]
                tall = height * mean(of) / top
                parts.append(
                    f'<rect x="{x:.1f}" y="{bottom - tall:.1f}" width="{0.9 * wide:.1f}" height="{tall:.1f}" '
                    f'fill="{colours[side]}"/>'
                )
                for index, value in enumerate(of):
                    at = x + 0.45 * wide + 0.2 * wide * (index - (len(of) - 1) / 2)
                    parts.append(f'<circle cx="{at:.1f}" cy="{bottom - height * value / top:.1f}" r="2" fill="#1b2733"/>')
            parts.append(f'<text x="{left + 49 + 95 * group}" y="{bottom + 18}" text-anchor="middle">{NAMES[layers]}</text>')
    for index, start in enumerate(starts):
        name = {RANDOM: "random start", SYNC: "SYNC pretraining"}.get(start, start)
        x = 60 + 700 / len(starts) * index
        parts.append(f'<rect x="{x:.0f}" y="302" width="12" height="12" fill="{colours[index]}"/>')
        parts.append(f'<text x="{x + 18:.0f}" y="313">{name}</text>')
    parts.append("</svg>")
    return "\n".join(parts)


def named(text):
    name, _, file = text.partition("=")
    if not name or not file or name in (RANDOM, SYNC) or "/" in name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE with a name other than {RANDOM} and {SYNC}")
    return name, Path(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--session", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--learn", type=Path, default=Path("target/release/genlock-learn"))
    parser.add_argument("--recipe", type=Path, default=Path("recipes/few-labels.toml"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--encoder", type=named, action="append", default=[], metavar="NAME=FILE")
    words = parser.parse_args()
    words.encoders = dict(words.encoder)
    starts = [RANDOM, *(words.encoders or [SYNC])]
    if len(starts) > 6:
        sys.exit("a table has five encoders at most")
    same_recipe(words)
    for seed in words.seeds:
        for start in starts:
            for layers in LAYERS:
                train(words, seed, start, layers)
    text = table(words.out, words.seeds, starts)
    (words.out / "few-labels.md").write_text(text)
    (words.out / "few-labels.svg").write_text(plot(words.out, words.seeds, starts))
    print(text)


if __name__ == "__main__":
    main()
