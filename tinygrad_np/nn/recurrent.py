"""Recurrent layers over time: `rnn`, `lstm`, `gru`, in one or both directions."""

__all__: list[str] = []
