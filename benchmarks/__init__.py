"""How fast is it, beside others? ``python -m benchmarks`` measures and prints ratios.

- `cases`: what is measured: data, and the parameters to start from.
- `tinygrad_np_library`, `numpy_loop`: the same cases, written for each library.
- `worker`: a process that runs one case with one library; `__main__` alternates between them.
"""
