"""The `synthos` command."""
