"""Normalisation over a batch, a layer, groups of channels or single images."""

__all__: list[str] = []
