"""Names of ValidationRuns, derived from the identifiers of a request and from nothing else.

The same identifiers give the same name on every replica and after every restart; that is what lets
a repeated call find its run again.
"""

from __future__ import annotations

import re
from typing import Final

from synthos_operator.specs.names import LABEL_LIMIT, bounded, digest

_LABEL: Final = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_DIGEST_CHARS: Final = 10


def validation_run_name(validation_id: str) -> str:
    """The id itself where it is a DNS label (RFC 1035), else a readable part of it and a hash."""
    if len(validation_id) <= LABEL_LIMIT and _LABEL.fullmatch(validation_id):
        return validation_id
    return bounded(validation_id, digest(validation_id, chars=_DIGEST_CHARS), LABEL_LIMIT)


def profile_run_name(dataset_id: str, uri: str, data_format: str, repeat: int = 1) -> str:
    """Name of the run that profiles a dataset; `repeat` counts the runs after a failed one."""
    suffix = f"profile-{digest(dataset_id, uri, data_format, chars=_DIGEST_CHARS)}"
    return bounded(dataset_id, suffix if repeat == 1 else f"{suffix}-{repeat}", LABEL_LIMIT)
