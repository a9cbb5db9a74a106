"""Optimisers as plain functions: (parameters, gradients, state) → (parameters, state)."""

__all__: list[str] = []
