"""The curvature of a loss, while it is trained
============================================

The eigenvalues of the Hessian say how the loss is bent along each direction of the parameters. In a
small network all of them can be computed. A few directions become steep, most stay flat, and the
steepest one rises until gradient descent with this rate can just bear it, at 2 / rate. (Cohen and
others, "Gradient descent on neural networks typically occurs at the edge of stability", 2021.)
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_np as tg

rng = np.random.default_rng(1)
x = np.linspace(-1.0, 1.0, 24)[:, None]
y = np.sin(4.0 * x) + 0.5 * x
start, back = tg.tree.ravel([tg.nn.init.dense(rng, a, b) for a, b in ((1, 12), (12, 12), (12, 1))])
RATE = 0.1


def loss(vector):
    """The mean squared error of a network with two hidden layers; a vector has all parameters."""
    first, second, last = back(vector)
    hidden = np.tanh(tg.dense(x, **first))
    hidden = np.tanh(tg.dense(hidden, **second))
    return np.mean((tg.dense(hidden, **last) - y) ** 2)


# %%
# Gradient descent on all data, and the spectrum every hundred steps.
gradient = tg.jit(tg.value_and_grad(loss), constants=(x, y))
hessian = tg.jit(tg.hessian(loss), constants=(x, y))
vector, losses, spectra, steps = start.astype(float), [], [], 6000
for step in range(steps + 1):
    value, g = gradient(vector)
    losses.append(value)
    if step % 100 == 0:
        spectra.append(np.linalg.eigvalsh(hessian(vector)))
    vector = vector - RATE * g

figure, (top, below) = plt.subplots(2, 1, figsize=(8, 5.6), layout="constrained", sharex=True)
top.plot(losses, color="0.3", linewidth=1)
top.set(yscale="log", ylabel="loss")
below.plot(np.arange(0, steps + 1, 100), spectra, color="C0", linewidth=0.7, alpha=0.6)
below.axhline(2 / RATE, color="C3", linestyle="--", linewidth=1)
below.annotate(
    "2 / rate", (steps, 2 / RATE), (0, 4), textcoords="offset points", ha="right", color="C3"
)
below.set(xlabel="step", ylabel=f"{start.size} eigenvalues of the Hessian")
below.set_yscale("symlog", linthresh=0.01)
for axes in (top, below):
    axes.spines[["top", "right"]].set_visible(False)
plt.show()
