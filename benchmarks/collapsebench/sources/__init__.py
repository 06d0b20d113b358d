"""Real data to make candidates from."""
