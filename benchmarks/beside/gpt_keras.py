"""`examples/gpt.py` in Keras."""

from typing import Any

import keras
from keras import layers

from .twins import run

# Model

CONTEXT, WIDTH, HEADS, BLOCKS = 64, 64, 4, 2


class Positions(layers.Layer):
    """What is learned of each place, added."""

    def build(self, shape: Any) -> None:
        self.table = self.add_weight(
            shape=(CONTEXT, WIDTH), initializer=keras.initializers.RandomNormal(stddev=0.02)
        )

    def call(self, x: Any) -> Any:
        return x + self.table


def block(x: Any) -> Any:
    """Attention and two dense layers, each added to what comes in."""
    y = layers.LayerNormalization(epsilon=1e-5)(x)
    y = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(y, y, use_causal_mask=True)
    x = layers.Add()([x, y])
    y = layers.LayerNormalization(epsilon=1e-5)(x)
    y = layers.Dense(4 * WIDTH, activation="gelu")(y)
    return layers.Add()([x, layers.Dense(WIDTH)(y)])


def build(letters: int) -> Any:
    """A decoder-only transformer."""
    inputs = keras.Input((CONTEXT,), dtype="int32")
    start = keras.initializers.RandomNormal(stddev=0.02)
    x = layers.Embedding(letters, WIDTH, embeddings_initializer=start)(inputs)
    x = Positions()(x)
    for _ in range(BLOCKS):
        x = block(x)
    x = layers.LayerNormalization(epsilon=1e-5)(x)
    return keras.Model(inputs, layers.Dense(letters)(x))


# Training


def train(data: Any, epochs: int) -> Any:
    """The model with the least loss on the text that validates."""
    keras.utils.set_random_seed(0)
    model = build(len(data.letters))
    steps = epochs * -(-len(data.train.letters) // 32)
    warm = steps // 10
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm, warmup_target=5e-3, warmup_steps=warm
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=0.01),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    best = keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True)
    model.fit(
        data.train.letters,
        data.train.following,
        batch_size=32,
        epochs=epochs,
        validation_data=tuple(data.valid),
        callbacks=[best],
        verbose=2,
    )
    return model


# Command


def result(model: Any, data: Any) -> float:
    """Nats a letter on the text that validates."""
    return float(model.evaluate(*data.valid, verbose=0))


if __name__ == "__main__":
    run("gpt", train, result)
