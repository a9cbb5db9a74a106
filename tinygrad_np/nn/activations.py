"""Activations, elementwise: what lies between two layers."""

__all__: list[str] = []
