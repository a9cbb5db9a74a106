"""How fast is it, beside others? ``python -m benchmarks`` measures and prints ratios.

- `cases`: what is measured: arrays to start from, and which implementation takes them.
- `libraries`: the same cases, written for each library as its users would write them.
- `worker`: a process that runs one case with one library; `__main__` alternates between them.
- `machine`: the processor, BLAS with its kernel, and the versions, which belong to every figure.
- `profiling`: where the time of our own step goes, and what its products and copies take alone.
- `data`: batches from memory, from a file, and from a thread that is ahead.
- `ratios`, `figure`: all ratios of a run, and one picture of them.
"""
