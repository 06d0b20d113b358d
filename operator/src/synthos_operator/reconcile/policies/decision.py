"""What a rule may decide about a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from synthos_api.errors import ErrorInfo


@dataclass(frozen=True)
class Decision:
    """`Run` goes on with the current step; the others stop whatever still runs."""

    kind: Literal["Run", "Suspend", "Cancel", "Fail", "Complete"]
    reason: str
    message: str = ""
    error: ErrorInfo | None = None

    @property
    def final(self) -> bool:
        return self.kind in ("Cancel", "Fail", "Complete")


_CATEGORY_REASON = {1: "DataError", 2: "ModelError", 3: "ResourceError", 4: "TimeoutError"}


def failed(error: ErrorInfo, where: str = "") -> Decision:
    """Fail with the reason of the error's category and a message that names code, file and place."""
    reason = _CATEGORY_REASON.get(error.code // 1000, "InternalError")
    return Decision("Fail", reason, f"error {error.code}{f' in {where}' if where else ''}: {error.message}", error)
