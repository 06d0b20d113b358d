"""Measures of text that more than one part of the engine takes."""

from __future__ import annotations

import lzma
from collections.abc import Sequence


def compressed_share(rows: Sequence[bytes]) -> float:
    """Bytes after LZMA over bytes before, of rows joined by line feeds; grows as text gets shorter."""
    content = b"\n".join(rows)
    return len(lzma.compress(content, preset=1)) / len(content)
