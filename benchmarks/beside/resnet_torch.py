"""`examples/resnet.py` in PyTorch."""

import copy
import math
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from .twins import run

# Model


def convolution(inputs: int, filters: int, size: int = 3, stride: int = 1) -> Any:
    """A convolution without bias, normalised."""
    return nn.Sequential(
        nn.Conv2d(inputs, filters, size, stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(filters),
    )


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        self.first = convolution(inputs, filters, stride=stride)
        self.second = convolution(filters, filters)
        self.shortcut = nn.Identity()
        if stride > 1:
            self.shortcut = convolution(inputs, filters, 1, stride)

    def forward(self, x: Any) -> Any:
        y = self.second(torch.relu(self.first(x)))
        return torch.relu(y + self.shortcut(x))


def build(channels: int) -> Any:
    """A stem, three blocks, a dense layer."""
    model = nn.Sequential(
        convolution(channels, 16, stride=2),
        nn.ReLU(),
        Block(16, 16, 1),
        Block(16, 32, 2),
        Block(32, 64, 2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return model


# Training


def tensors(split: Any) -> Any:
    """Images with the channels before rows and columns."""
    images = torch.tensor(split.images).permute(0, 3, 1, 2).contiguous()
    return TensorDataset(images, torch.tensor(split.labels))


def varied(images: Any) -> Any:
    """Mirror images of some, and a crop at one place for all."""
    size = images.shape[-1]
    flipped = torch.rand(len(images)) < 0.5
    images[flipped] = images[flipped].flip(3)
    framed = nn.functional.pad(images, (2, 2, 2, 2))
    i, j = torch.randint(5, (2,)).tolist()
    return framed[:, :, i : i + size, j : j + size]


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
    train_set = tensors(data.train)
    loader = DataLoader(train_set, batch_size=64, shuffle=True)
    valid_loader = DataLoader(tensors(data.valid), batch_size=1000)
    model = build(data.train.images.shape[-1])
    optimiser = torch.optim.SGD(
        model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4
    )
    steps = epochs * len(loader)
    warm = steps // 10

    def share(step: int) -> float:
        if step < warm:
            return step / warm
        return (1 + math.cos(math.pi * (step - warm) / (steps - warm))) / 2

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, share)
    best, kept = -1.0, None
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for images, labels in loader:
            loss = nn.functional.cross_entropy(model(varied(images)), labels)
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
    return evaluate(model, DataLoader(tensors(data.test), batch_size=1000))[1]


if __name__ == "__main__":
    run("resnet", train, result)
