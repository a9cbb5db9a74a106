"""Arrays that were written into between a call and its derivative are found."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.debug import marks


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [8, 64, 503, 509, 512, 1018])
def test_large_labels_that_change_places_change_the_mark(classes, dtype):
    # Sums of blocks of rows, and of columns of such blocks, stay as they were.
    rows = np.arange(4000)
    labels = np.zeros((len(rows), classes), dtype)
    labels[rows, rows * 7 // 3 % classes] = 1
    before = marks.fingerprint(labels)
    for distance in (1, 8, 64, 503, 509, 512, 1024, 2048):
        labels[[0, distance]] = labels[[distance, 0]]
        assert (marks.fingerprint(labels) != before) == (not np.all(labels[0] == labels[distance]))
        labels[[0, distance]] = labels[[distance, 0]]
        assert marks.fingerprint(labels) == before


class TestChangedArrays:
    def test_a_constant_that_was_written_into(self):
        buffer = np.ones(3)
        with tg.debug():
            y = np.sum(tg.Tensor([1.0, 2.0, 3.0]) * buffer)  # used
            buffer[1] = 5
            with pytest.raises(tg.ChangedArrayError) as raised:
                y.backward()
        text = str(raised.value)
        assert "np.multiply: its operand 'y', float64 (3,), was written into" in text
        assert text.count("# used") == 1
        assert "buffer.copy()" in text

    @pytest.mark.parametrize(
        "call",
        [
            lambda x, c: x @ c.reshape(4, 4),
            lambda x, c: np.where(c[:4] > 0.5, x, 0) * c[:4],
            lambda x, c: np.einsum("i,i->", x[:4], c[::4]),
            lambda x, c: np.concatenate([x, c]) * np.concatenate([c, c])[:20],
            lambda x, c: tg.conv1d(x.reshape(1, 4, 1), c.reshape(4, 2, 2)[:1, :1]),
            lambda x, c: np.interp(x, c[:4], c[4:8]),
        ],
    )
    def test_through_views_of_it(self, call):
        c = np.arange(1.0, 17.0)
        own = np.linspace(1.1, 3.9, 4)
        with tg.debug():
            value, pull = tg.vjp(lambda x: call(x, c), own)
            pull(np.ones(value.shape))
            c *= 1.5
            try:
                pull(np.ones(value.shape))
            except tg.ChangedArrayError:
                return
        # what it was used for was a copy: then nothing can have changed
        again, fresh = tg.vjp(lambda x: call(x, c / 1.5), own)
        assert np.allclose(fresh(np.ones(again.shape)), pull(np.ones(value.shape)))

    def test_an_index(self):
        index = np.array([0, 1])
        with tg.debug():
            y = tg.Tensor([1.0, 2.0, 3.0])[index].sum()
            index[0] = 2
            with pytest.raises(tg.ChangedArrayError, match=r"operator\.getitem"):
                y.backward()

    def test_an_index_in_a_tuple(self):
        index = [0, 1]
        with tg.debug():
            y = tg.Tensor(np.ones((3, 2)))[index, 0].sum()
            index[0] = 2
            with pytest.raises(tg.ChangedArrayError):
                y.backward()

    def test_an_argument_of_grad_that_the_function_writes_into(self):
        x = np.ones(3)

        def f(t):
            y = np.sum(t * t)
            x[0] = 7
            return y

        with tg.debug(), pytest.raises(tg.ChangedArrayError):
            tg.grad(f)(x)

    def test_in_forward_mode(self):
        c = np.ones(2)

        def f(x):
            y = x * c
            c[:] = 3
            return y

        with tg.debug(), pytest.raises(tg.ChangedArrayError):
            tg.jvp(f, [np.ones(2)], [np.ones(2)])

    def test_what_the_rule_does_not_need_may_change(self):
        c = np.ones(2)
        with tg.debug():
            x = tg.Tensor(np.ones(2))
            y = np.sum(x + c)
            c[:] = 3
            y.backward()
        assert x.grad.tolist() == [1, 1]

    def test_the_callers_array_stays_writeable_and_as_it_was(self):
        c = np.ones(2)
        with tg.debug():
            np.sum(tg.Tensor(np.ones(2)) * c).backward()
        assert c.flags.writeable
        assert c.tolist() == [1, 1]

    @pytest.mark.parametrize("size", [10, 100_000])
    @pytest.mark.parametrize(
        "view", [lambda a: a, lambda a: a[::-1], lambda a: a[::2], lambda a: a.reshape(2, -1).T]
    )
    @pytest.mark.parametrize("change", ["one", "swap", "sort", "shift"])
    def test_fingerprints(self, size, view, change):
        a = np.random.default_rng(0).normal(size=size)
        seen = view(a)
        before = marks.fingerprint(seen)
        assert marks.fingerprint(seen) == before
        if change == "one":
            seen[-1] += 1e-12
        elif change == "swap":
            i, j = np.unravel_index([0, seen.size - 1], seen.shape)[0]
            seen[[i, j]] = seen[[j, i]]
        elif change == "sort":
            a.sort()
        else:
            a[:] = np.roll(a, 512)
        assert marks.fingerprint(seen) != before or np.array_equal(a, np.roll(a, 512))

    @pytest.mark.parametrize("dtype", [bool, np.float16, np.complex128, "M8[s]", object])
    def test_fingerprints_of_other_dtypes(self, dtype):
        assert marks.fingerprint(np.zeros((2, 0), dtype)) == marks.fingerprint(np.zeros(0, dtype))
        assert isinstance(marks.fingerprint(np.zeros(3, dtype)), int)


class TestChangedWithinRemat:
    """What is computed again has to be what it was."""

    @pytest.mark.parametrize("way", ["closure", "argument", "keyword", "nested"])
    @pytest.mark.parametrize("mode", ["reverse", "forward", "second"])
    def test_an_array_that_was_written_into(self, way, mode):
        buffer = np.ones(2)
        functions = {
            "closure": tg.remat(lambda x: np.sum(x * x * buffer)),
            "argument": lambda x: tg.remat(lambda x, b: np.sum(x * x * b))(x, buffer),
            "keyword": lambda x: tg.remat(lambda x, b: np.sum(x * x * b))(x, b=buffer),
            "nested": lambda x: tg.remat(lambda x, b: np.sum(x * x * b["b"]))(x, {"b": buffer}),
        }

        def f(x):
            y = functions[way](x) * 1.0  # called
            buffer[0] += 4
            return y

        differentiate = {
            "reverse": tg.grad(f),
            "forward": lambda x: tg.jvp(f, [x], [x]),
            "second": lambda x: tg.hvp(f, [x], [x]),
        }[mode]
        with pytest.raises(tg.ChangedArrayError) as raised, tg.debug():
            differentiate(np.array([1.0, 2.0]))
        text = str(raised.value)
        assert "remat: <lambda> gave another result when it was computed again" in text
        assert ("an argument of it" in text) == (way != "closure")
        assert ("# called" if way == "closure" else "tg.remat(lambda x, b") in text

    def test_a_function_that_draws(self):
        rng = np.random.default_rng(0)
        f = tg.remat(lambda x: np.sum(tg.dropout(x, 0.5, rng)))
        with pytest.raises(tg.ChangedArrayError, match="draws random numbers"), tg.debug():
            tg.grad(f)(np.ones(100))

    def test_what_stays_as_it_was_is_fine(self):
        w = np.random.default_rng(0).normal(size=(3, 3, 2, 2)).astype(np.float32)
        x = np.random.default_rng(1).normal(size=(2, 9, 9, 2)).astype(np.float32)

        @tg.remat
        def f(x, w, count):
            y = tg.conv2d(tg.relu(tg.conv2d(x, w)), w, padding="same")
            return np.sum(y * y), np.argmax(y), y * np.nan, np.sum(y) * np.inf, [y[:0], count]

        def loss(x):
            return f(x, w, 3)[0]

        plain = tg.grad(loss)(x)
        with tg.debug(on_nonfinite=lambda error: None):
            assert tg.grad(loss)(x).tobytes() == plain.tobytes()
            tg.hvp(loss, [x], [x])

    def test_what_was_called_before_is_not_compared(self):
        buffer = np.ones(2)
        x = tg.Tensor([1.0, 2.0])
        y = tg.remat(lambda x: np.sum(x * buffer))(x)
        buffer[0] = 5
        with tg.debug():
            y.backward()  # it was called before: nothing is known of it
        assert x.grad.tolist() == [5, 1]
