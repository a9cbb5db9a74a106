"""Eight optimisers in Rosenbrock's valley
=======================================

The valley is a bent groove with a flat bottom: to come down its walls is easy, to follow it to the
minimum at (1, 1) is not. An optimiser is a function of parameters, gradients and a state, so eight
of them are eight entries of a dict, with the rates that they need here. Above each path stands the
value at its end.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_np as tg


def rosenbrock(x):
    """0 at (1, 1)."""
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


optimisers = {
    "sgd": (tg.optim.sgd, {"rate": 1e-3}),
    "sgd, momentum": (tg.optim.sgd, {"rate": 1e-3, "momentum": 0.9}),
    "sgd, Nesterov": (tg.optim.sgd, {"rate": 1e-3, "momentum": 0.9, "nesterov": True}),
    "adagrad": (tg.optim.adagrad, {"rate": 0.3}),
    "adadelta": (tg.optim.adadelta, {"rate": 2.0}),
    "rmsprop": (tg.optim.rmsprop, {"rate": 0.01}),
    "adam": (tg.optim.adam, {"rate": 0.05}),
    "nadam": (tg.optim.nadam, {"rate": 0.05}),
}

# %%
# 600 steps each, all from the same place.
gradient = tg.jit(tg.grad(rosenbrock))
paths = {}
for name, (optimiser, options) in optimisers.items():
    x, state = np.array([-1.5, 1.8]), None
    paths[name] = [x]
    for _ in range(600):
        x, state = optimiser(x, gradient(x), state, **options)
        paths[name].append(x)

grid = np.stack(np.meshgrid(np.linspace(-2, 2, 201), np.linspace(-1.2, 3, 211)))
figure, axes = plt.subplots(2, 4, figsize=(10, 5.4), layout="constrained", sharex=True, sharey=True)
for place, (name, path) in zip(axes.flat, paths.items(), strict=True):
    place.contour(*grid, np.log1p(rosenbrock(grid)), 12, colors="0.8", linewidths=0.7)
    place.plot(*np.transpose(path), color="C0", linewidth=1)
    place.plot(*path[-1], "o", color="C1", markersize=6)
    place.plot(1, 1, "k+", markersize=9)
    place.set_title(f"{name}: {rosenbrock(path[-1]):.1g}", fontsize=10)
    place.set(xticks=[], yticks=[], xlim=(-2, 2), ylim=(-1.2, 3))
plt.show()
