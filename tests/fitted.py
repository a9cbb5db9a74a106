"""A program that `test_training_killed.py` kills: `fit` with dropout, batch norm, AdamW, a schedule
and an average of the weights, saved after every step.

    python tests/fitted.py FOLDER
"""

import sys

import numpy as np

import tinygrad_np as tg


def model(params, state, x, training):
    x, statistics = tg.nn.batch_norm(
        tg.dense(x, **params["first"]), state["statistics"], **params["norm"], training=training
    )
    x = tg.relu(x)
    if training:
        x = tg.dropout(x, 0.3, state["rng"])
    return tg.dense(x, **params["last"]), {**state, "statistics": statistics}


def loss(params, state, x, y):
    z, state = model(params, state, x, training=True)
    return tg.cross_entropy(z, y), state


def evaluate(params, state, x, y):
    return tg.cross_entropy(model(params, state, x, training=False)[0], y)


def begun(rows):
    """The data, and the first parameters."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(rows, 20)).astype(np.float32), rng.integers(0, 3, rows)
    params = {
        "first": tg.nn.init.dense(rng, 20, 16),
        "norm": tg.nn.init.batch_norm(16),
        "last": tg.nn.init.dense(rng, 16, 3),
    }
    return (x, y), params


def main(folder):
    data, params = begun(256)
    rate = tg.optim.schedules.warm_up(tg.optim.schedules.cosine(0.01, 160), 10)
    state = {"statistics": None, "rng": np.random.default_rng(1)}
    tg.training.fit(
        loss, params, data, tg.optim.adamw, rate=rate, epochs=20, batch_size=32, state=state,
        validation=data, evaluate=evaluate, average=0.99, checkpoint=folder, every=1,
        progress=False,
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
