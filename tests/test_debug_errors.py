"""Errors of debug mode can be pickled and copied, so that they come out of other processes."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.debug import errors


class TestCopies:
    """All of our errors can be pickled and copied, so that they come out of other processes."""

    def classes(self):
        import importlib
        import pkgutil

        for info in pkgutil.walk_packages(tg.__path__, "tinygrad_np."):
            if info.name != "tinygrad_np.__main__":
                importlib.import_module(info.name)
        found, left = [], [Exception]
        while left:
            cls = left.pop()
            left += cls.__subclasses__()
            if cls.__module__.startswith("tinygrad_np"):
                found.append(cls)
        return found

    def error(self):
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            tg.Tensor([1.0, 0.0]) / np.array([1.0, 0.0])
        return raised.value

    @pytest.mark.parametrize(
        "again", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
    )
    def test_a_nonfinite_error(self, again):
        error = self.error()
        twin = again(error)
        assert type(twin) is tg.NonFiniteError
        assert str(twin) == str(error)
        for name in ("function", "mode", "file", "line", "names"):
            assert getattr(twin, name) == getattr(error, name)
        assert np.array_equal(twin.result, error.result, equal_nan=True)
        assert all(map(np.array_equal, twin.operands, error.operands))
        assert twin.node is None
        assert error.node is not None

    def test_one_of_a_sum(self):
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            tg.grad(lambda x: np.sum(x * 1e308 + x * 1e308))(np.zeros(2))
        assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)

    def test_one_by_the_oldest_protocol_of_pickle(self):
        assert str(self.error()) == str(pickle.loads(pickle.dumps(self.error(), protocol=0)))

    def test_all_of_them(self):
        classes = self.classes()
        ours = {errors.NonFiniteError, errors.ChangedArrayError, errors.NonFiniteWarning}
        assert ours <= set(classes)
        assert len(classes) >= 8
        for cls in classes:
            error = cls("what happened")
            for again in (copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))):
                twin = again(error)
                assert type(twin) is cls
                assert str(twin) == "what happened"
