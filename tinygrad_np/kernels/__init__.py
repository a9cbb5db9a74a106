"""Array functions that NumPy lacks, on plain arrays; given a Tensor, they are recorded.

- `windows`: pad, windows, unwindows: gathering what a filter sees, and adding it up again.
- `products`: product and its two adjoints: windows times filters.
- `pooling`: the largest element of every window.
- `softmax`: logsumexp, softmax, log_softmax and the cross-entropy of class labels.
- `elementwise`: relu, step, sigmoid, logistic_loss, cast.
- `factors`: svd_factors, qr_factors, and what rules have to know about a matrix.
- `scatter`: scatter_add, the adjoint of indexing.
- `geometry`: how many windows fit, what to pad: integers only, cached.
- `dispatch`: the decorator by which all of these reach a Tensor.
"""
