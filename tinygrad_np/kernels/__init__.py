"""Array functions that NumPy lacks, on plain arrays; given a Tensor, they are recorded.

- `windows`: pad, windows and its adjoint `fold`, and the index trick of the posts.
- `products`: product and its two adjoints: windows times filters.
- `pooling`: the largest element of every window, and where it is.
- `geometry`: how many windows fit, what to pad: integers only, cached.
- `softmax`: logsumexp, softmax, log_softmax and the cross-entropy of class labels.
- `elementwise`: relu, sigmoid, the log-losses, cast.
- `factors`: svd_factors, qr_factors, and what rules have to know about a matrix.
- `scatter`: scatter_add, the adjoint of indexing.
- `shapes`: expand and its adjoint sum_to.
- `nested`: array, which makes one of nested lists.
- `dispatch`: the decorator by which all of these reach a Tensor.

Which path the first three take is chosen in `fast.paths`.
"""
