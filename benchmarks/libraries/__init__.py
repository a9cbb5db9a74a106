"""The cases written for each library, a module each, as its users would write them.

`MODULES` names the module and the layout for each library; a module is imported only in the process
that runs it. In place of a layout, "jit" and "compiled" say that a step is compiled as a whole.
"""

MODULES = {
    "tinygrad_np": ("ours", ""),
    "tinygrad_np, jit": ("ours", "jit"),
    "torch": ("with_torch", "contiguous_format"),
    "torch, channels last": ("with_torch", "channels_last"),
    "torch, compiled": ("with_torch", "compiled"),
    "jax": ("with_jax", ""),
    "autograd": ("with_autograd", ""),
    "mygrad": ("with_mygrad", ""),
    "plain NumPy": ("numpy_loop", ""),
}
"""(module, option of the module) by the name of the library."""

IMPORTED = {
    "tinygrad_np, jit": "tinygrad_np",
    "torch, channels last": "torch",
    "torch, compiled": "torch",
    "plain NumPy": "numpy",
}
"""What has to be installed, where it is not called as the library."""

MAY_FAIL = ("tinygrad_np, jit", "torch, compiled")
"""What does not run everywhere, or not with every case, and is left out there with the reason:
PyTorch compiles C++, and our own `jit` refuses what it could not replay."""
