"""Losses beside the core's, with weights of classes, smoothed and ignored labels."""

__all__: list[str] = []
