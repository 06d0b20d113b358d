"""Benchmarks of the data engine; `make bench-data` runs them all."""
