"""Images of another size, and means and maxima over whole images."""

__all__: list[str] = []
