"""With SCIPY_ARRAY_API in the environment: scipy.special's functions on Tensors, all rows of them.

`test_rules_special.py` runs it in a process of its own, since SciPy reads the variable when it is
imported. It prints a line for each function, with the number of derivatives that were compared.
"""

import inspect
import warnings

import numpy as np
import scipy.special

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.atlas.samples import samples_of
from tinygrad_np.core.table import REFUSED
from tinygrad_np.rules import families
from tinygrad_np.rules.special import special


def main():
    rows = [row for family in families() for row in family.ROWS]
    assert inspect.isfunction(scipy.special.expit), "the variable has had no effect"
    for row in rows:
        own = getattr(row.function, "__name__", "")
        if getattr(special, own, None) is not row.function or own.startswith("__"):
            continue  # NumPy's, or a kernel of ours
        name = own.removeprefix("_")
        public = getattr(scipy.special, name)
        if row.kind == "constant":
            x = np.array([0.4, 1.7])
            assert np.array_equal(public(Tensor(x)), row.function(x)), name
            continue
        print(name, sum(compared(public, row, sample) for sample in samples_of(row, 0)))
    refusals()


def compared(public, row, sample):
    """The derivatives of both orders by each choice of operands, through the public function."""
    operands = [i for i, x in enumerate(sample.args) if i in row.operands and type(x) is np.ndarray]
    count = 0
    for chosen in chosen_of(operands):
        values = [sample.args[i] for i in chosen]
        tensors = [Tensor(x) for x in values]
        assert type(called(public, sample, chosen)(*tensors)) is Tensor, row.name
        directions = [np.cos(np.arange(x.size).reshape(x.shape)) for x in values]
        is_complex = any(x.dtype.kind == "c" for x in values)
        for derivative in (first,) if is_complex else (first, second):
            ours, theirs = [
                derivative(called(of, sample, chosen), values, directions)
                for of in (public, row.function)
            ]
            for a, b in zip(ours, theirs, strict=True):
                assert type(a) is np.ndarray, row.name
                assert np.array_equal(a, b, equal_nan=True), f"{row.name}: {a} for {b}"
            count += 1
    return count


def chosen_of(operands):
    """Each operand alone, beside plain arrays, and all together."""
    alone = [(i,) for i in operands]
    return alone if len(alone) < 2 else [*alone, tuple(operands)]


def called(function, sample, chosen):
    """The sum of the function's results, by the operands that are chosen."""

    def of(*values):
        args = list(sample.args)
        for i, value in zip(chosen, values, strict=True):
            args[i] = value
        return np.sum(np.real(function(*args, **sample.kwargs)))

    return of


def first(f, values, directions):
    return tg.grad(f, tuple(range(len(values))))(*values)


def second(f, values, directions):
    return tg.hvp(f, values, directions)


def refusals():
    """What would lose the gradient raises, as without the variable."""
    t = Tensor(np.array([0.4, 1.7]))
    assert special.hyp0f1 in REFUSED
    for loses in (
        lambda: np.asarray(t),
        lambda: float(t[0]),
        lambda: scipy.special.binom(t, 1.0),
        lambda: scipy.special.hyp0f1(1.0, t),
        lambda: scipy.special.logsumexp(t),
        lambda: scipy.special.softmax(t),
    ):
        try:
            result = loses()
        except TypeError:
            continue
        assert type(result) is Tensor, f"a Tensor has become {result!r}"


if __name__ == "__main__":
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        main()
