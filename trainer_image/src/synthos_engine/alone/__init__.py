"""What a dataset shows by itself, where there is no reference to compare it with."""

from .assess import assess

__all__ = ["assess"]
