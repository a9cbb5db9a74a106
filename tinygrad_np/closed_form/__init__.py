"""Gradients derived by hand, to hold against those of reverse mode.

The formulas of *Convolutional Neural Networks using Numpy*, parts 1 and 2, and of the layers
around them, written out with NumPy and SciPy alone: nothing here knows of Tensors or of any other
code of this project, so agreement with it is evidence.

A function has the name of its layer, its gradient that name and the operand by which it
differentiates: `convolution`, `convolution_filters`, `convolution_images`. Where the formula does
not need an operand, the cotangents ∂L/∂y stand in its place; else they follow the operands. A
network has its loss, `ten_class_loss`, and the gradient of that by the parameters, `ten_class`, and
by the images, `ten_class_images`: what `check.compare` asks for.

Images are (n, rows, columns, channels), filters (rows, columns, in, out). Results have the dtype
that NumPy gives to the operands: float32 in, float32 out; integers count as float64. What does not
fit raises ``ValueError``, what is no real number ``TypeError``.
"""

from .convolutions import (
    convolution,
    convolution_filters,
    convolution_images,
    prepare_back,
    same_convolution,
    same_convolution_filters,
    same_convolution_images,
)
from .layers import (
    average_pool,
    average_pool_images,
    cross_entropy,
    cross_entropy_logits,
    dense,
    dense_bias,
    dense_inputs,
    dense_weights,
    log_loss,
    log_loss_probabilities,
    max_pool,
    max_pool_images,
    relu,
    relu_inputs,
    sigmoid,
    sigmoid_inputs,
)
from .networks import (
    ten_class,
    ten_class_images,
    ten_class_loss,
    two_class,
    two_class_images,
    two_class_loss,
)

__all__ = [
    "average_pool",
    "average_pool_images",
    "convolution",
    "convolution_filters",
    "convolution_images",
    "cross_entropy",
    "cross_entropy_logits",
    "dense",
    "dense_bias",
    "dense_inputs",
    "dense_weights",
    "log_loss",
    "log_loss_probabilities",
    "max_pool",
    "max_pool_images",
    "prepare_back",
    "relu",
    "relu_inputs",
    "same_convolution",
    "same_convolution_filters",
    "same_convolution_images",
    "sigmoid",
    "sigmoid_inputs",
    "ten_class",
    "ten_class_images",
    "ten_class_loss",
    "two_class",
    "two_class_images",
    "two_class_loss",
]
