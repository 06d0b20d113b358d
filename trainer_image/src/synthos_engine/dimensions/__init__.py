"""Health of a dataset along six dimensions, as a statistic against the reference and a calibrated score."""

from .measure import Dimensions, Measurement, collapse_type, measure_dimensions

__all__ = ["Dimensions", "Measurement", "collapse_type", "measure_dimensions"]
