"""docs/collapsebench.md and its figures, from the results.

`cases` reads, `targets`, `ladder` and `groups` work out, `tables` and `figures` show, `document` puts together.
"""

from __future__ import annotations

from .document import summary, write

__all__ = ["summary", "write"]
