"""The Python side of `make bench`: the whole of pretraining from a session on disk, by PyTorch's own means.

A DataLoader with one worker for each core reads JPEGs out of the session's takes, decodes them (Pillow, at the reduced
scale that its decoder offers), cuts the subject out, and takes the background away; the step is the one of
bench_step.py. Where the subject is in each picture is worked out once, before the clock runs.
"""

import io
import random
import struct
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

MAGIC = 8
HEADER = {1: 104, 2: 120}
CROP_SCALE = 1.25


def records(path):
    """The channels and messages of an MCAP file without chunks: (topic, sequence, offset and length of the data)."""
    topics = {}
    data = path.read_bytes()
    at = MAGIC
    while at + 9 <= len(data):
        opcode, length = data[at], struct.unpack_from("<Q", data, at + 1)[0]
        body = at + 9
        if opcode == 4:
            channel, _, size = struct.unpack_from("<HHI", data, body)
            topics[channel] = data[body + 8 : body + 8 + size].decode()
        elif opcode == 5:
            channel, sequence = struct.unpack_from("<HI", data, body)
            yield topics[channel], sequence, body + 22, length - 22, data
        elif opcode == 2:
            return
        at = body + length


def mask(message):
    """Width, height and lengths of runs, background first, as LEB128."""
    width, height = struct.unpack_from("<II", message)
    runs, value, shift = [], 0, 0
    for byte in message[8:]:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            runs.append(value)
            value = shift = 0
    kinds = np.arange(len(runs)) % 2 * 255
    return np.repeat(kinds, runs).astype(np.uint8).reshape(height, width)


class Pictures(Dataset):
    def __init__(self, session, takes, crop_px):
        self.crop_px, self.files, self.items, self.instants = crop_px, [], {}, []
        for take in takes:
            folder = Path(session) / "takes" / take
            masks = {}
            for topic, sequence, at, length, data in records(folder / "masks.mcap"):
                if topic.startswith("/mask/"):
                    masks[topic[6:], sequence] = bytes(data[at : at + length])
            (file,) = (path for path in folder.glob("*.mcap") if path.name != "masks.mcap")
            self.files.append(file)
            by_instant = {}
            for topic, _, at, length, data in records(file):
                if not topic.startswith("/camera/"):
                    continue
                header = HEADER[data[at]]
                (source,) = struct.unpack_from("<I", data, at + 52)
                runs = masks[topic[8:], source]
                rows, columns = np.nonzero(mask(runs))
                if len(rows) == 0:
                    continue
                side = CROP_SCALE * (max(np.ptp(rows), np.ptp(columns)) + 1)
                x, y = columns.mean() + 0.5, rows.mean() + 0.5
                box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
                key = (len(self.files) - 1, source, topic)
                self.items[key] = (at + header, length - header, box, runs)
                by_instant.setdefault(source, []).append(key)
            self.instants.append(by_instant)

    def __getitem__(self, key):
        at, length, box, runs = self.items[key[0]]
        with open(self.files[key[0][0]], "rb") as file:
            file.seek(at)
            picture = Image.open(io.BytesIO(file.read(length)))
        side, size = box[2] - box[0], (self.crop_px, self.crop_px)
        width = picture.width
        # A reduced size that still has a pixel for each pixel of the crop.
        picture.draft("RGB", tuple(int(px * self.crop_px / side) for px in picture.size))
        scale = width / picture.width
        small = tuple(value / scale for value in box)
        rgb = np.asarray(picture.transform(size, Image.Transform.EXTENT, small, Image.Resampling.BILINEAR))
        cut = Image.fromarray(mask(runs)).transform(size, Image.Transform.EXTENT, box, Image.Resampling.BILINEAR)
        rgb = rgb * (np.asarray(cut) > 127)[..., None]
        if key[1]:
            rgb = rgb[:, ::-1]
        return torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))


class Batches:
    """Instants of a few takes in all their views, some of them mirrored, anew in each step."""

    def __init__(self, pictures, takes, times, views, images):
        self.pictures, self.takes, self.times, self.views, self.images = pictures, takes, times, views, images
        self.whole = [
            [keys for keys in of_take.values() if len(keys) >= views] for of_take in self.pictures.instants
        ]
        self.whole = [instants for instants in self.whole if len(instants) >= times]

    def __iter__(self):
        while True:
            batch = []
            for instants in random.sample(self.whole, self.takes):
                for keys in random.sample(instants, self.times):
                    batch += [(key, random.random() < 0.5) for key in keys[: self.views]]
            yield (batch * 2)[: self.images]


class Loop:
    def __init__(self, job, session, takes_named, takes, times, views, workers, step):
        self.job = job(**step)
        self.pictures_of = Pictures(session, takes_named, step["crop_px"])
        self.pictures = len(self.pictures_of.items)
        self.batches = Batches(self.pictures_of, takes, times, views, step["images"])
        self.workers, self.images = workers, step["images"]

    def run(self, steps, warm_up=3):
        loader = DataLoader(self.pictures_of, batch_sampler=self.batches, num_workers=self.workers, prefetch_factor=2)
        batches = iter(loader)
        begun = None
        for step in range(-warm_up, steps):
            if step == 0:
                begun = time.perf_counter()
            pictures = next(batches).to(self.job.device)
            self.job.x = pictures.float().div_(127.5).sub_(1).contiguous(memory_format=torch.channels_last)
            self.job.step()
        seconds = time.perf_counter() - begun
        # The workers end here, so that they do not run beside the other program.
        del batches, loader
        return {"seconds": seconds, "pictures": steps * self.images}
