"""How good a classification is: `accuracy`, `top_k_accuracy`."""

__all__: list[str] = []
