"""Array functions that NumPy lacks, on plain arrays; given a Tensor, they are recorded.

- `dispatch`: the decorator by which all of these reach a Tensor.
- `geometry`: how many windows fit, what to pad: integers only, cached.
- `windows`, `products`, `pooling`: gathering windows, multiplying them by filters, their largest.
- `elementwise`, `softmax`: relu, sigmoid, the log-losses, logsumexp, and what their rules need.
- `shapes`, `nested`, `scatter`: broadcasting, nested lists and indexing, each with its adjoint.
- `counting`, `factors`, `scans`, `sequences`, `special`, `values`: what a few families need.
- `tiles`, `winograd`, `promises`, `matrices`, `threads`, `memory`: the same results, faster.
"""
