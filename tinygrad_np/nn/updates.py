"""Around an optimiser: clipped gradients, averages of weights, masks, several batches a step."""

__all__: list[str] = []
