"""The cases written for each library, a module each, as its users would write them.

`MODULES` names the module and the layout for each library; a module is imported only in the process
that runs it.
"""

MODULES = {
    "tinygrad_np": ("ours", ""),
    "torch": ("with_torch", "contiguous_format"),
    "torch, channels last": ("with_torch", "channels_last"),
    "jax": ("with_jax", ""),
    "autograd": ("with_autograd", ""),
    "mygrad": ("with_mygrad", ""),
    "plain NumPy": ("numpy_loop", ""),
}
"""(module, option of the module) by the name of the library."""

IMPORTED = {"torch, channels last": "torch", "plain NumPy": "numpy"}
"""What has to be installed, where it is not called as the library."""
