"""Convolutions in groups."""

import numpy as np
import pytest
from maps import integers

import tinygrad_np as tg


class TestGroups:
    def test_depthwise(self):
        rng = np.random.default_rng(0)
        x, w = integers(rng, 2, 5, 5, 4), integers(rng, 3, 3, 1, 4)
        found = tg.conv2d(x, w, groups=4, padding=1)
        for c in range(4):
            alone = tg.conv2d(x[..., c : c + 1], w[..., c : c + 1], padding=1)
            assert np.array_equal(found[..., c : c + 1], alone)

    @pytest.mark.parametrize(
        ("channels", "filters", "groups", "message"),
        [
            (4, (3, 3, 4, 4), 2, "4 channels and the filters take 8 in 2 groups"),
            (4, (3, 3, 2, 3), 2, "in 2 groups"),
            (4, (3, 3, 2, 4), 0, "groups must be at least 1"),
        ],
    )
    def test_messages(self, channels, filters, groups, message):
        with pytest.raises(ValueError, match=f"conv2d: .*{message}"):
            tg.conv2d(np.ones((1, 5, 5, channels)), np.ones(filters), groups=groups)

    def test_groups_are_an_integer(self):
        with pytest.raises(TypeError, match="groups must be an integer or 1 integer"):
            tg.conv2d(np.ones((1, 5, 5, 2)), np.ones((3, 3, 1, 2)), groups=2.0)
