"""Networks in PyTorch with their weights, inputs and outputs: what networks.npz holds.

`python tests/beside/networks_torch.py` writes the file, for tests where PyTorch is not installed.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn


class Autoencoder(nn.Module):
    """Of images (n, 1, 8, 6), through 5 numbers each."""

    def __init__(self):
        super().__init__()
        self.read = nn.Sequential(
            nn.Conv2d(1, 6, 3, 2, padding=1), nn.BatchNorm2d(6), nn.ReLU(),
            nn.Conv2d(6, 6, 3, padding=1, groups=3, bias=False), nn.Flatten(),
            nn.BatchNorm1d(72), nn.Linear(72, 5),
        )  # fmt: skip
        self.draw = nn.Sequential(
            nn.Linear(5, 72), nn.Unflatten(1, (6, 4, 3)), nn.GroupNorm(2, 6), nn.ReLU(),
            nn.ConvTranspose2d(6, 4, 4, 2, padding=1, groups=2),
        )  # fmt: skip

    def forward(self, x):
        return self.draw(self.read(x))


class Reader(nn.Module):
    """Of letters (n, time), by all kinds of recurrent layers."""

    def __init__(self):
        super().__init__()
        self.letters = nn.Embedding(7, 3)
        self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(8, 5, batch_first=True)
        self.rnn = nn.RNN(5, 3, batch_first=True, bias=False)

    def forward(self, x):
        return self.rnn(self.gru(self.lstm(self.letters(x))[0])[0])[0]


class Block(nn.Module):
    """Of rows (n, time, 6), with a context (n, time, 5) to attend to."""

    def __init__(self):
        super().__init__()
        self.itself = nn.MultiheadAttention(6, 2, batch_first=True)
        self.norm = nn.LayerNorm(6)
        self.other = nn.MultiheadAttention(6, 3, kdim=5, vdim=5, batch_first=True)
        self.last = nn.RMSNorm(6)

    def forward(self, x, context):
        y = self.norm(x + self.itself(x, x, x, need_weights=False)[0])
        return self.last(y + self.other(y, context, context, need_weights=False)[0])


def inputs_of(network):
    rng = np.random.default_rng(1)
    if network is Autoencoder:
        return [rng.standard_normal((2, 1, 8, 6), np.float32)]
    if network is Reader:
        return [rng.integers(0, 7, (2, 5))]
    return [rng.standard_normal((2, n, size), np.float32) for n, size in ((4, 6), (3, 5))]


def made(network):
    """Weights by PyTorch's names, inputs and output, of normal weights."""
    torch.manual_seed(0)
    module, inputs = network().eval(), inputs_of(network)
    with torch.no_grad():
        for name, x in module.state_dict().items():
            if x.dtype.is_floating_point:
                x.normal_().mul_(0.5)
            if name.endswith("running_var"):
                x.abs_().add_(0.5)
        output = module(*[torch.from_numpy(x) for x in inputs])
    weights = {f"weights.{name}": x.numpy() for name, x in module.state_dict().items()}
    return weights | {f"input{i}": x for i, x in enumerate(inputs)} | {"output": output.numpy()}


NETWORKS = {"autoencoder": Autoencoder, "reader": Reader, "block": Block}

if __name__ == "__main__":
    arrays = {f"{name}.{key}": x for name, cls in NETWORKS.items() for key, x in made(cls).items()}
    np.savez_compressed(Path(__file__).with_name("networks.npz"), **arrays)
