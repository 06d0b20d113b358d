"""Real text that any machine with this project's environment has, and datasets made from it.

    python hack/demo_data.py OUTDIR --seed K

writes three Parquet files with one column `text`, a paragraph of documentation in each row:

* reference.parquet: trusted real rows,
* healthy.parquet: other real rows of the same source, disjoint from the reference,
* collapsed.parquet: rows generated recursively. A character n-gram model is fitted to the healthy
  rows, samples a dataset below temperature 1, the next model is fitted to that sample, and so on:
  the loop that loses the tails of the distribution (Shumailov et al. 2024, arXiv 2305.17493).

The real rows are the prose paragraphs of docstrings in packages that the engine needs anyway, so
their exact number depends on the installed versions; their order and the draws do not depend on
anything but the seed.
"""

from __future__ import annotations

import argparse
import ast
import re
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from synthos_engine.byte_ngram import ByteNgram

PACKAGES = ("numpy", "networkx", "matplotlib", "pandas", "sympy")
SHORTEST, LONGEST = 80, 800
REFERENCE_BYTES = 1_200_000
CANDIDATE_BYTES = 300_000

_NOT_PROSE = re.compile(r"^\s*(>>>|\.\.\.|\.\. |:[a-z]+:|[-=~^+|*#]{3,})", re.MULTILINE)
_LETTERS = re.compile(r"[A-Za-z ,.;'\n]")


def real_rows(packages: tuple[str, ...] = PACKAGES) -> list[str]:
    """Prose paragraphs of the packages' docstrings, each once, in the order of packages and files."""
    site = Path(sysconfig.get_paths()["purelib"])
    rows: dict[str, None] = {}
    for package in packages:
        for path in sorted((site / package).rglob("*.py")):
            if "tests" not in path.parts:
                rows.update(dict.fromkeys(_paragraphs(path)))
    return list(rows)


def _paragraphs(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for block in re.split(r"\n\s*\n", ast.get_docstring(node) or ""):
            text = " ".join(block.split())
            if SHORTEST <= len(text) <= LONGEST and _is_prose(block):
                yield text


def _is_prose(text: str) -> bool:
    return text.isascii() and not _NOT_PROSE.search(text) and len(_LETTERS.findall(text)) > 0.93 * len(text)


def draws(rows: list[str], sizes: list[int], seed: int) -> list[list[str]]:
    """Disjoint random draws of whole rows, each of at least the given number of bytes.

    Raises ValueError when the rows do not suffice.
    """
    order = iter(np.random.default_rng(seed).permutation(len(rows)))
    result: list[list[str]] = []
    for size in sizes:
        draw: list[str] = []
        total = 0
        while total < size:
            index = next(order, None)
            if index is None:
                raise ValueError(f"the {len(rows)} rows do not suffice for draws of {sizes} bytes")
            draw.append(rows[index])
            total += len(rows[index]) + 1
        result.append(draw)
    return result


def sample(
    model: ByteNgram,
    rows: int,
    temperature: float,
    rng: np.random.Generator,
    truncated: Callable[[NDArray[np.floating]], NDArray[np.floating]] = np.asarray,
) -> list[bytes]:
    """Rows written byte by byte until each has ended or has reached the longest length.

    `truncated` sets the weights of choices that are not to be taken to 0.
    """
    texts = np.zeros((rows, LONGEST), np.uint8)
    history = np.zeros(rows, np.uint64)
    alive = np.arange(rows)
    mask = np.uint64((1 << (8 * (model.order - 1))) - 1)
    for position in range(LONGEST):
        p = truncated(model.probabilities(history[alive]) ** (1 / temperature))
        cumulative = np.cumsum(p, axis=1)
        drawn = (cumulative < rng.random((len(alive), 1)) * cumulative[:, -1:]).sum(axis=1)
        texts[alive, position] = drawn
        history[alive] = ((history[alive] << np.uint64(8)) | drawn.astype(np.uint64)) & mask
        alive = alive[drawn != 0]
        if not len(alive):
            break
    return [row.tobytes().split(b"\0", 1)[0] for row in texts]


def recursive_generation(
    rows: list[str], generations: int = 3, seed: int = 0, order: int = 6, temperature: float = 0.8
) -> list[str]:
    """As many bytes as given, after `generations` rounds of fitting a model and sampling the next dataset."""
    rng = np.random.default_rng(seed)
    current = [row.encode() for row in rows]
    size = sum(map(len, current))
    for _ in range(generations):
        model = ByteNgram(current, order)
        sampled: list[bytes] = []
        total = 0
        while total < size:
            for row in sample(model, 1 + len(rows) // 8, temperature, rng):
                if total < size and row.strip():
                    sampled.append(row)
                    total += len(row)
        current = sampled
    return [row.decode("ascii", "replace") for row in current]


def write(path: Path, rows: list[str]) -> None:
    pq.write_table(pa.table({"text": pa.array(rows, pa.string())}), path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    reference, healthy = draws(real_rows(), [REFERENCE_BYTES, CANDIDATE_BYTES], arguments.seed)
    datasets = {
        "reference": reference,
        "healthy": healthy,
        "collapsed": recursive_generation(healthy, seed=arguments.seed),
    }
    arguments.outdir.mkdir(parents=True, exist_ok=True)
    for name, rows in datasets.items():
        path = arguments.outdir / f"{name}.parquet"
        write(path, rows)
        print(f"{path}: {len(rows)} rows, {sum(map(len, rows))} characters")


if __name__ == "__main__":
    main()
