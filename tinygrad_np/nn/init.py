"""Initialisers: first values of filters and weights, and trees of them for each layer."""

__all__: list[str] = []
