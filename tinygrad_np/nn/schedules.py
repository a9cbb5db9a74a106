"""Schedules: the rate of learning as a function of the step."""

__all__: list[str] = []
