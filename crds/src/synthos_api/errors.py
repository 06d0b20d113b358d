"""Errors with a code, and their three faces: exit status, JSON, and what a pod's exit code tells.

    SynthosError                    category      retryable
    ├── UsageError                  1000 range    no        (exit status 2 on the command line)
    ├── DataError                   1000 range    no
    │   ├── DatasetNotFound         1001
    │   ├── DatasetForbidden        1002
    │   ├── UnknownFormat           1003
    │   ├── EmptyDataset            1004
    │   ├── CorruptData             1005
    │   ├── SchemaMismatch          1006
    │   ├── DatasetTooLarge         1007
    │   └── DatasetTooSmall         1008
    ├── ModelError                  2000          yes
    │   └── TrainingDiverged        2001
    ├── ResourceError               3000          yes
    │   ├── OutOfMemory             3001
    │   ├── StorageUnavailable      3002
    │   ├── Unschedulable           3003
    │   ├── BudgetExceeded          3004
    │   └── ClusterUnavailable      3005
    ├── PhaseTimeout                4000          yes
    │   ├── DeadlineExceeded        4001
    │   ├── ProgressStalled         4002
    │   └── StorageTimeout          4003
    └── InternalError               5000          no
        └── ResourceConflict        5001

Categories follow the specification's table ("Error Categories").
"""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

MAX_MESSAGE_CHARS = 1024
MAX_DETAILS_CHARS = 2048


class ErrorInfo(BaseModel):
    """ErrorInfo of the wire contract, and the `error` object of the command line and of status."""

    model_config = ConfigDict(extra="forbid")

    code: int = Field(ge=1000, le=9999)
    message: str = Field(max_length=MAX_MESSAGE_CHARS)
    details: str = Field(default="", max_length=MAX_DETAILS_CHARS)
    retryable: bool = False
    retry_after_seconds: int = Field(default=0, ge=0, le=86400)


class SynthosError(Exception):
    """Base of every error a user may see. The message names the file, and the row or byte if known."""

    code: ClassVar[int] = 5000
    retryable: ClassVar[bool] = False
    retry_after_seconds: ClassVar[int] = 0

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.file: str | None = None
        self.row: int | None = None
        self.byte: int | None = None

    def at(self, file: str | None = None, *, row: int | None = None, byte: int | None = None) -> Self:
        """Attach the place (0-based row, 0-based byte offset); places already known are kept."""
        self.file = self.file or file
        self.row = self.row if self.row is not None else row
        self.byte = self.byte if self.byte is not None else byte
        return self

    def __str__(self) -> str:
        place = [self.file] if self.file else []
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.byte is not None:
            place.append(f"byte {self.byte}")
        return f"{', '.join(place)}: {self.message}" if place else self.message


class DataError(SynthosError):
    code = 1000


class UsageError(SynthosError):
    """The call or the configuration itself is wrong, before any data was read."""

    code = 1009


class DatasetNotFound(DataError):
    code = 1001


class DatasetForbidden(DataError):
    code = 1002


class UnknownFormat(DataError):
    code = 1003


class EmptyDataset(DataError):
    code = 1004


class CorruptData(DataError):
    """Truncated, ragged, or not decodable."""

    code = 1005


class SchemaMismatch(DataError):
    code = 1006


class DatasetTooLarge(DataError):
    code = 1007


class DatasetTooSmall(DataError):
    """Readable, but not enough of it to measure anything."""

    code = 1008


class ModelError(SynthosError):
    code = 2000
    retryable = True
    retry_after_seconds = 30


class TrainingDiverged(ModelError):
    code = 2001


class ResourceError(SynthosError):
    code = 3000
    retryable = True
    retry_after_seconds = 30


class OutOfMemory(ResourceError):
    code = 3001


class StorageUnavailable(ResourceError):
    code = 3002


class Unschedulable(ResourceError):
    code = 3003
    retry_after_seconds = 300


class BudgetExceeded(ResourceError):
    code = 3004
    retry_after_seconds = 3600


class ClusterUnavailable(ResourceError):
    code = 3005


class PhaseTimeout(SynthosError):
    code = 4000
    retryable = True
    retry_after_seconds = 30


class DeadlineExceeded(PhaseTimeout):
    code = 4001
    retry_after_seconds = 300


class ProgressStalled(PhaseTimeout):
    code = 4002


class StorageTimeout(PhaseTimeout):
    code = 4003


class InternalError(SynthosError):
    code = 5000


class ResourceConflict(InternalError):
    """An object with our deterministic name exists and belongs to somebody else."""

    code = 5001


def to_info(error: BaseException) -> ErrorInfo:
    """ErrorInfo of any exception; what is not a SynthosError is an internal error (5000).

    The text of an unexpected exception stays out of the message: it may quote data or a secret.
    """
    if isinstance(error, SynthosError):
        return ErrorInfo(
            code=error.code,
            message=str(error)[:MAX_MESSAGE_CHARS],
            details=error.details[:MAX_DETAILS_CHARS],
            retryable=error.retryable,
            retry_after_seconds=error.retry_after_seconds,
        )
    if isinstance(error, MemoryError):
        return to_info(OutOfMemory("out of memory"))
    return to_info(InternalError(f"unexpected {type(error).__name__}"))


# Exit codes of pods: the Job's podFailurePolicy and the operator read the category from them.
# Below 64 they cannot be mistaken for a shell's 126/127 or for 128 + signal.
POD_EXIT_SUCCESS = 0
POD_EXIT_DATA = 11
POD_EXIT_MODEL = 12
POD_EXIT_RESOURCE = 13
POD_EXIT_TIMEOUT = 14
POD_EXIT_INTERNAL = 15
POD_EXIT_PREEMPTED = 75
"""EX_TEMPFAIL: SIGTERM arrived, state was saved, a new attempt continues."""

_POD_EXIT_BY_CATEGORY = {
    1: POD_EXIT_DATA,
    2: POD_EXIT_MODEL,
    3: POD_EXIT_RESOURCE,
    4: POD_EXIT_TIMEOUT,
}
_EXAMPLE_BY_POD_EXIT: dict[int, type[SynthosError]] = {
    POD_EXIT_DATA: DataError,
    POD_EXIT_MODEL: ModelError,
    POD_EXIT_RESOURCE: ResourceError,
    POD_EXIT_TIMEOUT: PhaseTimeout,
    137: ResourceError,
}


def pod_exit_code(info: ErrorInfo) -> int:
    """The exit code a pod ends with for this error: one per category of the specification."""
    return _POD_EXIT_BY_CATEGORY.get(info.code // 1000, POD_EXIT_INTERNAL)


def from_pod_exit(exit_code: int, message: str, *, details: str = "") -> ErrorInfo:
    """What a pod's bare exit code tells when it left no termination message.

    137 is SIGKILL and no more than that: eviction, a lost node, the end of the grace period. That memory
    ran out only the container's reason says.
    """
    return to_info(_EXAMPLE_BY_POD_EXIT.get(exit_code, InternalError)(message, details=details))


CLI_EXIT_ERROR = 1
CLI_EXIT_USAGE = 2
CLI_EXIT_CLEAR = 0
CLI_EXIT_COLLAPSE = 3
CLI_EXIT_INCONCLUSIVE = 4
