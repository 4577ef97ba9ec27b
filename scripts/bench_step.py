"""The Python side of `make bench`: SyncNet's training in plain PyTorch, one JSON line in, one out.

Started with the number of threads. It says which torch it has, then answers {"set_up": {...}} and {"step": true}, and
with {"set_up_loop": {...}} and {"loop": STEPS} trains from a session on disk (bench_loop.py).
"""

import json
import math
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class BasicBlock(nn.Module):
    def __init__(self, inputs, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = None
        if stride != 1 or inputs != out:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class ResNet18(nn.Module):
    """torchvision's resnet18 up to its pooling, as torchvision writes it."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        inputs = 64
        for stage in range(4):
            out = 64 << stage
            blocks = nn.Sequential(BasicBlock(inputs, out, 1 if stage == 0 else 2), BasicBlock(out, out, 1))
            setattr(self, f"layer{stage + 1}", blocks)
            inputs = out

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return torch.flatten(F.adaptive_avg_pool2d(x, 1), 1)


class SyncNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = ResNet18()
        self.sync_head = nn.Linear(512, 1)
        self.flip_head = nn.Linear(512, 1)


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", entry
        begin, end = entry["data_offsets"]
        tensors[name] = torch.frombuffer(data[begin:end], dtype=torch.float32).reshape(entry["shape"])
    return tensors


def pictures(images, crop_px):
    """The formula of the Rust side."""
    index = torch.arange(images * 3 * crop_px * crop_px, dtype=torch.float64)
    return (index * 0.739 + index * index * 1.3e-4).sin().reshape(images, 3, crop_px, crop_px).float()


class Job:
    def __init__(self, images, crop_px, bf16, device, weights, sync, flip, lr, betas, eps, weight_decay):
        self.bf16, self.device = bf16, device
        self.net = SyncNet()
        missing, unexpected = self.net.load_state_dict(read_safetensors(weights), strict=False)
        assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing), (missing, unexpected)
        self.net.to(device, memory_format=torch.channels_last).train()
        self.x = pictures(images, crop_px).to(device, memory_format=torch.channels_last)
        self.sync, self.flip = self.pairs(sync), self.pairs(flip)
        self.optimiser = torch.optim.AdamW(
            self.net.parameters(), lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, fused=True
        )

    def pairs(self, pairs):
        index = [torch.tensor(pairs[key], device=self.device) for key in "ab"]
        return *index, *(torch.tensor(pairs[key], device=self.device).float() for key in ("label", "weight"))

    def head_loss(self, features, head, pairs):
        """Every pair of images through one matrix product, then the pairs that have a label."""
        a, b, label, weight = pairs
        logits = (features * head.weight) @ features.T + head.bias
        return F.binary_cross_entropy_with_logits(logits[a, b], label, weight, reduction="sum")

    def step(self):
        begun = time.perf_counter()
        self.optimiser.zero_grad()
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.bf16):
            features = self.net.encoder(self.x).float()
            with torch.autocast(self.device, enabled=False):
                loss = self.head_loss(features, self.net.sync_head, self.sync)
                loss = loss + self.head_loss(features, self.net.flip_head, self.flip)
        loss.backward()
        self.optimiser.step()
        loss = loss.item()
        seconds = time.perf_counter() - begun
        # JSON has no infinities.
        return {"seconds": seconds, "loss": loss if math.isfinite(loss) else None}


def main():
    torch.set_num_threads(int(sys.argv[1]))

    def say(answer):
        print(json.dumps(answer), flush=True)

    say({"torch": torch.__version__, "threads": torch.get_num_threads()})
    job = loop = None
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if "set_up" in question:
                job = None
                job = Job(**question["set_up"])
                say({"ready": True})
            elif "set_up_loop" in question:
                from bench_loop import Loop

                loop = Loop(Job, **question["set_up_loop"])
                say({"ready": True, "pictures": loop.pictures})
            elif "loop" in question:
                say(loop.run(question["loop"]))
            else:
                say(job.step())
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
