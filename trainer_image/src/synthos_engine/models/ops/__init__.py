"""Numerical kernels of the models."""
