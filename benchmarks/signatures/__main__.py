"""`python -m benchmarks.signatures`: measure what is missing, learn the library, write docs/signatures.md.

`--check` measures and writes nothing: exit status 1 where the package's library is not what the stored fingerprints
give. `--outside` measures the test split, for the check from outside; nothing is ever learnt from it.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib.resources import files
from pathlib import Path

from synthos_api.signature_library import FILE, Library

from . import document
from .cases import Case, stored
from .learner import learn_library
from .measure import measure

TARGET = Path(str(files("synthos_api").joinpath(FILE)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the package's library")
    parser.add_argument("--outside", action="store_true", help="measure the test split too")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no measurement after this time")
    arguments = parser.parse_args()
    if arguments.check:
        same = text_of(learn_library(development())) == TARGET.read_text("utf-8")
        print("as committed" if same else f"{TARGET.name} differs: run make signatures")
        return 0 if same else 1
    end = time.monotonic() + 60 * arguments.minutes
    failed = measure("development", end) + (measure("test", end) if arguments.outside else 0)
    library = learn_library(development())
    TARGET.write_text(text_of(library), "utf-8")
    document.write(library, development(), [case for case in stored() if case.split == "test"])
    return 1 if failed else 0


def development() -> list[Case]:
    """What is learnt from: never the test split."""
    return [case for case in stored() if case.split != "test"]


def text_of(library: Library) -> str:
    return library.model_dump_json(indent=1) + "\n"


if __name__ == "__main__":
    sys.exit(main())
