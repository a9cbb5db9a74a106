"""Attention, embeddings and encodings of positions."""

__all__: list[str] = []
