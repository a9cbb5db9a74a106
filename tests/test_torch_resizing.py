"""`resize` and global pooling against PyTorch's, over drawn sizes and its sample inputs."""

import numpy as np
import pytest

import tinygrad_np as tg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch_agreement import compare, samples  # noqa: E402

functional = torch.nn.functional

pytestmark = pytest.mark.torch

LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def interpolated(size, method, align_corners):
    def theirs(x):
        linear = method == "bilinear"
        y = functional.interpolate(
            x.movedim(-1, 1),
            size,
            mode=LINEAR[x.ndim - 2] if linear else "nearest",
            align_corners=align_corners if linear else None,
        )
        return y.movedim(1, -1)

    return theirs


@pytest.mark.parametrize("seed", range(200))
def test_resize(seed):
    rng = np.random.default_rng(seed)
    axes, method = seed % 3 + 1, ("bilinear", "nearest")[seed // 3 % 2]
    align_corners = method == "bilinear" and bool(seed // 6 % 2)
    most = [40, 12, 6][axes - 1]
    old, new = rng.integers(1, most, axes).tolist(), rng.integers(1, most, axes).tolist()
    x = rng.standard_normal((int(rng.integers(1, 4)), *old, int(rng.integers(1, 4))))
    compare(
        lambda x: tg.nn.resize(x, tuple(new), method, align_corners=align_corners),
        interpolated(new, method, align_corners),
        x,
        what=(old, new, method, align_corners),
        second_order=seed < 12,
    )


def test_in_float32_pytorchs_nearest_pixel_is_one_before_where_the_ratio_is_rounded_down():
    x = np.arange(2, dtype=np.float32).reshape(1, 2, 1)
    ours = tg.nn.resize(x, 82, "nearest").ravel()
    theirs = interpolated([82], "nearest", None)(torch.tensor(x)).numpy().ravel()
    assert np.array_equal(ours, np.arange(82) * 2 // 82)
    assert np.flatnonzero(ours - theirs).tolist() == [41]


# By a factor that is not computed anew from the sizes, PyTorch interpolates at other places.
VARIANTS = ["nearest", "linear", "bilinear", "trilinear"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_pytorchs_samples(variant):
    count = 0
    for x, args, options in samples("nn.functional.interpolate", variant):
        size = args[0] if args else options.get("size")
        if size is None:
            if not options.get("recompute_scale_factor"):
                continue
            size = [int(np.floor(n * options["scale_factor"])) for n in x.shape[2:]]
        method = "nearest" if variant == "nearest" else "bilinear"
        align_corners = bool(options.get("align_corners"))
        compare(
            lambda x, s=size, m=method, a=align_corners: tg.nn.resize(x, s, m, align_corners=a),
            interpolated(list(size), method, align_corners),
            np.moveaxis(x, 1, -1).copy(),
            what=(x.shape, args, options),
        )
        count += 1
    assert count >= 9


POOLS = {
    "avg": (tg.nn.global_average_pool, [functional.adaptive_avg_pool1d,
            functional.adaptive_avg_pool2d, functional.adaptive_avg_pool3d]),
    "max": (tg.nn.global_max_pool, [functional.adaptive_max_pool1d,
            functional.adaptive_max_pool2d, functional.adaptive_max_pool3d]),
}  # fmt: skip


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(200))
@pytest.mark.parametrize("kind", POOLS)
def test_global_pooling(kind, seed, ties):
    rng = np.random.default_rng(seed)
    axes = seed % 3 + 1
    x = rng.standard_normal(tuple(rng.integers(1, 6, axes + 2)))
    ours, theirs = POOLS[kind]

    def pooled(x):
        return torch.flatten(theirs[axes - 1](x.movedim(-1, 1), 1), 1)

    x = np.round(x) if ties else x
    compare(ours, pooled, x, what=x.shape, second_order=seed < 6)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", POOLS)
def test_pytorchs_samples_of_pooling_to_one_pixel(kind, axes):
    ours, theirs = POOLS[kind]
    found = samples(f"nn.functional.adaptive_{kind}_pool{axes}d")
    found = [x for x, args, _ in found if x.ndim == axes + 2]  # with a batch
    assert len(found) >= 2
    for x in found:
        compare(
            ours,
            lambda x: torch.flatten(theirs[axes - 1](x.movedim(-1, 1), 1), 1),
            np.moveaxis(x, 1, -1).copy(),
            what=x.shape,
        )
