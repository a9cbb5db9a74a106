"""How long is the weather predictable?
====================================

The Lorenz equations are a caricature of the weather. ``solve_ivp`` gives the solution together with
its derivative by the place where it began: how much a small error in today's weather becomes by
time t. It grows like exp(0.906 t) on average, with the known Lyapunov exponent of these equations,
but not evenly.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection

import tinygrad_np as tg
from tinygrad_np.scipy import integrate

times = np.linspace(0.0, 14.0, 1200)


def lorenz(t, state):
    """The change of (x, y, z), with Lorenz's own constants."""
    x, y, z = state
    return tg.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])


def solution(start):
    """(3, times)"""
    options = {"method": "DOP853", "rtol": 1e-8, "atol": 1e-8}
    return integrate.solve_ivp(lorenz, (0.0, times[-1]), start, t_eval=times, **options).y


# %%
# The Jacobian by the three numbers of the start, at all times; its norm is the factor by which the
# worst small error has grown.
start = np.array([-6.0, -8.0, 22.0])
path = solution(start)
growth = np.linalg.norm(tg.jacobian(solution, mode="forward")(start), 2, axis=(0, 2))

figure, (plane, course) = plt.subplots(
    1, 2, figsize=(10, 4.2), layout="constrained", width_ratios=(1, 1.2)
)
points = path[[0, 2]].T
drawn = LineCollection(np.stack([points[:-1], points[1:]], 1), array=np.log10(growth), lw=1.5)
plane.add_collection(drawn)
plane.autoscale()
arrow = {"arrowstyle": "->", "color": "C3"}
plane.annotate("start", (start[0], start[2]), (-17, 8), color="C3", arrowprops=arrow)
plane.set(xlabel="x", ylabel="z")
bar = figure.colorbar(drawn, ax=plane, label="growth of an error")
bar.set_ticks(range(6), labels=[f"$10^{k}$" for k in range(6)])
course.semilogy(times, growth, "C0")
course.semilogy(times, np.exp(0.906 * times), "k--", linewidth=1)
course.annotate("exp(0.906 t)", (9.0, np.exp(0.906 * 9.0)), (-75, 8), textcoords="offset points")
course.set(xlabel="time", ylabel="growth of an error")
for axes in (plane, course):
    axes.spines[["top", "right"]].set_visible(False)
plt.show()
