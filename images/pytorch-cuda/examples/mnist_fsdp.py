"""The training of mnist.py with parameters, gradients and optimizer sharded over processes (FSDP).

    torchrun --standalone --nproc-per-node 2 mnist_fsdp.py     # two GPUs, or two processes on a CPU

Its checkpoints hold the whole state, so that the number of processes may differ between runs.
"""
import os
import sys

import torch
import torch.distributed as dist
from torch.distributed.fsdp import fully_shard

from training import choose_precision, parse, train


def shard(model):
    """Each layer with parameters is gathered when it is needed, and let go again."""
    for layer in model:
        if any(True for _ in layer.parameters()):
            fully_shard(layer)
    return fully_shard(model)


def main():
    arguments = parse(__doc__, "mnist-fsdp")
    rank, world, local = (int(os.environ.get(name, default)) for name, default in
                          (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0)))  # fmt: skip
    if "RANK" not in os.environ:
        sys.exit("start this with torchrun: torchrun --standalone --nproc-per-node 2 mnist_fsdp.py")
    if arguments.batch % world:
        sys.exit(f"--batch {arguments.batch} cannot be shared evenly by {world} processes")
    if arguments.device == "cuda":
        torch.cuda.set_device(local)
        device = torch.device("cuda", local)
        dist.init_process_group("nccl", device_id=device)
    else:
        device = torch.device("cpu")
        dist.init_process_group("gloo")
    try:
        # bfloat16: a GradScaler's overflow check does not see the other processes' shards.
        done = train(arguments, device, choose_precision(arguments, scaling=False), shard, rank, world)
    finally:
        dist.destroy_process_group()
    sys.exit(0 if done else 143)


if __name__ == "__main__":
    main()
