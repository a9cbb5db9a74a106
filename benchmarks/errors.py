"""The command: ``python -m benchmarks.errors`` prints the errors of convolutions in float32.

For each geometry and path, the value and both gradients of `conv2d` against the same in float64,
relative to the largest value; beside them PyTorch's own, where it is installed.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

import tinygrad_np as tg

from .cases import GEOMETRIES


def main() -> None:
    """Measure and print."""
    has_torch = importlib.util.find_spec("torch") is not None
    print(f"{'(batch, size, in, out, filter, stride)':<40}{'path':<19}", end="")
    print("value, by images, by filters" + (9 * " " + "PyTorch's" if has_torch else ""))
    for geometry in GEOMETRIES:
        n, size, taken, out, k, stride = geometry
        rng = np.random.default_rng(0)
        x, w = rng.normal(size=(n, size, size, taken)), rng.normal(size=(k, k, taken, out))
        options = {"stride": stride, "padding": k // 2}
        u = rng.normal(size=tg.conv2d(x[:1], w, **options).shape[1:])
        u = np.broadcast_to(u, (n, *u.shape))
        single = [a.astype(np.float32) for a in (x, w, u)]
        exact = ours([a.astype(float) for a in single], options)
        found = tg.fast.explain(tg.conv2d, *single[:2], **options).forward
        path = next(choice.path for choice in found if choice.operation == "product")
        line = shown(ours(single, options), exact)
        line += "    " + shown(theirs(single, options), exact) if has_torch else ""
        print(f"{geometry!s:<40}{path:<19}{line}", flush=True)


def ours(given: list[Any], options: dict[str, int]) -> list[Any]:
    """The value and both gradients."""
    x, w, u = given
    y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, **options), x, w)
    return [y, *pull(u)]


def theirs(given: list[Any], options: dict[str, int]) -> list[Any]:
    """The same with PyTorch."""
    import torch

    x, w, u = given

    a = torch.tensor(x.transpose(0, 3, 1, 2)).requires_grad_()
    b = torch.tensor(w.transpose(3, 2, 0, 1)).requires_grad_()
    y = torch.nn.functional.conv2d(a, b, **options)
    y.backward(torch.tensor(u.transpose(0, 3, 1, 2)))
    assert a.grad is not None
    assert b.grad is not None
    nhwc = [t.detach().numpy().transpose(0, 2, 3, 1) for t in (y, a.grad)]
    return [*nhwc, b.grad.numpy().transpose(2, 3, 1, 0)]


def shown(found: list[Any], exact: list[Any]) -> str:
    """The three errors."""
    pairs = zip(found, exact, strict=True)
    return "  ".join([f"{np.max(np.abs(a - b)) / np.max(np.abs(b)):.1e}" for a, b in pairs])


if __name__ == "__main__":
    main()
