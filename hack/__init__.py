"""Tools for developing the project; nothing here is installed with it."""
