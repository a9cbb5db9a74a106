"""Whom does a pixel's cotangent reach?
====================================

A convolution of stride 2 takes an image to fewer pixels. Backwards, the cotangent of each of those
pixels goes to the pixels of its window, multiplied by the filter, and where windows overlap the
parts are added. Reverse mode finds this from the transposed steps; the closed form spreads the
cotangents out (``prepare_back``) and convolves them with the filter turned around. With whole
numbers the two agree to the last bit.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_np as tg

filters = np.array([[1.0, 2.0, 1.0], [0.0, 3.0, 0.0], [-1.0, -2.0, -1.0]])[..., None, None]
image = np.arange(56.0).reshape(1, 7, 8, 1)
value, pull = tg.vjp(lambda x: tg.conv2d(x, filters, stride=2, padding=1), image)

# %%
# Two pixels of the result have a cotangent, 1 and 10. The frames are the window of the second one,
# one pixel of which lies in both windows.
cotangent = np.zeros(value.shape)
cotangent[0, 1, 1] = 1.0
cotangent[0, 2, 2] = 10.0
(by_reverse,) = pull(cotangent)

prepared = tg.closed_form.prepare_back(cotangent, (7, 8), (3, 3), stride=2, padding=1)
by_hand = tg.closed_form.convolution(prepared, filters[::-1, ::-1].swapaxes(2, 3))

figure, axes = plt.subplots(2, 2, figsize=(8, 7.4), layout="constrained")
tg.viz.numbers(axes[0, 0], cotangent[0, ..., 0], "cotangent of the result", "tab:orange")
tg.viz.box(axes[0, 0], 2, 2, 1, 1)
tg.viz.numbers(axes[0, 1], by_reverse[0, ..., 0], "by the image, in reverse mode")
tg.viz.box(axes[0, 1], 3, 3, 3, 3)
tg.viz.numbers(axes[1, 0], prepared[0, ..., 0], "closed form: prepare_back", "tab:orange")
tg.viz.numbers(axes[1, 1], by_hand[0, ..., 0], "… convolved with the turned filter")
tg.viz.box(axes[1, 1], 3, 3, 3, 3)

print("equal to the last bit:", np.array_equal(by_reverse, by_hand))
plt.show()
