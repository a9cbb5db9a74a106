"""`examples/gpt.py` in PyTorch."""

import copy
import math
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from .twins import run

# Model

CONTEXT, WIDTH, HEADS, BLOCKS = 64, 64, 4, 2


class GPT(nn.Module):
    """A decoder-only transformer."""

    def __init__(self, letters: int) -> None:
        super().__init__()
        self.letters = nn.Embedding(letters, WIDTH)
        self.positions = nn.Embedding(CONTEXT, WIDTH)
        block = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 4 * WIDTH, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(
            block, BLOCKS, nn.LayerNorm(WIDTH), enable_nested_tensor=False
        )
        self.out = nn.Linear(WIDTH, letters)
        nn.init.normal_(self.letters.weight, std=0.02)
        nn.init.normal_(self.positions.weight, std=0.02)

    def forward(self, letters: Any) -> Any:
        time = letters.shape[1]
        x = self.letters(letters) + self.positions(torch.arange(time))
        mask = nn.Transformer.generate_square_subsequent_mask(time)
        return self.out(self.blocks(x, mask, is_causal=True))


# Training


@torch.no_grad()
def evaluate(model: Any, loader: Any) -> float:
    """Nats a letter."""
    model.eval()
    total = 0.0
    for letters, following in loader:
        logits = model(letters).flatten(0, 1)
        total += nn.functional.cross_entropy(logits, following.flatten()).item() * len(letters)
    return total / len(loader.dataset)


def train(data: Any, epochs: int) -> Any:
    """The model with the least loss on the text that validates."""
    torch.manual_seed(0)
    train_set, valid_set = [
        TensorDataset(*map(torch.tensor, part)) for part in (data.train, data.valid)
    ]
    loader = DataLoader(train_set, batch_size=32, shuffle=True)
    valid_loader = DataLoader(valid_set, batch_size=32)
    model = GPT(len(data.letters))
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    steps = epochs * len(loader)
    warm = steps // 10

    def share(step: int) -> float:
        if step < warm:
            return step / warm
        return (1 + math.cos(math.pi * (step - warm) / (steps - warm))) / 2

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, share)
    best, kept = float("inf"), None
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for letters, following in loader:
            logits = model(letters).flatten(0, 1)
            loss = nn.functional.cross_entropy(logits, following.flatten())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(letters)
        valid_loss = evaluate(model, valid_loader)
        print(f"epoch {epoch + 1}: loss {total / len(train_set):.4f}, validation {valid_loss:.4f}")
        if valid_loss < best:
            best, kept = valid_loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return model


# Command


def result(model: Any, data: Any) -> float:
    """Nats a letter on the text that validates."""
    return evaluate(model, DataLoader(TensorDataset(*map(torch.tensor, data.valid)), batch_size=32))


if __name__ == "__main__":
    run("gpt", train, result)
