#!/usr/bin/env python3
"""What pretraining is worth where labels are few: a table and a plot.

usage: few_labels.py --session DIR --out DIR [--learn PROGRAM] [--recipe FILE] [--seeds 0 1 2]

For each seed: SYNC once, then transfer from it and from random values, training the heads alone, the last stage, or
all layers, all on the same budget and the same labels, which the baselines have, too. What is in the folder already is kept,
so an interrupted run is gone on with by the same command. Writes few-labels.md and few-labels.svg there.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import mean, stdev

LAYERS = ["linear", "last-stage", "all"]
STARTS = ["sync", "random"]
NAMES = {"linear": "linear probe", "last-stage": "last stage", "all": "all layers"}
METRICS = [("mpjpe16", "MPJPE"), ("nmpjpe16", "N-MPJPE"), ("pmpjpe17", "P-MPJPE")]
# As `train` calls them: held-out clips of actions that training saw, and of others.
ACTIONS = ["seen", "unseen"]


def folder(out, seed, start, layers):
    return out / f"{start}-{layers}-{seed}"


def train(words, seed, start, layers):
    out = folder(words.out, seed, start, layers)
    if (out / "evaluation.json").exists():
        return
    command = [words.learn, "train", "--recipe", words.recipe, "--session", words.session, "--out", out]
    command += ["--set", f"seed={seed}", "--set", f"transfer.from={start}", "--set", f"transfer.train={layers}"]
    command += ["--report-seconds", "30"]
    if start == "sync" and layers != LAYERS[0]:
        # The first of them made it.
        command += ["--encoder", folder(words.out, seed, start, LAYERS[0]) / "sync.safetensors"]
    out.mkdir(parents=True, exist_ok=True)
    print(out.name, flush=True)
    with open(out / "output.txt", "a") as output:
        status = subprocess.run([str(word) for word in command], stdout=output, stderr=subprocess.STDOUT).returncode
    if status:
        sys.exit(f"{out.name} failed; {out / 'output.txt'} says why")


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


def spread(values):
    return f"{mean(values):.0f} ± {stdev(values):.0f}" if len(values) > 1 else f"{mean(values):.0f}"


def accuracies(out, seeds):
    """Of the pretraining on held-out takes: synchronised, mirrored."""
    for seed in seeds:
        log = folder(out, seed, "sync", LAYERS[0]) / "log.jsonl"
        for line in map(json.loads, log.read_text().splitlines()):
            if "sync-accuracy" in line:
                yield line["sync-accuracy"]["held-out"]


def table(out, seeds):
    """Mean and deviation over the seeds, with masks."""
    rows = [
        ("mean pose", "sync", "linear", lambda found: found["mean-pose"]),
        ("Procrustes mean pose", "sync", "linear", lambda found: found["procrustes-mean"]),
        ("ridge on 16×16 pixels", "sync", "linear", lambda found: found["ridge"]["masked"]),
    ]
    for layers in LAYERS:
        for start in reversed(STARTS):
            name = f"{NAMES[layers]}, {'SYNC' if start == 'sync' else start}"
            rows.append((name, start, layers, lambda found: found["model"]["masked"]))
    heads = [name for _, name in METRICS] + [f"MPJPE, actions {which}" for which in ACTIONS]
    text = "| | " + " | ".join(heads) + " |\n|---" + "|---" * len(heads) + "|\n"
    for name, start, layers, of in rows:
        def scores(key, actions="all"):
            return spread([of(comparison(out, seed, start, layers, actions))["metrics"][key] for seed in seeds])

        cells = [scores(key) for key, _ in METRICS] + [scores("mpjpe16", actions) for actions in ACTIONS]
        text += f"| {name} | " + " | ".join(cells) + " |\n"
    pairs = list(accuracies(out, seeds))
    text += f"\nSYNC on held-out takes: synchronised {mean(p[0] for p in pairs):.3f}, mirrored {mean(p[1] for p in pairs):.3f} (chance .5).\n"
    return text


def plot(out, seeds):
    """Bars of the mean with a dot for each seed, MPJPE and P-MPJPE side by side."""
    shown = [("mpjpe16", "MPJPE in mm"), ("pmpjpe17", "P-MPJPE in mm")]
    colours = {"random": "#9aa5b1", "sync": "#2f7d6b"}
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 330" font-family="sans-serif" font-size="13">']
    parts.append('<rect width="760" height="330" fill="#ffffff"/>')
    for panel, (key, title) in enumerate(shown):
        left, bottom, height = 60 + 360 * panel, 270, 220
        values = {
            (layers, start): [comparison(out, seed, start, layers)["model"]["masked"]["metrics"][key] for seed in seeds]
            for layers in LAYERS
            for start in STARTS
        }
        top = 50 * (int(max(max(v) for v in values.values()) / 50) + 1)
        parts.append(f'<text x="{left}" y="30" font-weight="bold">{title}</text>')
        for tick in range(0, top + 1, 50):
            y = bottom - height * tick / top
            parts.append(f'<line x1="{left}" x2="{left + 290}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e3e7eb"/>')
            parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#667">{tick}</text>')
        for group, layers in enumerate(LAYERS):
            for side, start in enumerate(["random", "sync"]):
                x, of = left + 15 + 95 * group + 36 * side, values[layers, start]
                tall = height * mean(of) / top
                parts.append(
                    f'<rect x="{x}" y="{bottom - tall:.1f}" width="32" height="{tall:.1f}" fill="{colours[start]}"/>'
                )
                for index, value in enumerate(of):
                    at = x + 16 + 7 * (index - (len(of) - 1) / 2)
                    parts.append(f'<circle cx="{at:.1f}" cy="{bottom - height * value / top:.1f}" r="2.6" fill="#1b2733"/>')
            parts.append(f'<text x="{left + 49 + 95 * group}" y="{bottom + 18}" text-anchor="middle">{NAMES[layers]}</text>')
    for index, (start, name) in enumerate([("random", "random start"), ("sync", "SYNC pretraining")]):
        x = 60 + 150 * index
        parts.append(f'<rect x="{x}" y="302" width="12" height="12" fill="{colours[start]}"/>')
        parts.append(f'<text x="{x + 18}" y="313">{name}</text>')
    parts.append(f'<text x="360" y="313" fill="#667">dots: seeds; labels of two people</text></svg>')
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--session", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--learn", type=Path, default=Path("target/release/genlock-learn"))
    parser.add_argument("--recipe", type=Path, default=Path("recipes/few-labels.toml"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    words = parser.parse_args()
    same_recipe(words)
    for seed in words.seeds:
        for start in STARTS:
            for layers in LAYERS:
                train(words, seed, start, layers)
    text = table(words.out, words.seeds)
    (words.out / "few-labels.md").write_text(text)
    (words.out / "few-labels.svg").write_text(plot(words.out, words.seeds))
    print(text)


if __name__ == "__main__":
    main()
