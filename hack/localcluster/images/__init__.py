"""Builds the project's images and loads them into the local cluster."""
