"""Damaged files of every format against the readers: `make fuzz`, FILES=200 for each.

Seeds are what the tests write; a mutation flips bits, cuts, copies a piece elsewhere, or sets what
may be a length to an extreme. Each file is read to its end in a process of its own with limits on
time and address space. What is allowed: rows, or a SynthosError. A crash, a hang, a MemoryError or
any other exception fails. The same seed makes the same files.
"""

from __future__ import annotations

import argparse
import bz2
import collections
import gzip
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from synthos_api.errors import SynthosError
from synthos_engine.data import DatasetLoader
from synthos_engine.data.formats import parsed
from tests.unit.engine.data.tables import WRITERS, people

SECONDS = 10
MEMORY_BYTES = 12 * 1024**3
PARSER_SECONDS = 5
_ROWS = 150
_EXTREMES = (b"\x00", b"\xff", b"\x7f", b"\x80")


_COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "zst": lambda content: bytes(pa.Codec("zstd").compress(content, asbytes=True)),
}


def _places(folder: Path) -> dict[str, Path]:
    """One file of each kind that is read, compressed text among them."""
    found = {name: folder / f"{name.replace(' ', '-')}{suffix}" for name, (suffix, _) in WRITERS.items()}
    return found | {f"CSV {kind}": folder / f"compressed.csv.{kind}" for kind in _COMPRESSED}


def seeds(folder: Path) -> None:
    places = _places(folder)
    for name, (_, write) in WRITERS.items():
        write(places[name], people(_ROWS))
    for kind, compress in _COMPRESSED.items():
        places[f"CSV {kind}"].write_bytes(compress(places["CSV"].read_bytes()))


def mutated(content: bytes, source: random.Random) -> bytes:
    data = bytearray(content)
    kind = source.choice(("flip", "cut", "splice", "length"))
    if kind == "cut":
        return bytes(data[: source.randrange(1, len(data))])
    for _ in range(source.choice((1, 2, 8))):
        # Headers and footers are small beside the values: they get half of the damage.
        near = source.choice((0, len(data) - min(len(data), 2048)))
        at = source.randrange(len(data)) if source.random() < 0.5 else near + source.randrange(min(2048, len(data)))
        at = min(at, len(data) - 1)
        if kind == "flip":
            data[at] ^= 1 << source.randrange(8)
        elif kind == "length":
            size = source.choice((1, 2, 4, 8))
            data[at : at + size] = source.choice(_EXTREMES) * size
        else:
            other, size = source.randrange(len(data)), source.choice((4, 16, 200))
            data[at : at + size] = data[other : other + size]
    return bytes(data)


def outcome(path: Path) -> str:
    """`read`, the code of the refusal, or what went wrong with FAILED before it."""
    receive, send = os.pipe()
    child = os.fork()
    if not child:
        os.close(receive)
        try:
            words = read(str(path))
        except BaseException as error:  # noqa: BLE001 (what it is, is the finding)
            words = f"FAILED: {type(error).__name__}: {str(error)[:160]}"
        os.write(send, words.encode(errors="replace"))
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as file:
        words = file.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == -signal.SIGALRM:
        return "FAILED: hang"
    return words if status == 0 else f"FAILED: crash, {signal.Signals(-status).name if status < 0 else status}"


def read(path: str) -> str:
    """Reads one file whole, in this process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(SECONDS)
    parsed.SECONDS.update(HDF5=PARSER_SECONDS, EXCEL=PARSER_SECONDS)
    try:
        for batch in DatasetLoader().stream_chunks(path):
            batch.validate(full=True)
            batch.to_pylist()
    except SynthosError as error:
        if path not in str(error):
            raise
        return str(error.code)
    return "read"


def _made_apart(folder: Path) -> None:
    """Writes the seeds in a process of its own: this one only forks, so it must never start a thread."""
    child = os.fork()
    if not child:
        seeds(folder)
        os._exit(0)
    os.waitpid(child, 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", help="only those whose name begins so")
    parser.add_argument("--keep", type=Path, help="folder for files that failed")
    arguments = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        _made_apart(Path(folder))
        for name, seed in _places(Path(folder)).items():
            if not name.startswith(arguments.format or ""):
                continue
            counts: collections.Counter[str] = collections.Counter()
            for number in range(arguments.files):
                source = random.Random(f"{arguments.seed} {name} {number}")
                path = Path(folder) / f"mutated-{number}-{seed.name}"
                path.write_bytes(mutated(seed.read_bytes(), source))
                found = outcome(path)
                counts[found] += 1
                if found.startswith("FAILED"):
                    failed += 1
                    print(f"{name}, file {number}: {found}", flush=True)
                    if arguments.keep:
                        arguments.keep.mkdir(parents=True, exist_ok=True)
                        shutil.copy(path, arguments.keep)
                path.unlink()
            print(f"{name}: {arguments.files} files, {dict(sorted(counts.items()))}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
