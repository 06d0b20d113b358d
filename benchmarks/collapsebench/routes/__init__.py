"""What is done to real rows to make a candidate."""
