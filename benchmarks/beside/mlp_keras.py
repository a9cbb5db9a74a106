"""`examples/mlp.py` in Keras."""

from typing import Any

import keras
from keras import layers

from .twins import run

# Model


def build() -> Any:
    """784–256–128–10, with relu."""
    images = keras.Input((28, 28, 1))
    x = layers.Flatten()(images)
    x = layers.Dense(256, activation="relu", kernel_initializer="he_normal")(x)
    x = layers.Dense(128, activation="relu", kernel_initializer="he_normal")(x)
    return keras.Model(images, layers.Dense(10, kernel_initializer="he_normal")(x))


# Training


def train(data: Any, epochs: int) -> Any:
    """The model with the best accuracy on the validation images."""
    keras.utils.set_random_seed(0)
    model = build()
    steps = epochs * -(-len(data.train.images) // 64)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    best = keras.callbacks.EarlyStopping(
        monitor="val_accuracy", mode="max", patience=epochs, restore_best_weights=True
    )
    model.fit(
        data.train.images,
        data.train.labels,
        batch_size=64,
        epochs=epochs,
        validation_data=tuple(data.valid),
        callbacks=[best],
        verbose=2,
    )
    return model


# Command


def result(model: Any, data: Any) -> float:
    """The accuracy on the test images."""
    return float(model.evaluate(*data.test, verbose=0)[1])


if __name__ == "__main__":
    run("mlp", train, result)
