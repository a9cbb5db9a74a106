"""`examples/mlp.py` in PyTorch."""

import copy
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from .twins import run

# Model


def build() -> Any:
    """784–256–128–10, with relu."""
    model = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 256),
        nn.ReLU(),
        nn.Linear(256, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return model


# Training


@torch.no_grad()
def evaluate(model: Any, loader: Any) -> tuple[float, float]:
    """Mean loss and accuracy."""
    model.eval()
    loss, hits = 0.0, 0
    for images, labels in loader:
        logits = model(images)
        loss += nn.functional.cross_entropy(logits, labels, reduction="sum").item()
        hits += (logits.argmax(1) == labels).sum().item()
    return loss / len(loader.dataset), hits / len(loader.dataset)


def train(data: Any, epochs: int) -> Any:
    """The model with the best accuracy on the validation images."""
    torch.manual_seed(0)
    train_set, valid_set = [
        TensorDataset(*map(torch.tensor, split)) for split in (data.train, data.valid)
    ]
    loader = DataLoader(train_set, batch_size=64, shuffle=True)
    valid_loader = DataLoader(valid_set, batch_size=1000)
    model = build()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * len(loader))
    best, kept = -1.0, None
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for images, labels in loader:
            loss = nn.functional.cross_entropy(model(images), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(images)
        valid_loss, accuracy = evaluate(model, valid_loader)
        print(
            f"epoch {epoch + 1}: loss {total / len(train_set):.4f}, "
            f"validation {valid_loss:.4f}, accuracy {accuracy:.4f}"
        )
        if accuracy > best:
            best, kept = accuracy, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return model


# Command


def result(model: Any, data: Any) -> float:
    """The accuracy on the test images."""
    test = TensorDataset(*map(torch.tensor, data.test))
    return evaluate(model, DataLoader(test, batch_size=1000))[1]


if __name__ == "__main__":
    run("mlp", train, result)
