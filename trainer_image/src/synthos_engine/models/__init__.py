"""The model architectures, by name and size."""

from .sizes import NAMES, build_model, model_width, nearest_model, parameter_count

__all__ = ["NAMES", "build_model", "model_width", "nearest_model", "parameter_count"]
