"""The report people read: self-contained HTML."""

from .render import render

__all__ = ["render"]
