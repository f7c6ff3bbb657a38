"""Trains a small network on handwritten digits, on the GPU or the CPU. Killed or told to stop, it goes on
where it was when started again.

    python mnist.py                        # in tmux, so that it outlives the connection
    python mnist.py --steps 200 --device cpu --fresh
"""
import sys

import torch

from training import choose_precision, parse, train

if __name__ == "__main__":
    arguments = parse(__doc__, "mnist")
    done = train(arguments, torch.device(arguments.device), choose_precision(arguments))
    sys.exit(0 if done else 143)  # 143: ended by SIGTERM, as a shell reports it
