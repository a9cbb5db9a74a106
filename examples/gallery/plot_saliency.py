"""Where does the network look?
============================

The gradient of a class's score by the *image* says which pixels would change the answer most. For
an image it costs as much as a step of training: the parameters are constants then, and the image is
the variable. (Simonyan, Vedaldi and Zisserman, 2013.)
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_np as tg

data = tg.data.garments(4000, 1000, labels=range(10))
images, test = [(x[..., None] / 255).astype(np.float32) for x in (data[0], data[2])]
rng = np.random.default_rng(0)
params = [tg.nn.init.conv2d(rng, 3, 1, 8), tg.nn.init.conv2d(rng, 3, 8, 16)]
params.append(tg.nn.init.dense(rng, 7 * 7 * 16, 10))


def logits(params, x):
    """(n, 28, 28, 1) → (n, 10), by two convolutions and a dense layer."""
    *convolutions, dense = params
    for layer in convolutions:
        x = tg.max_pool(tg.relu(tg.conv2d(x, **layer, padding=1)), 2)
    return tg.dense(tg.flatten(x), **dense)


def loss(params, x, labels):
    """What is trained."""
    return tg.cross_entropy(logits(params, x), labels)


fitted = tg.training.fit(
    loss, params, (images, data.train_labels), rate=3e-3, epochs=4, rng=rng, progress=False
)

# %%
# The score of each image's own class, summed over the images: since no image has a part in the
# score of another, one gradient gives the maps of all.
chosen = [int(np.argmax(data.test_labels == k)) for k in (1, 3, 5, 8, 9)]
labels = data.test_labels[chosen]


def score(x):
    """Of all images together."""
    return np.sum(logits(fitted.params, x)[np.arange(len(x)), labels])


maps = tg.grad(score)(test[chosen])
figure, axes = plt.subplots(2, 5, figsize=(9, 3.9), layout="constrained")
for column, k in enumerate(chosen):
    tg.viz.image(axes[0, column], test[k], tg.data.GARMENT_NAMES[data.test_labels[k]])
    tg.viz.image(axes[1, column], maps[column], "", np.max(np.abs(maps[column])))
axes[0, 0].set_ylabel("image")
axes[1, 0].set_ylabel("gradient of its score")
plt.show()
