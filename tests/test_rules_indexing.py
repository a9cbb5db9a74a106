"""Indexing: what take makes of booleans."""

import numpy as np

import tinygrad_np as tg


class TestTake:
    def test_take_reads_booleans_as_numbers(self):
        f = lambda x: np.sum(np.take(x, [True, True]) * np.array([1.0, 10.0]))  # noqa: E731
        assert tg.grad(f)(np.array([1.0, 2.0])).tolist() == [0, 11]
