"""The training loop of mnist.py and mnist_fsdp.py: their command line, precision, signals and resuming."""
import argparse
import io
import shutil
import signal
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from digits import Batches, LossLog, accuracy, load_data, make_checkpoint, make_model, restore, shift, write_durably


def parse(description, folder):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--steps", type=int, default=1000, help="optimizer steps in all, resumed ones included")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--out", type=Path, default=Path.home() / "runs" / folder,
                        help="holds checkpoint.pt and loss.jsonl (default: %(default)s)")
    parser.add_argument("--data", choices=("auto", "mnist", "digits"), default="auto",
                        help="auto: MNIST where it can be downloaded, else the digits in the image")
    parser.add_argument("--batch", type=int, default=64, help="images per step, over all processes")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint-every", type=int, default=50, metavar="STEPS")
    parser.add_argument("--amp", action=argparse.BooleanOptionalAction, default=True, help="mixed precision")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=None,
                        help="torch.compile (default: on a GPU, and for 2000 steps or more on a CPU)")
    parser.add_argument("--fresh", action="store_true", help="start anew instead of resuming")
    arguments = parser.parse_args()
    if arguments.device == "auto":
        arguments.device = "cuda" if torch.cuda.is_available() else "cpu"
    if arguments.compile is None:
        # Compiling takes half a minute on a CPU: only a long run gets that back.
        arguments.compile = bool(shutil.which("cc")) and (arguments.device == "cuda" or arguments.steps >= 2000)
    return arguments


def choose_precision(arguments, scaling=True):
    """The autocast type: float16 wants a GradScaler, bfloat16 (CPUs, and GPUs from Ampere on) does not."""
    if arguments.device == "cuda" and scaling:
        return torch.float16
    return torch.bfloat16


def train(arguments, device, precision, wrap=lambda model: model, rank=0, world=1):
    """Trains to `--steps` or until SIGTERM, and returns whether all steps are done.

    Killed at any moment, the next run with the same arguments goes on from the last checkpoint, and on a
    CPU with exactly the losses that the first would have had. With several processes each takes its part
    of every batch; rank 0 writes the files.
    """
    stopping = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, frame: stopping.append(received))

    arguments.out.mkdir(parents=True, exist_ok=True)
    name, training, test = load_data(arguments.data, Path.home() / ".cache" / "mnist")
    torch.manual_seed(arguments.seed)
    torch.backends.cudnn.deterministic = True
    model = wrap(make_model().to(device))
    optimizer = torch.optim.Adam(model.parameters(), lr=arguments.lr)
    scaler = torch.amp.GradScaler(device.type, enabled=arguments.amp and precision is torch.float16)
    batches = Batches(training, arguments.batch, arguments.seed)
    settings = {"data": name, "batch": arguments.batch, "lr": arguments.lr, "seed": arguments.seed}

    checkpoint_file = arguments.out / "checkpoint.pt"
    step = 0
    if checkpoint_file.exists() and not arguments.fresh:
        step = restore(torch.load(checkpoint_file, map_location="cpu"), settings, model, optimizer, scaler)
    log = LossLog(arguments.out / "loss.jsonl", step) if rank == 0 else None
    if rank == 0:
        print(f"{name} on {device} x {world}, {'resumed at' if step else 'from'} step {step}, "
              f"{'mixed precision' if arguments.amp else 'float32'}, {'compiled' if arguments.compile else 'eager'}",
              flush=True)
    forward = torch.compile(model) if arguments.compile else model

    def save():
        checkpoint = make_checkpoint(step, settings, model, optimizer, scaler)
        if rank == 0:
            content = io.BytesIO()
            torch.save(checkpoint, content)
            write_durably(checkpoint_file, lambda file: file.write(content.getbuffer()))

    saved = step
    while step < arguments.steps:
        images, labels = batches.at(step)
        images = shift(images)
        if world > 1:
            images, labels = images.chunk(world)[rank], labels.chunk(world)[rank]
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        with torch.autocast(device.type, dtype=precision, enabled=arguments.amp):
            loss = F.cross_entropy(forward(images), labels)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        value = loss.detach()
        stop = torch.tensor(float(bool(stopping)), device=device)
        if world > 1:
            # All processes log one loss and stop at one step, whichever of them heard the signal.
            torch.distributed.all_reduce(value)
            torch.distributed.all_reduce(stop)
        if rank == 0:
            log.add(step=step, loss=value.item() / world, time=time.time())
        step += 1
        if stop.item() or step - saved >= arguments.checkpoint_every or step == arguments.steps:
            save()
            saved = step
            if rank == 0:
                print(f"step {step}: loss {value.item() / world:.4f}, checkpoint written", flush=True)
        if stop.item() and step < arguments.steps:
            if rank == 0:
                print(f"told to stop: run again to go on from step {step}", flush=True)
            return False
    right = accuracy(model, test, device)
    if rank == 0:
        print(f"done: {step} steps, {right:.1%} of the test images right", flush=True)
    return True
