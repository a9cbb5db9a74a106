"""`examples/sequence.py` in PyTorch."""

import copy
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.data import DataLoader, TensorDataset

from .twins import run

# Model


class Adder(nn.Module):
    """An LSTM, whose last state a dense layer reads."""

    def __init__(self, hidden: int = 32) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x: Any, lengths: Any) -> Any:
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(packed)
        return self.out(h[-1])


# Training


@torch.no_grad()
def evaluate(model: Any, loader: Any) -> float:
    """The mean squared error."""
    model.eval()
    total = 0.0
    for x, lengths, sums in loader:
        total += nn.functional.mse_loss(model(x, lengths), sums, reduction="sum").item()
    return total / len(loader.dataset)


def train(data: Any, epochs: int) -> Any:
    """The model with the least error on the rows that validate."""
    torch.manual_seed(0)
    rows, valid = [TensorDataset(*map(torch.tensor, part)) for part in (data.train, data.valid)]
    loader = DataLoader(rows, batch_size=100, shuffle=True)
    valid_loader = DataLoader(valid, batch_size=1000)
    model = Adder()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * len(loader))
    best, kept = float("inf"), None
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for x, lengths, sums in loader:
            loss = nn.functional.mse_loss(model(x, lengths), sums)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item() * len(x)
        error = evaluate(model, valid_loader)
        print(f"epoch {epoch + 1}: loss {total / len(rows):.4f}, validation {error:.4f}")
        if error < best:
            best, kept = error, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return model


# Command


def result(model: Any, data: Any) -> float:
    """The mean squared error on the test rows."""
    test = TensorDataset(*map(torch.tensor, data.test))
    return evaluate(model, DataLoader(test, batch_size=1000))


if __name__ == "__main__":
    run("sequence", train, result)
