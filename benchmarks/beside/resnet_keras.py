"""`examples/resnet.py` in Keras."""

from typing import Any

import keras
from keras import layers

from .twins import run

# Model


def convolution(x: Any, filters: int, size: int = 3, stride: int = 1) -> Any:
    """A convolution without bias, normalised."""
    x = layers.Conv2D(
        filters,
        size,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


def block(x: Any, filters: int, stride: int) -> Any:
    """Two convolutions beside a shortcut."""
    y = layers.ReLU()(convolution(x, filters, stride=stride))
    y = convolution(y, filters)
    if stride > 1:
        x = convolution(x, filters, 1, stride)
    return layers.ReLU()(layers.Add()([x, y]))


def build(shape: tuple[int, int, int]) -> Any:
    """Crops and mirror images, a stem, three blocks, a dense layer."""
    images = keras.Input(shape)
    share = 2 / shape[0]
    x = layers.RandomTranslation(share, share, fill_mode="constant")(images)
    x = layers.RandomFlip("horizontal")(x)
    x = layers.ReLU()(convolution(x, 16, stride=2))
    x = block(x, 16, 1)
    x = block(x, 32, 2)
    x = block(x, 64, 2)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(images, layers.Dense(10)(x))


# Training


def train(data: Any, epochs: int) -> Any:
    """The model with the best accuracy on the validation images."""
    keras.utils.set_random_seed(0)
    model = build(data.train.images.shape[1:])
    steps = epochs * -(-len(data.train.images) // 64)
    warm = steps // 10
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm, warmup_target=0.1, warmup_steps=warm
    )
    model.compile(
        optimizer=keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True, weight_decay=5e-4),
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
    run("resnet", train, result)
