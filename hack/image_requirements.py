"""Prints what an image installs, read from pyproject.toml: `image_requirements.py EXTRA [--without NAME ...]`,
or with `--build` what builds the project itself.

The Dockerfiles use it so that the layer with the dependencies depends on their list only. Standard library
only, since it runs before anything is installed.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path


def requirements(pyproject: str, extra: str, without: Sequence[str] = ()) -> list[str]:
    """The project's requirements with one extra, but not the projects named in `without`.

    Raises:
        KeyError: the project has no such extra.
    """
    project = tomllib.loads(pyproject)["project"]
    listed = [*project.get("dependencies", []), *project["optional-dependencies"][extra]]
    left_out = {_normal(name) for name in without}
    return [line for line in listed if _normal(re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]) not in left_out]


def build_requirements(pyproject: str) -> list[str]:
    """What builds the project's wheel."""
    return list(tomllib.loads(pyproject)["build-system"]["requires"])


def _normal(name: str) -> str:
    """A project's name as packaging tools compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    """Print the requirements of the pyproject.toml in the current directory, one per line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extra", nargs="?")
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--without", action="append", default=[], metavar="NAME")
    arguments = parser.parse_args()
    if (arguments.extra is None) != arguments.build:
        parser.error("give either an extra or --build")
    pyproject = Path("pyproject.toml").read_text()
    lines = (
        build_requirements(pyproject)
        if arguments.build
        else requirements(pyproject, arguments.extra, arguments.without)
    )
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
