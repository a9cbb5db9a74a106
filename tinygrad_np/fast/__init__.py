"""The same, faster: which path an operation takes, and the kernels of the fast ones.

- `explain`: run a function and its gradient, and say which path each operation took, and why.
- `paths`: the conditions that choose, and every threshold of bytes or elements.
- `tiles`, `winograd`: windows times filters, a tile at a time; with fewer multiplications.
- `lazy`: cotangents of windows that are never made, only added up.
- `matrices`, `threads`: matrix products and other work in pieces, on several threads.
- `memory`: buffers that are used again.

Each fast path computes what the plain one in `kernels` does: sums in another order, except for
Winograd's transforms, which are for float32 only and state their error.
"""

from typing import TYPE_CHECKING, Any

from .. import answers

if TYPE_CHECKING:
    from .explaining import explain

__all__ = ["explain"]


def __dir__() -> list[str]:
    return [*globals(), *__all__]


def __getattr__(name: str) -> Any:
    if name == "explain":  # it runs transforms, which lie above the kernels here
        from .explaining import explain

        return explain
    raise answers.no_attribute(__name__, name)
