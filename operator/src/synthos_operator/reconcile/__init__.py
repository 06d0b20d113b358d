"""Deciding: a frozen snapshot in, a Plan out. No I/O, no clock, no client, no async."""
