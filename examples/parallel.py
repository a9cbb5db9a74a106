"""A CNN on several processes, each with its part of every batch, and the same bits on all of them.

Two convolutions and a dense layer, with batch normalisation and dropout. Started by mpiexec (the
extra mpi, and an MPI), each process takes its rows of every batch; alone the program takes all. A
step has 64 images on 1, 2, 4, … processes, so that all runs learn alike.

    python examples/parallel.py                           # some 50 s on one core
    mpiexec -n 2 python examples/parallel.py
    python examples/parallel.py --data built-in --quick
"""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import clothes
import numpy as np
from commandline import figure_told, prepare_output, run_command

import tinygrad_np as tg
from tinygrad_np.training import Ranks

EPOCHS = 2
STATED = 0.87
"""The accuracy that a run reaches on the test images of Fashion-MNIST and of the garments."""
ROWS = 64
"""Of a step, on all processes together."""

# Model


def initial(rng: np.random.Generator, images: np.ndarray) -> dict[str, Any]:
    """Filters of two convolutions, their normalisations, and the dense layer."""
    _, rows, columns, channels = images.shape
    return {
        "first": tg.nn.init.conv2d(rng, 3, channels, 16, bias=False),
        "second": tg.nn.init.conv2d(rng, 3, 16, 32, bias=False),
        "norms": [tg.nn.init.batch_norm(16), tg.nn.init.batch_norm(32)],
        "out": tg.nn.init.dense(rng, (rows // 4) * (columns // 4) * 32, clothes.CLASSES),
    }


def logits(params: Any, state: Any, images: Any, training: bool) -> tuple[Any, Any]:
    """(n, rows, columns, channels) → (n, 10), and the new state."""
    x, statistics = images, []
    for i, name in enumerate(("first", "second")):
        x = tg.conv2d(x, **params[name], padding="same")
        x, new = tg.nn.batch_norm(x, state["norms"][i], **params["norms"][i], training=training)
        x = tg.max_pool(tg.relu(x), 2)
        statistics.append(new)
    x = tg.flatten(x)
    if training:
        x = tg.dropout(x, 0.3, state["rng"])
    return tg.dense(x, **params["out"]), {**state, "norms": statistics}


def loss(params: Any, state: Any, images: Any, labels: Any) -> tuple[Any, Any]:
    """The mean cross-entropy, and the new state."""
    z, state = logits(params, state, images, training=True)
    return tg.cross_entropy(z, labels), state


def evaluate(params: Any, state: Any, images: Any, labels: Any) -> dict[str, Any]:
    """What is told of images that are not trained with."""
    z, _ = logits(params, state, images, training=False)
    return {"loss": tg.cross_entropy(z, labels), "accuracy": tg.nn.accuracy(z, labels)}


# Training


def train(
    data: clothes.Pictures, epochs: int, seed: int = 0, ranks: Ranks | None = None
) -> tg.training.Fitted:
    """The parameters and the state that are most accurate on the validation images."""
    rng, drops = np.random.default_rng(seed).spawn(2)
    size = 1 if ranks is None else ranks.size
    rows = ROWS // size
    steps = epochs * -(-len(data.train.labels) // (rows * size))
    return tg.training.fit(
        loss,
        initial(rng, data.train.images),
        data.train,
        tg.optim.adam,
        rate=tg.optim.schedules.cosine(2e-3, steps),
        epochs=epochs,
        batch_size=rows,
        rng=rng,
        state={"norms": [None, None], "rng": drops},
        validation=data.valid,
        evaluate=evaluate,
        monitor="accuracy",
        mode="max",
        parallel=ranks,
    )


def same_bits(ranks: Ranks, params: Any) -> str:
    """The hash of the parameters, once all are known to have the same."""
    ranks.check(params, "the parameters")
    bits = b"".join([leaf.tobytes() for leaf in tg.tree.leaves(params)])
    return hashlib.sha256(bits).hexdigest()[:16]


# Command


def tested(fitted: tg.training.Fitted, data: clothes.Pictures) -> Any:
    """The logits of the test images."""
    return logits(fitted.params, fitted.state, data.test.images, training=False)[0]


def result(fitted: tg.training.Fitted, data: clothes.Pictures) -> float:
    """The accuracy on the test images."""
    return float(tg.nn.accuracy(tested(fitted, data), data.test.labels))


def run(options: Any, ranks: Ranks) -> int:
    """What every process does: all train, the first one reads, prints and draws."""
    loaded = clothes.load(options.data, options.path, options.quick) if ranks.rank == 0 else None
    data = ranks.gather(loaded)[0]
    fitted = train(data, options.epochs, options.seed, ranks)
    bits = same_bits(ranks, fitted.params)
    if ranks.rank:
        return 0
    z = tested(fitted, data)
    print(f"\n{data.told()}")
    print(
        "One process: mpiexec -n 2 starts two."
        if ranks.size == 1
        else f"{ranks.size} processes hold the same parameters, to the bit."
    )
    print(f"Hash of the parameters: {bits}\n\n{clothes.table(z, data.test, data.names)}")
    print(f"\nAccuracy on the test images: {tg.nn.accuracy(z, data.test.labels):.4f}")
    title = f"A CNN on {data.which}; processes: {ranks.size}"
    path = options.out / "parallel.png"
    return figure_told(lambda: clothes.draw(fitted.history, z, data, title, path))


def main(arguments: list[str] | None = None) -> int:
    """Run it all."""
    prepare_output()
    options = clothes.parsed("Train a CNN on several processes.", EPOCHS, arguments)
    try:
        with tg.training.parallel() as ranks:
            return run(options, ranks)
    except (tg.data.DataError, ModuleNotFoundError) as error:  # of one process alone
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    run_command(main)
