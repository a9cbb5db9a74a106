"""The core: NumPy code that differentiates itself, to be read in an evening, in this order.

1. `dispatch`: how an array function of ours finds a Tensor among its arguments.
2. `signature`, `axes`, `table`: a row is an array function and its derivative.
3. `rules`: the rows of arithmetic, elementary functions, sums, shapes, indexing and products. The
   text of a rule runs on arrays, and on Tensors where the derivative is itself differentiated.
4. `plan`, `graph`, `sweep`: what a call keeps for its derivative; nodes; the reverse and forward
   sweeps, which know no operation by name.
5. `calls`, `tensor`: a value and the node that made it; how a call is carried out.
   `refusals`: what would lose the gradient, and raises.
6. `tree`, `argnums`, `transforms`, `jacobians`: grad, vjp, jvp, hvp, jacobian and hessian.
7. `geometry`, `windows`: pad, windows, product, and their adjoints.
8. `network`, `losses`, `optim`: convolution, pooling, dense; log-loss, cross-entropy; a step.

`arrays` has what all of them ask of an array, `hooks` what layers above it install. The folder
imports nothing but NumPy and the standard library; copied alone, under any name, it trains the
posts' networks.

Layers above it hang themselves in by a few hooks. `hooks` has an observer (`debug/`, and `fast/`
while it traces), an explainer (`debug/`), a resolver of rows that the table lacks (`rules/`), a
writer of functions for rules and calls, and the memory of large results (`fast/`). `table.replace`
and `dispatch.use` put a faster kernel or rule in a plain one's place, and `graph.LazyArray` stands
for a cotangent that is not made (`fast/`). `tensor.add_methods` adds NumPy's methods, and a row
with `carry_out` carries itself out (`rules/`). `graph.Graph` gets its `_repr_svg_`, a picture for
notebooks (`viz/`). Without them everything computes the same.

>>> import numpy as np
>>> def loss(w):
...     return log_loss_with_logits(dense(np.array([[1.0, 2.0]]), w), np.array([[1.0]]))
>>> value_and_grad(loss)(np.zeros((2, 1)))[1].ravel()
array([-0.5, -1. ])
"""

from . import tree
from .jacobians import hessian, jacobian
from .losses import cross_entropy, log_loss, log_loss_with_logits
from .network import (
    average_pool,
    conv2d,
    dense,
    flatten,
    log_softmax,
    max_pool,
    relu,
    sigmoid,
    softmax,
)
from .optim import sgd
from .sweep import FreedGraphError
from .tensor import Tensor
from .transforms import grad, hvp, jvp, stop_gradient, value_and_grad, vjp

__all__ = [
    "FreedGraphError",
    "Tensor",
    "average_pool",
    "conv2d",
    "cross_entropy",
    "dense",
    "flatten",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "log_loss",
    "log_loss_with_logits",
    "log_softmax",
    "max_pool",
    "relu",
    "sgd",
    "sigmoid",
    "softmax",
    "stop_gradient",
    "tree",
    "value_and_grad",
    "vjp",
]
