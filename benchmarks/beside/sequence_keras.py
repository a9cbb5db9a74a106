"""`examples/sequence.py` in Keras."""

from typing import Any

import keras
import numpy as np
from keras import layers

from .twins import run

# Model


def build(hidden: int = 32) -> Any:
    """An LSTM, whose last state a dense layer reads."""
    x = keras.Input((None, 2))
    mask = keras.Input((None,), dtype="bool")
    h = layers.LSTM(hidden)(x, mask=mask)
    return keras.Model([x, mask], layers.Dense(1)(h))


# Training


def inputs(rows: Any) -> Any:
    """Numbers with marks, and where rows have not ended."""
    return rows.x, np.arange(rows.x.shape[1]) < rows.lengths[:, None]


def train(data: Any, epochs: int) -> Any:
    """The model with the least error on the rows that validate."""
    keras.utils.set_random_seed(0)
    model = build()
    rate = keras.optimizers.schedules.CosineDecay(1e-2, epochs * len(data.train.x) // 100)
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), loss="mse")
    best = keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True)
    model.fit(
        inputs(data.train),
        data.train.sums,
        batch_size=100,
        epochs=epochs,
        validation_data=(inputs(data.valid), data.valid.sums),
        callbacks=[best],
        verbose=2,
    )
    return model


# Command


def result(model: Any, data: Any) -> float:
    """The mean squared error on the test rows."""
    return float(model.evaluate(inputs(data.test), data.test.sums, verbose=0))


if __name__ == "__main__":
    run("sequence", train, result)
