"""`fit`: what a run gives, where it ends, how it goes on, what it refuses."""

import _thread
import functools
import gc
import signal
import threading
import weakref
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.training import Checkpoint, fit

RNG = np.random.default_rng(7)
X = RNG.normal(size=(40, 3))
Y = X @ [1.0, -2.0, 0.5] + 0.1 * RNG.normal(size=40)
START = np.zeros(3)
quiet = functools.partial(fit, progress=False)
momentum = functools.partial(tg.optim.sgd, momentum=0.9)


def loss(w, x, y):
    return np.mean((x @ w - y) ** 2)


def by_hand(epochs, batch_size, rate, seed=0):
    """Gradient descent with the derivative by hand, in the order that the generator gives."""
    rng, w, losses = np.random.default_rng(seed), START, []
    for _ in range(epochs):
        order, total = rng.permutation(len(X)), 0.0
        for i in range(0, len(X), batch_size):
            x, y = X[order[i : i + batch_size]], Y[order[i : i + batch_size]]
            total += np.sum((x @ w - y) ** 2)
            w = w - rate * 2 * x.T @ (x @ w - y) / len(y)
        losses.append(total / len(X))
    return w, losses


class TestARun:
    @pytest.mark.parametrize("jit", [False, True])
    def test_it_is_gradient_descent_over_shuffled_batches(self, jit):
        found = quiet(
            loss, START, (X, Y), tg.optim.sgd, rate=0.05, epochs=3, batch_size=16, jit=jit
        )
        w, losses = by_hand(3, 16, 0.05)
        np.testing.assert_allclose(found.params, w, rtol=1e-12)
        np.testing.assert_allclose(found.history["loss"], losses, rtol=1e-12)
        assert list(found.history["step"]) == [3, 6, 9]
        assert found.stopped == "epochs"
        assert found.state is None

    def test_jit_changes_no_bit(self):
        runs = [
            quiet(loss, START, (X, Y), momentum, rate=0.02, epochs=4, batch_size=16, jit=jit)
            for jit in (False, True)
        ]
        assert runs[0].params.tobytes() == runs[1].params.tobytes()

    def test_the_callers_arrays_stay_as_they_were(self):
        start, x = np.zeros(3), X.copy()
        quiet(loss, start, (x, Y), tg.optim.sgd, rate=0.1, epochs=2)
        assert not start.any()
        np.testing.assert_array_equal(x, X)

    def test_rates_are_those_of_the_schedule(self):
        seen = []

        def schedule(step):
            seen.append(step)
            return 0.1 / (1 + step)

        found = quiet(loss, START, (X, Y), tg.optim.sgd, rate=schedule, epochs=2, batch_size=20)
        assert sorted(set(seen)) == [0, 1, 2, 3]
        np.testing.assert_allclose(found.history["rate"], [0.1 / 2, 0.1 / 4])

    def test_float32_stays_float32(self):
        data = X.astype(np.float32), Y.astype(np.float32)
        found = quiet(
            loss, START.astype(np.float32), data, momentum, rate=lambda step: np.float64(0.01)
        )
        assert found.params.dtype == np.float32

    def test_a_batch_that_is_no_tuple_is_one_argument(self):
        def of_dict(w, batch):
            return loss(w, batch["x"], batch["y"])

        given = {"rate": 0.05, "epochs": 2, "batch_size": 16}
        found = quiet(of_dict, START, {"x": X, "y": Y}, tg.optim.sgd, **given)
        np.testing.assert_allclose(found.params, by_hand(2, 16, 0.05)[0], rtol=1e-12)

    def test_an_iterable_gives_the_batches_of_each_epoch(self):
        given = {"rate": 0.05, "epochs": 2}
        batches = tg.data.minibatches(np.random.default_rng(0), (X, Y), 16)
        found = quiet(loss, START, batches, tg.optim.sgd, **given)
        np.testing.assert_allclose(found.params, by_hand(2, 16, 0.05)[0], rtol=1e-12)
        listed = quiet(loss, START, [(X, Y)], tg.optim.sgd, **given)
        np.testing.assert_allclose(listed.params, by_hand(2, 40, 0.05)[0], rtol=1e-12)

    def test_lines_are_printed_as_they_come(self, capsys):
        found = fit(loss, START, (X, Y), tg.optim.sgd, rate=0.1, epochs=2)
        assert capsys.readouterr().out == str(found.history) + "\n"

    def test_what_jit_does_not_take_goes_on_without_it(self):
        def refused(w, x, y):
            return np.mean((np.asarray(x) @ w - y) ** 2)

        with pytest.warns(UserWarning, match="goes on without jit") as warned:
            found = quiet(refused, START, (X, Y), tg.optim.sgd, rate=0.05, epochs=2, batch_size=20)
        assert [each.filename for each in warned] == [__file__]
        np.testing.assert_allclose(found.params, by_hand(2, 20, 0.05)[0], rtol=1e-12)

    def test_what_python_holds_is_found_and_jit_left(self):
        """A loss that counts its calls is not replayed wrongly in silence."""
        calls = []

        def counting(w, x, y):
            calls.append(0)
            return loss(w, x, y) * (1 + 0.001 * len(calls))

        with pytest.warns(UserWarning, match="goes on without jit"):
            quiet(counting, START, (X, Y), tg.optim.sgd, rate=0.01, epochs=3, batch_size=20)

    def test_the_average_of_the_weights_is_given(self):
        given = {"rate": 0.05, "epochs": 1, "batch_size": 20, "jit": False}
        path = [START]
        for epochs in (1, 2):
            rng = np.random.default_rng(0)
            path.append(
                quiet(
                    loss, START, [(X, Y)] * epochs, tg.optim.sgd, rng=rng, rate=0.05, epochs=1
                ).params
            )
        found = quiet(loss, START, [(X, Y)] * 2, tg.optim.sgd, average=0.75, **given)
        # The average begins at the first parameters that it is given.
        np.testing.assert_allclose(found.params, 0.75 * path[1] + 0.25 * path[2], rtol=1e-12)


class TestValidation:
    def test_the_best_parameters_are_kept(self):
        """A rate that makes the loss grow: the first epoch was the best."""
        found = quiet(loss, START, (X, Y), tg.optim.sgd, rate=1.5, epochs=4, batch_size=40,
                      validation=(X, Y))  # fmt: skip
        losses = found.history["validation loss"]
        best = int(np.argmin(losses))
        np.testing.assert_allclose(float(loss(found.params, X, Y)), losses[best], rtol=1e-12)
        assert losses[best] < losses[-1]

    def test_figures_are_means_over_rows(self):
        def evaluate(w, x, y):
            return {"loss": loss(w, x, y), "hits": np.mean(np.abs(x @ w - y) < 1)}

        found = quiet(loss, START, (X, Y), tg.optim.sgd, rate=0.05, epochs=1, batch_size=16,
                      validation=(X, Y), evaluate=evaluate)  # fmt: skip
        expected = float(np.mean(np.abs(X @ found.params - Y) < 1))
        assert found.history["validation hits"] == pytest.approx([expected], rel=1e-12)

    def test_a_figure_that_is_no_number_is_never_the_best(self):
        figures = iter([0.0, np.nan, 3.0, 1.0, 2.0])  # the first is of the trial before step 0
        given = {"validation": [(X, Y)], "evaluate": lambda w, x, y: next(figures)}
        found = quiet(
            loss, START, (X, Y), tg.optim.sgd, rate=0.05, epochs=4, batch_size=40, **given
        )
        np.testing.assert_allclose(found.params, by_hand(3, 40, 0.05)[0], rtol=1e-12)

    def test_patience_ends_a_run_without_any_number(self):
        given = {"validation": [(X, Y)], "evaluate": lambda w, x, y: np.nan, "patience": 2}
        found = quiet(
            loss, START, (X, Y), tg.optim.sgd, rate=0.05, epochs=9, batch_size=40, **given
        )
        assert (found.stopped, len(found.history)) == ("patience", 2)
        np.testing.assert_allclose(found.params, by_hand(2, 40, 0.05)[0], rtol=1e-12)

    def test_patience_ends_the_run(self):
        found = quiet(loss, START, (X, Y), tg.optim.sgd, rate=1.5, epochs=50, batch_size=40,
                      validation=(X, Y), patience=3)  # fmt: skip
        assert found.stopped == "patience"
        assert len(found.history) == int(np.argmin(found.history["validation loss"])) + 1 + 3

    def test_the_largest_figure_may_be_the_best(self):
        figures = iter([1.0, 0.1, 0.9, 0.3])  # the first is of the trial before step 0
        found = quiet(loss, START, (X, Y), tg.optim.sgd, rate=0.05, epochs=3, batch_size=40,
                      validation=(X, Y), evaluate=lambda w, x, y: {"accuracy": next(figures)},
                      monitor="accuracy", mode="max")  # fmt: skip
        np.testing.assert_allclose(found.params, by_hand(2, 40, 0.05)[0], rtol=1e-12)

    def test_the_validation_takes_nothing_from_the_generator(self):
        rngs = [np.random.default_rng(3), np.random.default_rng(3)]
        quiet(loss, START, (X, Y), rng=rngs[0], epochs=2)
        quiet(loss, START, (X, Y), rng=rngs[1], epochs=2, validation=(X, Y))
        assert rngs[0].random() == rngs[1].random()


def hits(w, x, y):
    return {"hits": np.mean(np.abs(x @ w - y) < 1)}


class TestNothingToMonitor:
    """`evaluate` gives other figures than the one that is monitored."""

    given: ClassVar = {"loss": loss, "params": START, "train": (X, Y), "epochs": 2, "batch_size": 8}
    told = (
        "fit: evaluate gives no 'loss' to monitor, but 'hits'; give monitor='hits' and mode='max' "
        "or 'min', or return a 'loss', too"
    )

    @pytest.mark.parametrize("validation", [(X, Y), [(X, Y)]], ids=["arrays", "batches"])
    def test_it_is_told_before_the_first_step(self, validation, tmp_path):
        steps: list[int] = []
        given = self.given | {
            "validation": validation, "evaluate": hits, "checkpoint": tmp_path, "every": 1,
            "rate": lambda step: steps.append(step) or 0.1,
        }  # fmt: skip
        with pytest.raises(ValueError, match=f"^{self.told}$"):
            quiet(**given)
        assert (steps, list(tmp_path.iterdir())) == ([], [])

    def test_nothing_at_all(self):
        with pytest.raises(ValueError, match=r"monitor, but nothing; return a 'loss'$"):
            quiet(**self.given, validation=(X, Y), evaluate=lambda w, x, y: {})

    def test_where_it_is_known_later_the_checkpoint_goes_on_with_what_is_right(self, tmp_path):
        """An iterable that draws its batches is not asked for one more."""

        class Drawn:
            def __iter__(self):
                yield X, Y

            def __getitem__(self, which):
                return [(X, Y)]

        steps: list[int] = []
        given = self.given | {"validation": Drawn(), "evaluate": hits, "every": 1}
        with pytest.raises(ValueError, match=f"^{self.told}$"):
            quiet(**given, checkpoint=tmp_path, rate=lambda step: steps.append(step) or 1e-3)
        assert len(steps) == 5  # the whole epoch
        right = {"monitor": "hits", "mode": "max"}
        found = quiet(**given, **right, checkpoint=tmp_path)
        whole = quiet(**given, **right)
        assert found.params.tobytes() == whole.params.tobytes()
        assert found.history.columns == whole.history.columns
        with pytest.raises(ValueError, match="has a run with monitor='hits', not 'loss'"):
            quiet(**given, checkpoint=tmp_path)

    def test_a_state_that_the_first_step_fills(self):
        def counted(w, state, x, y):
            return loss(w, x, y), {"mean": np.mean(x)}

        def evaluate(w, state, x, y):
            return loss(w, x, y) + 0 * state["mean"]

        found = quiet(**self.given | {"loss": counted}, state={"mean": None},
                      validation=(X, Y), evaluate=evaluate)  # fmt: skip
        assert len(found.history) == 2

    def test_the_trial_takes_nothing_from_the_generator_of_the_state(self):
        def evaluate(w, state, x, y):
            state["rng"].random()
            return loss(w, x, y)

        given = self.given | {"loss": noisy, "epochs": 1}
        states = fresh(), fresh()
        quiet(**given, state=states[0])
        quiet(**given, state=states[1], validation=[(X, Y)], evaluate=evaluate)
        states[0]["rng"].random()  # that of the validation
        assert states[0]["rng"].random() == states[1]["rng"].random()

    def test_a_run_that_goes_on_is_not_tried(self, tmp_path):
        calls: list[int] = []

        def evaluate(w, x, y):
            calls.append(len(x))
            return loss(w, x, y)

        given = self.given | {"validation": [(X, Y)], "evaluate": evaluate, "checkpoint": tmp_path}
        quiet(**given)
        assert len(calls) == 3
        quiet(**given | {"epochs": 3})
        assert len(calls) == 4


def noisy(w, state, x, y):
    """A loss with dropout and a running mean."""
    kept = tg.dropout(x, 0.25, state["rng"])
    mean = 0.9 * state["mean"] + 0.1 * np.mean(x, 0)
    return np.mean((kept @ w - y) ** 2), {"mean": mean, "rng": state["rng"]}


def fresh():
    return {"mean": np.zeros(3), "rng": np.random.default_rng(5)}


class TestState:
    def test_statistics_and_generators_go_from_step_to_step(self):
        states = [fresh(), fresh()]
        found = [
            quiet(
                noisy,
                START,
                (X, Y),
                momentum,
                rate=0.02,
                epochs=3,
                batch_size=16,
                jit=jit,
                state=state,
            )
            for jit, state in zip((False, True), states, strict=True)
        ]
        assert found[0].params.tobytes() == found[1].params.tobytes()
        assert found[0].state["mean"].tobytes() == found[1].state["mean"].tobytes()
        draws = [one.state["rng"].random() for one in found]
        assert draws[0] == draws[1]
        rng = np.random.default_rng(5)
        rng.random((3 * 40, 3))
        assert draws[0] == rng.random()

    def test_a_loss_that_returns_no_pair_is_told(self):
        with pytest.raises(TypeError, match=r"returns \(loss, new state\), not"):
            quiet(lambda w, s, x, y: loss(w, x, y), START, (X, Y), state=fresh())

    def test_a_validation_needs_a_function_of_its_own(self):
        with pytest.raises(ValueError, match="give evaluate"):
            quiet(noisy, START, (X, Y), state=fresh(), validation=(X, Y))


class TestGenerators:
    def test_in_another_order_or_twice(self):
        first, second = np.random.default_rng(1), np.random.default_rng(2)
        state = (first, second)
        found = quiet(lambda w, s, x, y: (loss(w, x, y), (s[1], s[0])), START, (X, Y), epochs=1,
                      batch_size=40, state=state)  # fmt: skip
        assert found.state[0] is second
        assert found.state[1] is first

    @pytest.mark.parametrize(
        "new", [lambda s: {"n": s["n"].spawn(1)[0]}, lambda s: {"n": np.random.default_rng(1)}]
    )
    def test_one_that_was_not_given_is_refused(self, new):
        with pytest.raises(ValueError, match="a generator in its state that it was not given"):
            quiet(lambda w, s, x, y: (loss(w, x, y), new(s)), START, (X, Y),
                  state={"n": np.random.default_rng(0)})  # fmt: skip


class Params(NamedTuple):
    w: Any
    b: Any


def affine(params, state, x, y):
    kept = tg.dropout(x, 0.25, state["rng"])
    return np.mean((kept @ params.w + params.b - y) ** 2), state


class TestGoingOn:
    def test_a_run_that_was_cut_short_goes_on_to_the_same_bits(self, tmp_path):
        """Also in the middle of an epoch, and with parameters in a named tuple."""
        start = Params(np.zeros(3), np.zeros(()))
        given = {
            "rate": lambda step: 0.02 / (1 + step), "batch_size": 8, "validation": (X, Y),
            "evaluate": lambda p, s, x, y: np.mean((x @ p.w + p.b - y) ** 2), "average": 0.9,
        }  # fmt: skip
        state = {"rng": np.random.default_rng(1)}
        whole = quiet(affine, start, (X, Y), momentum, epochs=4, state=state, **given)

        class EnoughError(Exception):
            pass

        for last in (3, 7, 8, 13, 15):

            def until(params, state, x, y, counted=[0], last=last):  # noqa: B006
                counted[0] += 1
                if counted[0] > last:
                    raise EnoughError
                return affine(params, state, x, y)

            folder = tmp_path / str(last)
            for function, epochs in ((until, 4), (affine, 4)):
                try:
                    found = quiet(
                        function, start, (X, Y), momentum, epochs=epochs, jit=False, every=1,
                        checkpoint=folder, state={"rng": np.random.default_rng(1)}, **given,
                    )  # fmt: skip
                except EnoughError:
                    continue
            assert type(found.params) is Params
            for a, b in zip(found.params, whole.params, strict=True):
                assert a.tobytes() == b.tobytes(), last
            assert [{**row, "seconds": 0} for row in found.history.rows] == [
                {**row, "seconds": 0} for row in whole.history.rows
            ]

    def test_generators_of_a_transform_go_on_too(self, tmp_path):
        def run(epochs, folder):
            order, drawn = np.random.default_rng(2), np.random.default_rng(3)

            def noise(batch):
                return batch[0] + 0.1 * drawn.normal(size=batch[0].shape), batch[1]

            batches = tg.data.prefetch(tg.data.minibatches(order, (X, Y), 8), transform=noise)
            return quiet(loss, START, batches, momentum, rate=0.02, epochs=epochs,
                         rng=(order, drawn), checkpoint=folder, every=1)  # fmt: skip

        whole = run(3, None)
        run(1, tmp_path)
        Checkpoint(tmp_path)._path(5).unlink()  # killed after the fourth of five steps
        assert run(3, tmp_path).params.tobytes() == whole.params.tobytes()

    def test_more_epochs_go_on_from_the_end(self, tmp_path):
        given = {"rate": 0.05, "batch_size": 16}
        first = quiet(loss, START, (X, Y), momentum, epochs=2, checkpoint=tmp_path, **given)
        more = quiet(loss, START, (X, Y), momentum, epochs=3, checkpoint=tmp_path, **given)
        whole = quiet(loss, START, (X, Y), momentum, epochs=3, **given)
        assert more.params.tobytes() == whole.params.tobytes()
        assert first.history.rows == more.history.rows[:2]
        again = quiet(loss, START, (X, Y), momentum, epochs=3, checkpoint=tmp_path, **given)
        assert again.params.tobytes() == whole.params.tobytes()

    def test_another_runs_folder_is_refused(self, tmp_path):
        quiet(loss, START, (X, Y), epochs=1, checkpoint=tmp_path)
        with pytest.raises(ValueError, match="other parameters, the first at params"):
            quiet(loss, np.zeros((3, 1)), (X, Y[:, None]), epochs=1, checkpoint=tmp_path)
        with pytest.raises(ValueError, match="another rng"):
            quiet(loss, START, (X, Y), epochs=1, checkpoint=tmp_path,
                  rng=np.random.Generator(np.random.MT19937(0)))  # fmt: skip
        Checkpoint(tmp_path / "else").save(1, {"w": 1})
        with pytest.raises(ValueError, match="no run of fit"):
            quiet(loss, START, (X, Y), epochs=1, checkpoint=tmp_path / "else")

    def test_a_state_comes_back_by_its_keys(self, tmp_path):
        def turning(w, state, x, y):
            more = np.sum(state["a"]) * np.sum(w)
            return loss(w, x, y) + more, {"b": state["b"] + 1.0, "a": state["a"] * 0.9}

        def run(epochs, folder):
            state = {"a": np.ones(1), "b": np.full(1, 100.0)}
            return quiet(turning, START, (X, Y), tg.optim.sgd, rate=0.01, epochs=epochs,
                         state=state, checkpoint=folder)  # fmt: skip

        whole = run(3, None)
        run(1, tmp_path)
        again = run(3, tmp_path)
        assert again.params.tobytes() == whole.params.tobytes()
        assert again.state == whole.state

    def test_a_named_tuple_whose_parts_come_later(self, tmp_path):
        class Carried(NamedTuple):
            mean: Any
            rng: Any

        def carrying(w, state, x, y):
            mean = np.mean(x, 0) if state.mean is None else 0.5 * state.mean + 0.5 * np.mean(x, 0)
            kept = tg.dropout(x, 0.25, state.rng)
            return np.mean((kept @ w - y) ** 2), Carried(tg.stop_gradient(mean), state.rng)

        def run(epochs, folder):
            state = Carried(None, np.random.default_rng(1))
            return quiet(carrying, START, (X, Y), momentum, rate=0.01, epochs=epochs, state=state,
                         checkpoint=folder)  # fmt: skip

        whole = run(3, None)
        run(1, tmp_path)
        again = run(3, tmp_path)
        assert type(again.state) is Carried
        assert again.params.tobytes() == whole.params.tobytes()
        assert again.state.mean.tobytes() == whole.state.mean.tobytes()

    def test_a_container_that_no_file_knows_is_refused(self, tmp_path):
        class Own(NamedTuple):
            m: Any

        def own(params, grads, state, *, rate):
            m = grads if state is None else 0.9 * state.m + grads
            return params - rate * m, Own(m)

        with pytest.raises(TypeError, match="which the run did not begin with"):
            quiet(loss, START, (X, Y), own, rate=0.01, checkpoint=tmp_path)
        assert Checkpoint(tmp_path).steps() == []

    def test_a_wrapped_optimiser_keeps_trees_like_the_parameters(self, tmp_path):
        def wrapped(params, grads, state, *, rate):
            inner = None if state is None else state["inner"]
            params, inner = tg.optim.adam(params, grads, inner, rate=rate)
            return params, {"inner": inner}

        def of(params, x, y):
            return np.mean((x @ params.w + params.b - y) ** 2)

        def run(epochs, folder):
            start = Params(np.zeros(3), np.zeros(()))
            return quiet(of, start, (X, Y), wrapped, rate=0.01, epochs=epochs, checkpoint=folder)

        whole = run(3, None)
        run(1, tmp_path)
        assert run(3, tmp_path).params.w.tobytes() == whole.params.w.tobytes()

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"batch_size": 16}, "batches=5, not 3"),
            ({"optimiser": tg.optim.adam}, "optimiser='sgd', not 'adam'"),
            ({"average": 0.9}, "average=None, not 0.9"),
            ({"evaluate": hits, "monitor": "hits", "mode": "max"}, "monitor='loss', not 'hits'"),
            ({"mode": "max"}, "mode='min', not 'max'"),
        ],
    )
    def test_other_arguments_are_refused(self, changed, told, tmp_path):
        given = {
            "loss": loss, "params": START, "train": (X, Y), "optimiser": tg.optim.sgd,
            "batch_size": 8, "epochs": 1, "validation": (X, Y), "checkpoint": tmp_path,
        }  # fmt: skip
        quiet(**given)
        with pytest.raises(ValueError, match=f"has a run with {told}"):
            quiet(**given | changed)

    def test_a_validation_that_comes_later_has_a_column(self, tmp_path):
        quiet(loss, START, (X, Y), momentum, rate=0.01, epochs=1, checkpoint=tmp_path)
        with pytest.raises(ValueError, match="monitor=None, not 'loss'"):
            quiet(loss, START, (X, Y), momentum, epochs=2, checkpoint=tmp_path, validation=(X, Y))


class TestWhatJitHolds:
    def test_a_number_that_changes_later_is_found(self):
        class Model:
            epoch = 0

        def scaled(w, x, y):
            return loss(w, x, y) * (1.0 if Model.epoch < 3 else 0.5)

        def counted(w, x, y):
            Model.epoch += 1
            return 0.0

        with pytest.raises(ValueError, match=r"by step \d+ .* it holds has changed"):
            quiet(scaled, START, (X, Y), tg.optim.sgd, rate=0.01, epochs=10, batch_size=8,
                  validation=[(X, Y)], evaluate=counted)  # fmt: skip

    @pytest.mark.parametrize("error", [KeyError, AssertionError, RuntimeError])
    def test_whatever_a_trace_raises(self, error):
        def only_arrays(w, x, y):
            if not isinstance(x, np.ndarray):
                raise error
            return loss(w, x, y)

        with pytest.warns(UserWarning, match="goes on without jit"):
            found = quiet(only_arrays, START, (X, Y), tg.optim.sgd, rate=0.05, epochs=2)
        np.testing.assert_allclose(found.params, by_hand(2, 32, 0.05)[0], rtol=1e-12)

    @pytest.mark.parametrize(("batch_size", "most"), [(20, 8), (32, 14)])
    def test_the_larger_batches_are_replayed(self, batch_size, most):
        """Of 40 rows: two batches of 20, or one of 32 and one of 8, which runs as it is."""
        calls = []

        def counted(w, x, y):
            calls.append(len(x))
            return loss(w, x, y)

        quiet(counted, START, (X, Y), tg.optim.sgd, rate=0.01, epochs=4, batch_size=batch_size)
        assert len(calls) <= most
        assert calls.count(8) == (4 if batch_size == 32 else 0)

    def test_arrays_from_outside_are_constants(self, recwarn):
        scale = np.array([1.0, 2.0, 3.0])

        def scaled(w, x, y):
            return loss(w * scale, x, y)

        quiet(scaled, START, (X, Y), tg.optim.sgd, rate=0.01, epochs=2, constants=scale)
        assert not recwarn.list

    def test_nothing_is_held_afterwards(self):
        x = X.copy()
        gone = weakref.ref(x)
        gc.disable()
        try:
            quiet(loss, START, (x, Y.copy()), tg.optim.adam, epochs=3)
            del x
            assert gone() is None
        finally:
            gc.enable()


class TestIterables:
    def test_without_a_length(self):
        class Stream:
            def __iter__(self):
                return iter([(X, Y)])

        for batches in (Stream(), tg.data.prefetch(Stream())):
            found = fit(loss, START, batches, tg.optim.sgd, rate=0.05, epochs=2, progress=True)
            np.testing.assert_allclose(found.params, by_hand(2, 40, 0.05)[0], rtol=1e-12)

    def test_the_thread_of_a_run_that_raises_is_gone(self):
        def broken(w, x, y):
            raise ZeroDivisionError

        before = threading.active_count()
        with pytest.raises(ZeroDivisionError) as held:
            quiet(broken, START, tg.data.prefetch([(X, Y)] * 9))
        assert threading.active_count() == before
        del held

    def test_a_schedule_is_asked_once_a_step(self):
        asked = []

        def schedule(step):
            asked.append(step)
            return 0.01

        quiet(loss, START, (X, Y), tg.optim.sgd, rate=schedule, epochs=2, batch_size=20)
        assert asked == [0, 1, 2, 3]


class TestInterrupts:
    @pytest.fixture(autouse=True)
    def usual_handler(self):
        """Also where the tests run in the background, and begin with the signal ignored."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
        signal.signal(signal.SIGINT, before)

    def test_ctrl_c_ends_after_the_step_with_what_there_is(self, tmp_path):
        seen = []

        def pressed(w, x, y):
            seen.append(0)
            if len(seen) == 4:
                _thread.interrupt_main()
            return loss(w, x, y)

        before = signal.getsignal(signal.SIGINT)
        given = {"rate": 0.05, "batch_size": 16, "jit": False}
        found = quiet(pressed, START, (X, Y), momentum, epochs=3, checkpoint=tmp_path, **given)
        assert found.stopped == "interrupted"
        assert signal.getsignal(signal.SIGINT) is before
        assert len(found.history) == 1
        assert Checkpoint(tmp_path).steps()[-1] == 4
        more = quiet(loss, START, (X, Y), momentum, epochs=3, checkpoint=tmp_path, **given)
        whole = quiet(loss, START, (X, Y), momentum, epochs=3, **given)
        assert more.params.tobytes() == whole.params.tobytes()

    def test_at_the_last_step_of_an_epoch(self, tmp_path):
        seen = []

        def pressed(w, x, y):
            seen.append(0)
            if len(seen) == 3:
                _thread.interrupt_main()
            return loss(w, x, y)

        given = {"rate": 0.05, "batch_size": 16, "jit": False}
        found = quiet(pressed, START, (X, Y), momentum, epochs=2, checkpoint=tmp_path, **given)
        assert (found.stopped, len(found.history)) == ("interrupted", 0)
        more = quiet(loss, START, (X, Y), momentum, epochs=2, checkpoint=tmp_path, **given)
        whole = quiet(loss, START, (X, Y), momentum, epochs=2, **given)
        assert more.params.tobytes() == whole.params.tobytes()
        assert len(more.history) == 2

    def test_a_signal_that_is_ignored_stays_so(self):
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:

            def pressed(w, x, y):
                signal.raise_signal(signal.SIGINT)
                return loss(w, x, y)

            found = quiet(pressed, START, (X, Y), tg.optim.sgd, epochs=2, jit=False)
        finally:
            signal.signal(signal.SIGINT, before)
        assert (found.stopped, len(found.history)) == ("epochs", 2)

    def test_another_thread_leaves_the_handler_alone(self):
        found = []
        thread = threading.Thread(target=lambda: found.append(quiet(loss, START, (X, Y), epochs=1)))
        thread.start()
        thread.join()
        assert found[0].stopped == "epochs"


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero")
class TestDiverging:
    def test_a_nan_is_told_with_its_operation(self):
        def root(w, x, y):
            return np.mean(np.sqrt(w[0] - 0.5) * x[:, 0]) + loss(w, x, y)

        with pytest.raises(FloatingPointError, match=r"the loss of step 0 is nan") as raised:
            quiet(root, START, (X, Y), tg.optim.sgd, rate=0.1)
        assert "np.sqrt" in str(raised.value)
        assert "clip_by_norm" in str(raised.value)

    def test_of_a_gradient_that_the_loss_does_not_show(self):
        """The step before is explained: its parameters were still finite."""

        def kink(w, x, y):
            return loss(w, x, y) + np.sqrt(w[0] * 0.0)

        with pytest.raises(FloatingPointError, match=r"params is not finite(.|\n)*np\.sqrt"):
            quiet(kink, START, (X, Y), tg.optim.sgd, rate=0.1, epochs=1, batch_size=40)
        with pytest.raises(FloatingPointError, match=r"the loss of step 1 is nan") as raised:
            quiet(kink, START, (X, Y), tg.optim.sgd, rate=0.1, epochs=1, batch_size=10)
        assert "np.sqrt" in str(raised.value)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"loss": 3}, "fit: loss must be a function"),
        ({"optimiser": "adam"}, "fit: optimiser must be a function, .*, such as tg.optim.adam"),
        (
            {"train": X, "optimiser": Y},
            r"not a ndarray; the data are one argument, a tuple, \(x, y\)",
        ),
        ({"train": X, "optimiser": list(Y)}, "not a list; the data are one argument, a tuple"),
        ({"rate": "fast"}, "fit: rate must be a number or a function"),
        ({"rate": None}, "fit: rate must be a number or a function"),
        ({"epochs": 1.5}, "fit: epochs must be an integer from 0 on"),
        ({"epochs": -1}, "fit: epochs must be an integer from 0 on"),
        ({"patience": 0}, "fit: patience must be an integer from 1 on"),
        ({"every": True}, "fit: every must be an integer from 1 on"),
        ({"average": 1.0}, "fit: average, a decay"),
        ({"mode": "least"}, 'fit: mode is "min" or "max"'),
        (
            {"monitor": "hits", "mode": "max", "validation": (X, Y)},
            "fit: the loss is no 'hits' to monitor; give evaluate",
        ),
        ({"monitor": "hits", "validation": (X, Y)}, "the least or the largest 'hits' the best"),
        ({"patience": 3}, "fit: patience is of a validation; give validation="),
        ({"monitor": "hits"}, "fit: monitor is of a validation"),
        ({"mode": "max"}, "fit: mode is of a validation"),
        ({"evaluate": loss}, "fit: evaluate is of a validation"),
        ({"validation": []}, "fit: validation gave no batch"),
        ({"validation": (X, Y), "evaluate": 3}, "fit: evaluate must be a function"),
        ({"validation": (X, Y), "evaluate": lambda w, x, y: x}, "its 'loss' is a ndarray of shape"),
        ({"validation": (X, Y), "evaluate": lambda w, x, y: None}, "its 'loss' is a NoneType"),
        (
            {"validation": (X, Y), "evaluate": lambda w, x, y: {"loss": 1.0, f"{len(x)}": 1.0}},
            "fit: evaluate gives .* the same figures of each",
        ),
        ({"average": "a"}, "fit: average, a decay"),
        ({"train": [X, Y]}, "fit: train is a list, so one of batches"),
        ({"train": [[X, Y]]}, "fit: train is a list, so one of batches"),
        ({"params": tg.Tensor(START)}, "fit: params are arrays, not Tensors"),
        ({"rate": lambda step: tg.Tensor(0.1)}, "fit: the rate of step 0 must be a number"),
        ({"train": 3}, "fit: train must be a tuple of arrays"),
        ({"train": iter([(X, Y)])}, "fit: train must be a tuple of arrays"),
        ({"train": []}, "fit: train gave no batch"),
        ({"train": (X, Y[:-1])}, "rows"),
        ({"train": [(1.0, 2.0)]}, "fit: a batch is an array with rows"),
        ({"rng": 0}, "fit: rng is a numpy.random.Generator"),
    ],
)
def test_what_is_refused(changed, told):
    given = {"loss": loss, "params": START, "train": (X, Y), "optimiser": tg.optim.sgd, **changed}
    with pytest.raises((TypeError, ValueError), match=told):
        quiet(**given)


def test_a_generator_of_data_and_model_at_once_is_refused():
    state = fresh()
    with pytest.raises(ValueError, match="give the model's state another generator"):
        quiet(noisy, START, (X, Y), state=state, rng=state["rng"])
