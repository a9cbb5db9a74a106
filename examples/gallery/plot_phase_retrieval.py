"""Phase retrieval: a picture from intensities alone
=================================================

A detector sees the intensity of light and not its phase. Eight pictures are taken of one object
through known random masks, and each shows the squared absolute values of a Fourier transform. From
these the complex object is found by gradient descent; the gradient by a complex number is
∂/∂x − i ∂/∂y, so the loss falls fastest along minus its conjugate. In the pictures the colour is
the phase, the brightness the amplitude.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_np as tg

rng = np.random.default_rng(0)
rows, columns = np.mgrid[-1:1:32j, -1:1:32j]
amplitude = 0.15 + (rows**2 + columns**2 < 0.7) * (1 - 0.6 * (np.abs(columns) < 0.2))
truth = amplitude * np.exp(1j * np.pi * np.sin(3 * rows) * columns)
masks = np.exp(2j * np.pi * rng.random((8, 32, 32)))
amplitudes = np.abs(np.fft.fft2(masks * truth, norm="ortho"))


def loss(picture):
    """Between the amplitudes of the picture's transforms and those that were seen."""
    return np.sum((np.abs(np.fft.fft2(masks * picture, norm="ortho")) - amplitudes) ** 2)


# %%
# Descent with momentum, from random numbers. A phase that all pixels share cannot be seen by any
# detector: for the picture it is set to that of the truth.
gradient = tg.jit(tg.value_and_grad(loss), constants=(masks, amplitudes))
picture = rng.normal(size=(32, 32)) + 1j * rng.normal(size=(32, 32))
velocity, losses, states = 0, [], {}
for step in range(301):
    value, g = gradient(picture)
    losses.append(value)
    if step in (0, 60, 300):
        shared = np.vdot(picture, truth)
        states[f"step {step}"] = picture * shared / abs(shared)
    velocity = 0.8 * velocity - 0.05 * np.conj(g)
    picture = picture + velocity

figure, axes = plt.subplot_mosaic(
    [["step 0", "step 60", "step 300", "truth", "loss"]], figsize=(10, 2.5), layout="constrained",
    width_ratios=(1, 1, 1, 1, 1.3),
)  # fmt: skip
for name, z in (states | {"truth": truth}).items():
    colours = plt.get_cmap("hsv")(np.angle(z) / (2 * np.pi) + 0.5)[..., :3]
    tg.viz.image(axes[name], colours * np.clip(np.abs(z) / 1.2, 0, 1)[..., None], name)
axes["loss"].semilogy(losses)
axes["loss"].set_title("loss", fontsize=9)
axes["loss"].set_xlabel("step")
plt.show()
