"""The data set, the model and the checkpoints that the examples share."""
import json
import os
import socket
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

HERE = Path(__file__).resolve().parent
SIZE = 28  # pixels per side, of either data set


def load_mnist(folder):
    """MNIST from torchvision, downloaded on first use; None where its hosts do not answer."""
    from torchvision.datasets import MNIST

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(5)  # torchvision sets none: without it a silent network hangs for minutes
    try:
        train, test = (MNIST(folder, train=part, download=True) for part in (True, False))
    except (OSError, RuntimeError):
        return None
    finally:
        socket.setdefaulttimeout(before)
    return tuple((part.data.unsqueeze(1).float() / 255, part.targets) for part in (train, test))


def load_digits():
    """The UCI handwritten digits that lie beside this file, scaled up to MNIST's size."""
    with np.load(HERE / "data" / "digits.npz") as file:
        images, labels = torch.from_numpy(file["images"]), torch.from_numpy(file["labels"]).long()
    images = F.interpolate(images.unsqueeze(1).float() / 16, size=(SIZE, SIZE), mode="bilinear")
    return (images[:1500], labels[:1500]), (images[1500:], labels[1500:])


def load_data(name, folder):
    """Returns (name, train, test); `auto` is MNIST where it can be had, else the digits."""
    if name in ("auto", "mnist"):
        parts = load_mnist(folder)
        if parts is not None:
            return "mnist", *parts
        if name == "mnist":
            raise SystemExit("MNIST cannot be downloaded here; --data digits trains on the set in the image.")
        print("MNIST cannot be downloaded here: training on the UCI handwritten digits instead.", flush=True)
    return "digits", *load_digits()


def make_model():
    """A small convolutional network, a little over 200,000 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


class Batches:
    """The training batch of any step, as a function of the seed and the step alone.

    So the data's order needs no saving of its own, and a resumed run reads what the first would have.
    """

    def __init__(self, data, batch, seed):
        self.images, self.labels = data
        self.batch, self.seed = batch, seed
        self.per_epoch = len(self.labels) // batch
        if self.per_epoch == 0:
            raise SystemExit(f"--batch {batch} is more than the {len(self.labels)} images there are.")
        self.epoch, self.order = None, None

    def at(self, step):
        epoch, position = divmod(step, self.per_epoch)
        if epoch != self.epoch:
            generator = torch.Generator().manual_seed(self.seed * 100_003 + epoch)
            self.epoch, self.order = epoch, torch.randperm(len(self.labels), generator=generator)
        chosen = self.order[position * self.batch : (position + 1) * self.batch]
        return self.images[chosen], self.labels[chosen]


def shift(images, reach=2):
    """Moves every image by up to `reach` pixels, drawn from torch's global generator (on the CPU, so
    that the processes of a distributed run, seeded alike, draw alike)."""
    count = len(images)
    rows, columns = (torch.randint(0, 2 * reach + 1, (count, 1)) + torch.arange(SIZE) for _ in range(2))
    padded = F.pad(images, (reach,) * 4)[:, 0]
    return padded[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]].unsqueeze(1)


def write_durably(path, write):
    """`write(file)` into a temporary file, synced, then renamed: readers see the old file or the new."""
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)


def make_checkpoint(step, settings, model, optimizer, scaler):
    """All that the next step depends on. In a distributed run every process has to call this."""
    return {
        "step": step,
        "settings": settings,
        "model": get_model_state_dict(model, options=WHOLE),
        "optimizer": get_optimizer_state_dict(model, optimizer, options=WHOLE),
        "scaler": scaler.state_dict(),
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore(checkpoint, settings, model, optimizer, scaler):
    """Returns the step to go on with. Settings that would change the course of the run are refused."""
    differing = [k for k in settings if checkpoint["settings"].get(k) != settings[k]]
    if differing:
        lines = [f"  {k}: {checkpoint['settings'].get(k)} then, {settings[k]} now" for k in differing]
        raise SystemExit("\n".join(["The checkpoint was made otherwise (--fresh starts anew):", *lines]))
    set_model_state_dict(model, checkpoint["model"], options=StateDictOptions(full_state_dict=True))
    set_optimizer_state_dict(model, optimizer, checkpoint["optimizer"], options=StateDictOptions(full_state_dict=True))
    scaler.load_state_dict(checkpoint["scaler"])
    torch.set_rng_state(checkpoint["rng"])
    if checkpoint["cuda_rng"] and torch.cuda.device_count() == len(checkpoint["cuda_rng"]):
        torch.cuda.set_rng_state_all(checkpoint["cuda_rng"])
    return checkpoint["step"]


class LossLog:
    """One JSON object per step and line. Lines after the checkpoint that a run resumes from are dropped:
    those steps are taken again."""

    def __init__(self, path, step):
        kept = []
        if path.exists():
            for line in path.read_bytes().splitlines():
                try:
                    entry = json.loads(line)
                except ValueError:  # the line that a kill cut short
                    break
                if entry["step"] < step:
                    kept.append(line + b"\n")
        write_durably(path, lambda file: file.writelines(kept))
        self.file = open(path, "a", buffering=1)

    def add(self, **entry):
        self.file.write(json.dumps(entry) + "\n")


def accuracy(model, data, device):
    images, labels = data
    model.eval()
    with torch.no_grad():
        right = sum(
            (model(x.to(device)).argmax(1).cpu() == y).sum().item()
            for x, y in zip(images.split(1000), labels.split(1000))
        )
    model.train()
    return right / len(labels)
