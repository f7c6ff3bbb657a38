"""What torch.compile and mixed precision bring on this machine: training steps of the examples' network,
eager against compiled, float32 against mixed precision.

    python benchmark.py [--json] [--steps N] [--device cpu|cuda] [--batch N]
"""
import argparse
import json
import platform
import statistics
import time

import torch
import torch.nn.functional as F

from digits import SIZE, make_model


def measure(device, batch, steps, mixed, compiled):
    torch.manual_seed(0)
    model = make_model().to(device)
    forward = torch.compile(model) if compiled else model
    optimizer = torch.optim.Adam(model.parameters())
    precision = torch.float16 if device.type == "cuda" else torch.bfloat16
    scaler = torch.amp.GradScaler(device.type, enabled=mixed and precision is torch.float16)
    images = torch.rand(batch, 1, SIZE, SIZE, device=device)
    labels = torch.randint(0, 10, (batch,), device=device)

    def step():
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast(device.type, dtype=precision, enabled=mixed):
            loss = F.cross_entropy(forward(images), labels)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    first = step()  # compiles, and lets cuDNN choose
    for _ in range(3):
        step()
    median = statistics.median(step() for _ in range(steps))
    return {
        "mode": "compiled" if compiled else "eager",
        "precision": f"mixed ({str(precision).removeprefix('torch.')})" if mixed else "float32",
        "stepMs": median * 1000,
        "imagesPerSecond": batch / median,
        "firstStepSeconds": first,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--steps", type=int, help="measured steps per row (default: 200 on a GPU, 20 on a CPU)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--batch", type=int, help="default: 2048 on a GPU, 256 on a CPU")
    arguments = parser.parse_args()
    if arguments.device == "auto":
        arguments.device = "cuda" if torch.cuda.is_available() else "cpu"
    on_gpu = arguments.device == "cuda"
    device = torch.device(arguments.device)
    batch, steps = arguments.batch or (2048 if on_gpu else 256), arguments.steps or (200 if on_gpu else 20)

    rows = []
    for mixed in (False, True):
        for compiled in (False, True):
            rows.append(measure(device, batch, steps, mixed, compiled))
            rows[-1]["speedup"] = rows[0]["stepMs"] / rows[-1]["stepMs"]
    report = {
        "device": torch.cuda.get_device_name() if on_gpu else f"CPU, {torch.get_num_threads()} threads ({platform.machine()})",
        "torch": torch.__version__,
        "batch": batch,
        "steps": steps,
        "rows": rows,
    }
    if arguments.json:
        print(json.dumps(report))
        return
    print(f"{report['device']}, torch {report['torch']}, {batch} images a step, median of {steps} steps")
    print(f"{'':10}{'precision':18}{'ms a step':>11}{'images/s':>12}{'against first':>15}{'first step':>12}")
    for row in rows:
        print(f"{row['mode']:10}{row['precision']:18}{row['stepMs']:11.2f}{row['imagesPerSecond']:12.0f}"
              f"{row['speedup']:14.2f}x{row['firstStepSeconds']:10.1f} s")


if __name__ == "__main__":
    main()
