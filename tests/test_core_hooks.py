"""What a layer above installs in the engine: who is told of what, and who of nothing."""

import contextlib
import contextvars
import re
import threading

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.core import hooks


class Listing(hooks.Observer):
    """An observer that lists what it is told, and changes nothing."""

    def __init__(self):
        self.told = []

    def made(self, node, known):
        self.told.append(node.plan.row.name if node.plan else "a variable")
        assert bool(known) == (node.plan is not None)

    def constant(self, row, args, kwargs, result):
        self.told.append(f"the constant {row.name}")
        return result

    def composing(self, row, definition):
        self.told.append(f"the definition of {row.name}")
        return super().composing(row, definition)

    def sweep(self, mode, recorded, carrier=None):
        self.told.append(f"a recorded {mode}" if recorded else mode)
        return Rules(self.told, mode)

    def total(self, leaf, before, part):
        self.told.append("a second gradient")
        return super().total(leaf, before, part)


class Rules:
    def __init__(self, told, mode):
        self.told, self.mode = told, mode

    def rules(self, node):
        self.told.append(f"{self.mode} of {node.plan.row.name}")
        return node.plan.vjps if self.mode == "vjp" else node.plan.jvps

    def sum(self, before, part, source=None):
        self.told.append("a sum")
        assert (source is None) == (self.mode == "jvp")
        return before + part


@contextlib.contextmanager
def observing(observer):
    token = object()
    hooks.observe(observer)
    hooks.opened.add(token)
    try:
        yield observer.told
    finally:
        hooks.opened.discard(token)
        hooks.observe(hooks.NOBODY)


class TestObserver:
    def test_calls_and_rules(self):
        with observing(Listing()) as told:
            x = tg.Tensor([1.0, 2.0])
            np.sum(np.exp(x) * x).backward()
        calls = ["a variable", "np.exp", "np.multiply", "np.sum"]
        rules = ["vjp", "vjp of np.sum", "vjp of np.multiply", "vjp of np.exp", "a sum"]
        assert told == [*calls, *rules]
        assert np.allclose(x.grad, np.exp(x.data) * (1 + x.data))

    def test_constants_definitions_and_what_is_added_to_a_gradient(self):
        x = tg.Tensor([1.0, -2.0])
        np.fliplr(x.reshape(1, 2)).sum().backward()
        with observing(Listing()) as told:
            np.sign(x)
            y = np.fliplr(x.reshape(1, 2))
            y.backward(np.ones((1, 2)))
        assert "the constant np.sign" in told
        assert "the definition of np.fliplr" in told
        assert told[-1] == "a second gradient"
        assert x.grad.tolist() == [2, 2]

    def test_forward_and_recorded_sweeps(self):
        with observing(Listing()) as told:
            tangent = tg.jvp(lambda x: x * x, [3.0], [1.0])[1]
            second = tg.hessian(lambda x: np.sum(x**3))(np.array([2.0]))
        assert "jvp of np.multiply" in told
        assert "a sum" in told
        assert tangent == 6
        assert second == 12

    def test_several_results(self):
        with observing(Listing()) as told:
            np.linalg.slogdet(tg.Tensor(np.eye(2)))
        assert told == ["a variable", "np.linalg.slogdet"]

    def test_another_thread_or_context_sees_nothing(self):
        listing = Listing()
        elsewhere = contextvars.copy_context()
        with observing(listing):
            thread = threading.Thread(target=lambda: tg.grad(np.exp)(1.0))
            thread.start()
            thread.join()
            elsewhere.run(lambda: tg.grad(np.exp)(1.0))
            assert listing.told == []
            tg.Tensor(1.0)
        assert listing.told == ["a variable"]

    def test_afterwards_nobody_is_told(self):
        listing = Listing()
        with observing(listing):
            pass
        tg.grad(np.exp)(1.0)
        assert listing.told == []
        assert hooks.observer() is hooks.NOBODY

    def test_debug_mode_ends_in_its_own_context(self):
        with tg.debug():
            assert hooks.observer() is not hooks.NOBODY
            with tg.strong_zeros():
                pass
            assert hooks.observer() is not hooks.NOBODY
        assert hooks.observer() is hooks.NOBODY
        assert not hooks.opened

    def test_one_that_does_nothing_changes_nothing(self):
        def f(x):
            return np.sum(tg.remat(np.sin)(x) * np.std(x))

        x = np.array([0.5, 1.0])
        expected = [tg.value_and_grad(f)(x), tg.hvp(f, [x], [x]), tg.jvp(f, [x], [x])]
        observer = hooks.Observer()
        observer.told = []
        with observing(observer):
            again = [tg.value_and_grad(f)(x), tg.hvp(f, [x], [x]), tg.jvp(f, [x], [x])]
        for one, other in zip(tg.tree.leaves(expected), tg.tree.leaves(again), strict=True):
            assert np.array_equal(one, other)


class Asked(hooks.Explainer):
    """One that notes what it is asked, and has a sentence for everything."""

    def __init__(self):
        self.asked = []

    def error(self, error, row, args, kwargs):
        self.asked.append((type(error), row.name, len(args), kwargs))
        raise ValueError("better") from None

    def argument(self, function, name, names):
        return f"no {name}, but {', '.join(names)}"

    def attribute(self, name):
        return f"no {name}"

    def lost(self, kind, key=None):
        return f"no {kind} {key}"

    def with_lines(self, error, operands):
        return ValueError(f"{error}, {sorted(operands)}")


class TestExplainer:
    @pytest.fixture
    def explainer(self, monkeypatch):
        monkeypatch.setattr(hooks, "explainer", Asked())
        return hooks.explainer

    @pytest.fixture
    def nothing(self, monkeypatch):
        monkeypatch.setattr(hooks, "explainer", hooks.Explainer())

    @pytest.mark.usefixtures("nothing")
    @pytest.mark.parametrize(
        ("call", "error", "told"),
        [
            (lambda t: t + np.ones(3), ValueError, r"broadcast together with shapes"),
            (lambda t: float(t), TypeError, r"^float\(t\) would lose the gradient"),
            (lambda t: np.asarray(t), TypeError, r"its gradient would be lost"),
            (lambda t: t.__setitem__(0, 1.0), TypeError, r"^a Tensor is never written into"),
            (lambda t: t.__iadd__(1.0), TypeError, r"^a Tensor is never written into"),
            (lambda t: t.foo, AttributeError, r"^a Tensor has no attribute 'foo'$"),
            (
                lambda t: np.exp(t, casting="no"),
                TypeError,
                "^np.exp: the argument 'casting': it is",
            ),
        ],
    )
    def test_without_one_the_core_speaks(self, call, error, told):
        with pytest.raises(error, match=told):
            call(tg.Tensor(np.ones(2)))

    def test_what_it_is_asked(self, explainer):
        x = tg.Tensor(np.ones(2))
        for call in (
            lambda: x + np.ones(3),
            lambda: np.exp(x, dtype="x"),
            lambda: x == np.ones(3),
        ):
            with pytest.raises(ValueError, match=r"^better$"):
                call()
        assert [name for _, name, _, _ in explainer.asked] == ["np.add", "np.exp", "np.equal"]
        assert explainer.asked[1][3] == {"dtype": "x"}
        assert np.exp(x).shape == (2,)  # where nothing fails it is not asked
        assert len(explainer.asked) == 3

    @pytest.mark.usefixtures("explainer")
    def test_its_sentences_are_raised(self):
        x = tg.Tensor(np.ones(2))
        with pytest.raises(ValueError, match=r"\['weights', 'x'\]$"):
            tg.dense(np.ones((2, 3)), np.ones((4, 5)))
        for call, told in (
            (lambda: float(x), "no float None"),
            (lambda: x.__setitem__(3, 1.0), "no []= 3"),
            (lambda: x.__imul__(2.0), "no *= None"),
            (
                lambda: tg.windows(np.ones((1, 2, 1)), foo=1),
                "no foo, but x, size, stride, dilation",
            ),
        ):
            with pytest.raises(TypeError, match=f"^{re.escape(told)}$"):
                call()
        with pytest.raises(AttributeError, match=r"^no foo$"):
            x.foo  # noqa: B018
