"""A blurred picture, made sharp
=============================

A picture was blurred by a known filter, and noise was added. We look for the picture that explains
it: the sum of the squared errors, plus a penalty on the absolute differences of neighbours, which
leaves edges alone and does away with noise. The gradient by all 1,600 pixels is one call.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_np as tg

rng = np.random.default_rng(0)
rows, columns = np.mgrid[:40, :40]
truth = 0.2 + 0.6 * ((rows - 15) ** 2 + (columns - 14) ** 2 < 90)
truth[24:34, 18:36] = 0.9
truth[27:31, 22:26] = truth[27:31, 29:33] = 0.3
ramp = np.arange(-4, 5)
blur = np.exp(-(ramp[:, None] ** 2 + ramp**2) / 6.0)
blur = (blur / blur.sum())[..., None, None]


def blurred(picture):
    """The picture as the camera sees it; beyond its edge it goes on as it is there."""
    return tg.conv2d(np.pad(picture, 4, mode="edge")[None, ..., None], blur)[0, ..., 0]


seen = blurred(truth) + rng.normal(0, 0.01, truth.shape)


def loss(picture, strength):
    """Errors and penalty; the small number rounds the kink of the absolute value."""
    errors = np.sum((blurred(picture) - seen) ** 2)
    steps = np.diff(picture, axis=0)[:, :-1], np.diff(picture, axis=1)[:-1]
    return errors + strength * np.sum(np.sqrt(steps[0] ** 2 + steps[1] ** 2 + 1e-6))


# %%
# 400 steps of Adam, without the penalty and with it.
step = tg.jit(tg.grad(loss), constants=(blur, seen))
pictures = {"the picture": truth, "as it was seen": seen}
for name, strength in {"made sharp": 0.0, "made sharp, with the penalty": 2e-3}.items():
    picture, state = seen, None
    for _ in range(400):
        picture, state = tg.optim.adam(picture, step(picture, strength), state, rate=0.01)
    pictures[name] = picture

figure, axes = plt.subplots(1, 4, figsize=(10, 2.9), layout="constrained")
for place, (name, picture) in zip(axes, pictures.items(), strict=True):
    error = np.sqrt(np.mean((picture - truth) ** 2))
    tg.viz.image(place, np.clip(picture, 0, 1), f"{name}\nerror {error:.3f}")
plt.show()
