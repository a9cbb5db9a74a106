"""The same, faster: which path an operation takes, and the kernels of the fast ones.

- `explain`: run a function and its gradient, and say which path each operation took, and why.
- `paths`: the conditions that choose, and every threshold of bytes or elements.
- `windows`, `products`, `pooling`, `elementwise`, `normalising`, `recurrent`: kernels in place of
  plain ones.
- `tiles`, `runs`: windows times filters, a tile at a time; by long runs of few channels.
- `winograd_rows`, `winograd_squares`: the same with fewer multiplications (`winograd`); `slices`:
  with volumes; `grouped`: in groups, of one channel or several.
- `frames`: images in a frame that is not made; `lazy`: cotangents of windows that are never made,
  only added up.
- `matrices`, `threads`: matrix products and other work in pieces, on several threads.
- `stacks`: the rows or columns of a Jacobian in a few sweeps.
- `calls`: calls and rules written out, in place of looking everything up.
- `memory`: buffers that are used again, in large `pages`.
- `jit`: a function recorded once by a `trace` (with a `traced_sweep` for its derivatives, `draws`
  of random numbers, and the user's `lines`), then replayed by a `program` of NumPy calls
  (`lowering` says how each is written) for arguments of the same form (`forms`).

Each fast path computes what the core's plain one does: sums in another order, except for Winograd's
transforms, which are for float32 only and state their error. All of them are put in place here, by
the core's hooks; without this folder the plain ones are taken.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import answers
from ..core import arrays, hooks, losses, network
from ..core import windows as core
from ..core.arrays import as_array
from ..core.dispatch import use
from ..core.table import replace
from ..nn.activations import (
    gelu_by_tanh,
    gelu_by_tanh_slope,
    gelu_exactly,
    gelu_exactly_slope,
    silu,
    silu_slope,
)
from ..nn.grouped import grouped_filter_product, grouped_product, grouped_window_product
from ..nn.normalised import normalised
from ..nn.recurrent import recurrence
from . import (
    calls,
    elementwise,
    grouped,
    lazy,
    matrices,
    memory,
    normal,
    normalising,
    pooling,
    products,
    recurrent,
    stacks,
    windows,
)

if TYPE_CHECKING:
    from .explaining import explain

__all__ = ["explain"]

hooks.install(calls.WRITER)
hooks.install(memory.Memory())
hooks.install(stacks.Stacks())

replace(core.pad, windows.pad, accepts_lazy=True, x=lazy.cropped_images)
replace(core.windows, windows.windows, accepts_lazy=True, x=lazy.folded)
use(core.padded_windows, windows.padded_windows)
replace(core.product, products.product, columns=lazy.window_cotangent)
replace(core.window_product, products.window_product)
replace(core.filter_product, products.filter_product)
replace(grouped_product, grouped.product, columns=grouped.window_cotangent)
replace(grouped_window_product, grouped.window_product)
replace(grouped_filter_product, grouped.filter_product)
replace(arrays.sum_to, matrices.sum_to)
replace(np.matmul, matrices.matmul, x=products.matmul_x, y=products.matmul_y)

use(core.window_max, pooling.window_max)
replace(
    core.window_maxima,
    pooling.window_maxima,
    columns=lambda g, columns_like, ans: lazy.unpooled(g[0], columns_like, as_array(ans[1])),
)
replace(core.gather_windows, columns=lazy.unpooled)
replace(core.max_unpool, pooling.max_unpool)

for _function in (silu, silu_slope, gelu_by_tanh, gelu_by_tanh_slope):
    replace(_function, elementwise.in_pieces(_function))
replace(gelu_exactly, normal.in_float32(gelu_exactly, normal.gelu))
replace(gelu_exactly_slope, normal.in_float32(gelu_exactly_slope, normal.slope))
replace(normalised, normalising.normalised, operands=normalising.cotangents)
replace(recurrence, recurrent.recurrence, operands=recurrent.cotangents)

replace(np.sum, elementwise.total)
replace(np.mean, elementwise.mean)
replace(network.relu, elementwise.relu)
replace(network.relu_gate, elementwise.relu_gate)
replace(network.sigmoid_slope, elementwise.sigmoid_slope)
replace(
    losses.mean_logistic_loss, elementwise.mean_logistic_loss, logits=elementwise.mean_logistic_vjp
)


def __dir__() -> list[str]:
    return [*globals(), *__all__]


def __getattr__(name: str) -> Any:
    if name == "explain":  # which few programs need
        from .explaining import explain

        return explain
    raise answers.no_attribute(__name__, name)
