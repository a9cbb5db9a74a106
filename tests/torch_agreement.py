"""A function of ours beside PyTorch's: values, gradients and second derivatives to 1e-10.

`ours` takes arrays and `theirs` tensors of the same numbers in the same layout, so that what moves
the channels stands in `theirs`. `samples` are PyTorch's own sample inputs of a function.
"""

import warnings

import numpy as np
import pytest

import tinygrad_np as tg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def agree(found, expected, what):
    """The largest difference, relative to the largest number where that is above 1."""
    expected = expected.detach().numpy()
    assert found.shape == expected.shape, what
    assert found.dtype == expected.dtype, what
    scale = max(1, np.max(np.abs(expected), initial=0))
    assert np.max(np.abs(found - expected), initial=0) <= 1e-10 * scale, what


def compare(ours, theirs, *arrays, what, second_order=False):
    rng = np.random.default_rng(len(arrays))
    y, pull = tg.vjp(ours, *arrays)
    tensors = [torch.tensor(x, requires_grad=True) for x in arrays]
    expected = theirs(*tensors)
    agree(y, expected, what)
    u = rng.standard_normal(y.shape)
    by_theirs = torch.autograd.grad(expected, tensors, torch.tensor(u), create_graph=second_order)
    for found, wanted in zip(pull(u), by_theirs, strict=True):
        agree(found, wanted, what)
    if not second_order:
        return
    vs = [rng.standard_normal(x.shape) for x in arrays]

    def pulled(*arrays):
        by_ours = tg.vjp(ours, *arrays)[1](u)
        return sum([np.sum(by * v) for by, v in zip(by_ours, vs, strict=True)])

    total = sum([(by * torch.tensor(v)).sum() for by, v in zip(by_theirs, vs, strict=True)])
    found = tg.grad(pulled, tuple(range(len(arrays))))(*arrays)
    wanted = [None for _ in arrays]
    if total.requires_grad:  # which it does not of a linear function
        wanted = torch.autograd.grad(total, tensors, allow_unused=True)
    for second, theirs_of, x in zip(found, wanted, tensors, strict=True):
        agree(second, torch.zeros_like(x) if theirs_of is None else theirs_of, what)


def samples(name, variant=""):
    """[(input, args, kwargs)], with arrays in place of tensors, all that have numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what PyTorch's tests import
        from torch.testing._internal.common_methods_invocations import op_db

    [op] = [op for op in op_db if op.name == name and op.variant_test_name == variant]
    torch.manual_seed(0)

    def plain(x):
        return x.detach().numpy() if isinstance(x, torch.Tensor) else x

    return [
        (plain(s.input), [plain(a) for a in s.args], {k: plain(a) for k, a in s.kwargs.items()})
        for s in op.sample_inputs("cpu", torch.float64, requires_grad=True)
    ]
