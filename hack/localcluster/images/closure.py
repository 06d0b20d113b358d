"""Which installed distributions a list of requirements stands for, by their metadata."""

from collections.abc import Iterable
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def distributions(requirements: Iterable[str]) -> dict[str, metadata.Distribution]:
    """The installed distributions that the requirements need, directly or through others, by normal name.

    What is not installed is left out, as is what a marker excludes here.
    """
    found: dict[str, metadata.Distribution] = {}
    todo = [Requirement(line) for line in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        requirement = todo.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[name] = distribution
        for line in distribution.requires or ():
            child = Requirement(line)
            if any(child.marker is None or child.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                todo.append(child)
    return found


def pins(requirements: Iterable[str]) -> list[str]:
    """`name==version` of each of these distributions, sorted."""
    return sorted(f"{name}=={found.version}" for name, found in distributions(requirements).items())
