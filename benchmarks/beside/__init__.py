"""The examples beside the same in PyTorch and in Keras: ``python -m benchmarks.beside``."""
