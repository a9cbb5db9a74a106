"""A boot that is no longer a boot
===============================

A step of training moves the parameters so that the loss falls. The same gradient, taken by the
image, moves the pixels so that the loss *rises*: all by the same small amount, up or down by the
sign of the gradient. (Goodfellow, Shlens and Szegedy, 2014.)
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_np as tg

data = tg.data.garments(4000, 1000, labels=range(10))
images, test = [(x[..., None] / 255).astype(np.float32) for x in (data[0], data[2])]
rng = np.random.default_rng(0)
params = [tg.nn.init.dense(rng, 784, 64), tg.nn.init.dense(rng, 64, 10)]


def logits(params, x):
    """(n, 28, 28, 1) → (n, 10)"""
    hidden = tg.relu(tg.dense(tg.flatten(x), **params[0]))
    return tg.dense(hidden, **params[1])


def loss(params, x, labels):
    """What training lowers, and the attack raises."""
    return tg.cross_entropy(logits(params, x), labels)


fitted = tg.training.fit(
    loss, params, (images, data.train_labels), rate=2e-3, epochs=8, rng=rng, progress=False
)

# %%
# One step along the sign of the gradient, for all test images, by amounts up to a tenth of the
# range from black to white.
direction = np.sign(tg.grad(loss, argnums=1)(fitted.params, test, data.test_labels))
amounts = np.linspace(0, 0.1, 11)
moved = [np.clip(test + amount * direction, 0, 1) for amount in amounts]
accuracies = [tg.nn.accuracy(logits(fitted.params, x), data.test_labels) for x in moved]

before, after = [np.argmax(logits(fitted.params, x), 1) for x in (moved[0], moved[4])]
k = int(np.argmax((before == data.test_labels) & (before == 9) & (after != 9)))
names = tg.data.GARMENT_NAMES

figure, axes = plt.subplots(
    1, 4, figsize=(10, 2.8), layout="constrained", width_ratios=(1, 1, 1, 1.4)
)
tg.viz.image(axes[0], test[k], f"taken for: {names[before[k]]}")
tg.viz.image(axes[1], direction[k], f"± {amounts[4]:.2f}, by the gradient's sign", 1.5)
tg.viz.image(axes[2], moved[4][k], f"taken for: {names[after[k]]}")
axes[3].plot(amounts, accuracies, "o-", markersize=4)
axes[3].set(xlabel="each pixel moved by", ylim=(0, 1))
axes[3].set_title("accuracy on 1,000 test images", fontsize=9)
axes[3].spines[["top", "right"]].set_visible(False)
plt.show()
