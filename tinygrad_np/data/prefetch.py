"""Batches that a thread makes while one trains: `prefetch`."""

import atexit
import contextvars
import itertools
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Generic, TypeVar

import numpy as np

from ..answers import explained

Batch = TypeVar("Batch")

_PATIENCE = 1.0  # s; on Windows, Ctrl-C does not interrupt a wait


@explained
def prefetch(
    batches: Iterable[Any], ahead: int = 2, transform: Callable[[Any], Any] | None = None
) -> "Prefetched[Any]":
    """`batches`, each through `transform`, of which a thread makes up to `ahead` in advance.

    Each pass over the result is a pass over `batches`, and gives the same, bit for bit and in the
    same order, as one without a thread would: ``iter(batches)`` is called when the pass begins,
    `transform` for one batch after the other.

    Parameters
    ----------
    batches : iterable
        What `minibatches` gives, or any other.
    ahead : int, default 2
    transform : function of a batch, optional
        A generator that it draws from must be its own: nothing else may draw from it during a pass.
        In the middle of a pass it has been drawn from for up to `ahead` batches more than were
        given out; after the last batch its state is what it would be without a thread. So save it,
        to resume a run, between two passes.

    Returns
    -------
    Prefetched
        An iterable; ``len`` is that of `batches`.

    Raises
    ------
    TypeError
        For what cannot be iterated over or called, and an `ahead` that is no integer.
    ValueError
        For an `ahead` below 1.

    Notes
    -----
    What `batches` or `transform` raise is raised where the batch would have come, with its own
    traceback, and ends the pass. A pass that is left early (by break, an error, Ctrl-C) waits for
    the one batch that is being made, and ends its thread; what was made in advance is dropped.

    Examples
    --------
    >>> from tinygrad_np.data import minibatches
    >>> batches = minibatches(np.random.default_rng(0), np.arange(5), 2)
    >>> for batch in prefetch(batches, transform=lambda x: 10 * x):
    ...     print(batch)
    [20 40]
    [30  0]
    [10]
    """
    if not hasattr(type(batches), "__iter__") or hasattr(batches, "shape"):
        raise TypeError(
            f"prefetch: a {type(batches).__name__} is no series of batches; give what "
            "tinygrad_np.data.minibatches gives, or another iterable"
        )
    if isinstance(ahead, bool) or not isinstance(ahead, int | np.integer):
        raise TypeError(f"prefetch: ahead must be an integer, not a {type(ahead).__name__}")
    if ahead < 1:
        raise ValueError(f"prefetch: ahead is {ahead}; it must be 1 or more batches")
    if transform is not None and not callable(transform):
        raise TypeError(
            f"prefetch: transform must be a function of a batch, not a {type(transform).__name__}"
        )
    return Prefetched(batches, int(ahead), transform)


class Prefetched(Generic[Batch]):
    """What `prefetch` gives: iterate over it, once an epoch."""

    def __init__(
        self, batches: Iterable[Any], ahead: int, transform: Callable[[Any], Batch] | None
    ) -> None:
        self._batches, self._ahead, self._transform = batches, ahead, transform

    def __len__(self) -> int:
        try:
            return len(self._batches)  # type: ignore[arg-type]
        except TypeError:
            raise TypeError(
                f"prefetch: a {type(self._batches).__name__} does not say how many batches it has"
            ) from None

    def __iter__(self) -> Iterator[Batch]:
        return _given_out(iter(self._batches), self._ahead, self._transform)


# Between the two threads are two queues: of requests, and of what was made. Unlike what has a lock
# written in Python, a `SimpleQueue` may also be used by a collection of garbage in the midst of it.
_Queue = queue.SimpleQueue[Any]
_BATCH, _ERROR, _END = range(3)


def _given_out(
    source: Iterator[Any], ahead: int, transform: Callable[[Any], Any] | None
) -> Generator[Any, None, None]:
    """A pass, for the thread that trains. Its end, in whatever way it comes, is in ``finally``."""
    requests, made, going = _Queue(), _Queue(), [True]
    thread = threading.Thread(
        # With the context of the pass, such as np.errstate. It must not hold this generator.
        target=contextvars.copy_context().run,
        args=(_make, source, ahead, transform, requests, made, going),
        name="tinygrad_np.data.prefetch",
        daemon=True,  # else Python, at its exit, would wait for it before it calls `end`
    )

    def end() -> None:
        going.clear()
        requests.put(None)
        if thread.is_alive() and thread is not threading.current_thread():
            thread.join()

    atexit.register(end)
    try:
        thread.start()
        while True:
            try:
                what, item = made.get(timeout=_PATIENCE)
            except queue.Empty:
                if thread.is_alive() or not made.empty():
                    continue
                raise RuntimeError(
                    "prefetch: the thread of this pass is gone, as in a process that os.fork made; "
                    "begin the pass there"
                ) from None
            if what == _END:
                return
            if what == _ERROR:
                try:
                    raise item
                finally:
                    del item  # its traceback holds this frame
            requests.put(None)
            yield item
            del item  # not held while the next one is waited for
    finally:
        end()
        atexit.unregister(end)


def _make(
    source: Iterator[Any],
    ahead: int,
    transform: Callable[[Any], Any] | None,
    requests: _Queue,
    made: _Queue,
    going: list[bool],
) -> None:
    """The thread that prepares: `ahead` batches, then one for each request."""
    try:
        for count in itertools.count():
            if count >= ahead:
                requests.get()
            if not going:
                return
            item = next(source, made)  # `made` stands for none, since None may be a batch
            if item is made:
                made.put((_END, None))
                return
            made.put((_BATCH, item if transform is None else transform(item)))
            del item
    except BaseException as error:
        made.put((_ERROR, error))
