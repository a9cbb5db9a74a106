"""A derivative, drawn
===================

The sine and its derivative.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_np as tg

x = np.linspace(0.0, 6.0, 100)
figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(x, np.sin(x), x, tg.grad(lambda t: np.sum(np.sin(t)))(x))
