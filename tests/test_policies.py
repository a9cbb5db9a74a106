"""docs/policies.md, "Where PyTorch and JAX differ": each line of the table, in three libraries.

Ours is always tried, PyTorch's and JAX's where they are installed.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import tinygrad_np as tg

PAGE = (Path(__file__).parents[1] / "docs" / "policies.md").read_text(encoding="utf-8")
INF, NAN, EYE, Z = np.inf, np.nan, np.eye(2), np.zeros((2, 2))
RAISES = "raises"
HALVES, ONE_NONE, NONE_ONE = [0.5, 0.5], [1, 0], [0, 1]
NANS = [NAN, NAN]
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
AT_CONSTANT_RANK = np.array([[0.0048, -0.0144], [-0.0144, -0.0768]])

# (the beginning of the line, a name in the namespaces below, arguments, ours, PyTorch's, JAX's)
LINES = [
    ("`relu` at nan", "relu", [NAN], 1, 1, 0),
    ("`maximum` with a nan", "maximum", [NAN, 1.0], [1, 1], [1, 1], [0, 0]),
    ("`fmax`, `fmin`, a tie", "fmax", [1.0, 1.0], HALVES, ONE_NONE, NONE_ONE),
    ("`fmax`, `fmin`, a tie", "fmin", [1.0, 1.0], HALVES, ONE_NONE, NONE_ONE),
    ("`fmax(nan, nan)`", "fmax", [NAN, NAN], HALVES, ONE_NONE, ONE_NONE),
    ("`power(nan, 0.0)`", "power", [NAN, 0.0], [0, NAN], [0, NAN], NANS),
    ("`power(0.0, 0.0)`", "power", [0.0, 0.0], [0, 0], [0, 0], [NAN, 0]),
    ("`logaddexp(-inf, -inf)`", "logaddexp", [-INF, -INF], HALVES, NANS, NANS),
    ("`logaddexp(inf, inf)`", "logaddexp", [INF, INF], HALVES, NANS, [1, 1]),
    ("`logsumexp` and `logaddexp.reduce` of", "logsumexp", [[-INF] * 2], HALVES, NANS, NANS),
    ("`logsumexp([inf, 0])`", "logsumexp", [[INF, 0.0]], ONE_NONE, [NAN, 0], [NAN, 0]),
    ("`logsumexp` of shape (2, 0)", "of_nothing", [np.zeros((2, 0))], *[np.zeros((2, 0))] * 3),
    ("`softmax` of −∞", "softmax", [[-INF, -INF]], NANS, NANS, NANS),
    ("the mean loss", "log_loss", [np.zeros(0)], RAISES, np.zeros(0), None),
    ('`norm`, `ord="nuc"`, of a 2×2 matrix of zeros', "nuc", [Z], Z, EYE, EYE),
    ("the same, `ord=2` and `ord=-2`", "norm_2", [Z], Z, EYE / 2, EYE / 4),
    ("the same, `ord=2` and `ord=-2`", "norm_minus_2", [Z], Z, EYE / 2, EYE / 2),
    ('the same, `"fro"`', "fro", [Z], Z, Z, Z * NAN),
    ("the same, `ord` 1 or ∞", "norm_1", [Z], Z, Z, Z + 1 / 4),
    ("the same, `ord` 1 or ∞", "norm_inf", [Z], Z, Z, Z + 1 / 4),
    ('`norm`, `ord="nuc"`, of diag(1, 0)', "nuc", [np.diag([1.0, 0])], np.diag([1, 0]), EYE, EYE),
    (
        "`norm`, `ord=-2`, of diag(1, 0)", "norm_minus_2", [np.diag([1.0, 0])], Z,
        np.diag([0, 1]), np.diag([0, 1]),
    ),
    ("`pinv`, `lstsq`", "pinv", [SINGULAR], *[AT_CONSTANT_RANK] * 3),
    ("`sum(x, axis=-1)`", "sum_last", [1.5], 3, 3, RAISES),
    ("`cumsum(x, axis=0)`", "cumsum_first", [1.5], 1, 1, 1),
]  # fmt: skip

OURS = {
    **{name: getattr(np, name) for name in ("maximum", "fmax", "fmin", "power", "logaddexp")},
    **{name: getattr(tg, name) for name in ("relu", "softmax", "logsumexp")},
    "of_nothing": lambda x: tg.logsumexp(x, axis=1),
    "log_loss": lambda p: tg.log_loss(p, np.zeros(0)),
    "nuc": lambda x: np.linalg.norm(x, "nuc"),
    "norm_2": lambda x: np.linalg.norm(x, 2),
    "norm_minus_2": lambda x: np.linalg.norm(x, -2),
    "fro": lambda x: np.linalg.norm(x, "fro"),
    "norm_1": lambda x: np.linalg.norm(x, 1),
    "norm_inf": lambda x: np.linalg.norm(x, INF),
    "pinv": np.linalg.pinv,
    "sum_last": lambda x: np.sum(x * x, axis=-1),
    "cumsum_first": lambda x: np.cumsum(x, axis=0),
}


def of_torch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    norm = torch.linalg.matrix_norm
    functions = {
        **{
            name: getattr(torch, name)
            for name in ("relu", "maximum", "fmax", "fmin", "logaddexp")
        },
        "power": torch.pow,
        "softmax": lambda x: torch.softmax(x, 0),
        "logsumexp": lambda x: torch.logsumexp(x, 0),
        "of_nothing": lambda x: torch.logsumexp(x, 1),
        "log_loss": lambda p: torch.nn.functional.binary_cross_entropy(p, torch.zeros_like(p)),
        "nuc": lambda x: norm(x, "nuc"),
        "norm_2": lambda x: norm(x, 2),
        "norm_minus_2": lambda x: norm(x, -2),
        "fro": lambda x: norm(x, "fro"),
        "norm_1": lambda x: norm(x, 1),
        "norm_inf": lambda x: norm(x, INF),
        "pinv": torch.linalg.pinv,
        "sum_last": lambda x: torch.sum(x * x, -1),
        "cumsum_first": lambda x: torch.cumsum(x, 0),
    }  # fmt: skip

    def gradients(name, args):
        tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in args]
        functions[name](*tensors).sum().backward()
        return [x.grad.numpy() for x in tensors]

    return gradients


def of_jax():
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    jax.config.update("jax_enable_x64", True)
    numpy = jax.numpy
    functions = {
        **{
            name: getattr(numpy, name) for name in ("maximum", "fmax", "fmin", "power", "logaddexp")
        },
        **{name: getattr(jax.nn, name) for name in ("relu", "softmax", "logsumexp")},
        "of_nothing": lambda x: jax.nn.logsumexp(x, 1),
        "nuc": lambda x: numpy.linalg.norm(x, "nuc"),
        "norm_2": lambda x: numpy.linalg.norm(x, 2),
        "norm_minus_2": lambda x: numpy.linalg.norm(x, -2),
        "fro": lambda x: numpy.linalg.norm(x, "fro"),
        "norm_1": lambda x: numpy.linalg.norm(x, 1),
        "norm_inf": lambda x: numpy.linalg.norm(x, INF),
        "pinv": numpy.linalg.pinv,
        "sum_last": lambda x: numpy.sum(x * x, -1),
        "cumsum_first": lambda x: numpy.cumsum(x, 0),
    }

    def gradients(name, args):
        args = [numpy.asarray(x) for x in args]
        total = lambda *args: functions[name](*args).sum()  # noqa: E731
        return [np.asarray(g) for g in jax.grad(total, tuple(range(len(args))))(*args)]

    return gradients


def of_ours():
    def gradients(name, args):
        args = [np.array(x) for x in args]
        with np.errstate(all="ignore"):
            total = lambda *args: np.sum(OURS[name](*args))  # noqa: E731
            return list(tg.grad(total, tuple(range(len(args))))(*args))

    return gradients


def check(gradients, name, args, expected):
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=r"\w"):
            gradients(name, args)
        return
    found = gradients(name, args)
    found = found[0] if len(found) == 1 else found
    assert np.shape(found) == np.shape(expected)
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-9, equal_nan=True), found


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line[1]}{line[2]}")
class TestDifferences:
    def test_ours(self, line):
        told, name, args, ours, _, _ = line
        assert f"\n| {told}" in PAGE
        check(of_ours(), name, args, ours)

    @pytest.mark.torch
    def test_pytorch(self, line):
        check(of_torch(), line[1], line[2], line[4])

    @pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed")
    def test_jax(self, line):
        if line[5] is not None:
            check(of_jax(), line[1], line[2], line[5])


def test_every_line_is_tried():
    table = PAGE.split("## Where PyTorch and JAX differ")[1].split("\n\n")[2]
    lines = table.splitlines()[2:]
    assert len(lines) > 15
    for line in lines:
        assert any(line.startswith(f"| {told}") for told, *_ in LINES), line
