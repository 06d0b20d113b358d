"""HDF5 and Excel: parsed in a process of its own (`synthos_engine.isolated`), read here as an Arrow stream.

Their libraries want a file on disk, so an S3 object is copied to a temporary file first.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, cast

import pyarrow as pa
import pyarrow.ipc

import synthos_engine.isolated
from synthos_api import errors
from synthos_api.errors import CorruptData, DatasetTooLarge, OutOfMemory, SynthosError
from synthos_engine.isolated.protocol import MEMORY_BYTES

from ..location import LocalPath
from ..source import Source
from ..storage_errors import storage_errors
from .valid import check_values

SECONDS: Final = {"HDF5": 60, "EXCEL": 600}
"""How long the parser may take: for a slice of an HDF5 dataset, for a whole workbook."""
MAX_COPIED_BYTES: Final = 64 * 1024**3
"""Of an S3 object that has to be copied."""
_PACKAGES: Final = str(Path(next(iter(synthos_engine.isolated.__path__))).parent.parent)

_START: Final = (
    "import sys; sys.path.append(sys.argv.pop(1)); from synthos_engine.isolated.__main__ import main; sys.exit(main())"
)
"""Finds this package behind everything else, wherever it was imported from."""


@dataclass(frozen=True)
class Parsed:
    """What the parser says of the file; `expected` rows follow, as an Arrow stream."""

    rows: int
    notes: tuple[str, ...]
    expected: int
    _process: Any
    _said: IO[bytes]

    def batches(self, source: Source) -> Iterator[pa.RecordBatch]:
        """The rows, checked. Raises what the parser says where it ends before the last of them."""
        seen = 0
        try:
            for batch in pa.ipc.open_stream(self._process.stdout):
                check_values(batch, source, seen)
                seen += batch.num_rows
                yield batch
        except (pa.ArrowException, OSError, StopIteration) as error:
            raise _failure(self._process, self._said) from error
        if seen != self.expected:
            raise _failure(self._process, self._said)


def local_copy(source: Source) -> tuple[str, Any]:
    """Path of the file, or of a copy and what removes it when it is dropped. Raises DatasetTooLarge."""
    if isinstance(source.location, LocalPath):
        return str(source.location.path), None
    if source.size > MAX_COPIED_BYTES:
        words = f"{source.size} bytes; at most {MAX_COPIED_BYTES} are copied from S3 for this format"
        raise DatasetTooLarge(words).at(source.text)
    copy = tempfile.NamedTemporaryFile(prefix="synthos-")  # noqa: SIM115 (removed when it is dropped)
    with source.open() as content, storage_errors(source.text):
        shutil.copyfileobj(content, copy, 8 * 1024 * 1024)
        copy.flush()
    return copy.name, copy


@contextmanager
def parsed(source: Source, path: str, file_format: str, **options: Any) -> Iterator[Parsed]:
    """Starts the parser; ends it with the context. Raises what the parser refuses, with the file's name."""
    settings = json.dumps({"seconds": SECONDS[file_format], **options})
    call = [sys.executable, "-P", "-c", _START, _PACKAGES, file_format, path, settings]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(call, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        stream = cast(BinaryIO, process.stdout)
        try:
            line = stream.readline()
            if not line.endswith(b"\n"):
                raise _failure(process, said)
            header = json.loads(line)
            rows = int(header["rows"])
            expected = min(rows, options.get("first") or rows)
            yield Parsed(rows, tuple(header["notes"]), expected, process, said)
        except SynthosError as error:
            raise error.at(source.text) from error.__cause__
        finally:
            stream.close()
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()


def _failure(process: subprocess.Popen[bytes], said: IO[bytes]) -> SynthosError:
    """Why the rows ended early."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    said.seek(0)
    for line in reversed(said.read().splitlines()):
        if line.startswith(b'{"error": '):
            refused = json.loads(line)
            error: SynthosError = getattr(errors, refused["error"])(refused["message"])
            return error.at(row=refused["row"])
    code = process.returncode
    if code == -signal.SIGALRM:
        return CorruptData("the parser did not come to an end in time; the file is damaged or too large")
    if code == -signal.SIGKILL:
        return OutOfMemory("the parser was killed, most likely for want of memory")
    words = f"status {code}" if code is None or code >= 0 else signal.Signals(-code).name
    gigabytes = MEMORY_BYTES // 1024**3
    return CorruptData(
        f"the parser failed ({words}): the file is damaged, or needs more than {gigabytes} GiB of memory"
    )
