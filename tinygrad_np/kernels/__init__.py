"""Array functions that NumPy lacks, on plain arrays; given a Tensor, they are recorded.

- `windows`: pad, windows, unwindows, product and its two adjoints: what a convolution is made of.
- `elementwise`: relu, step, sigmoid, logistic_loss, cast.
- `scatter`: scatter_add, the adjoint of indexing.
- `geometry`: how many windows fit, what to pad: integers only, cached.
- `dispatch`: the decorator by which all of these reach a Tensor.
"""
