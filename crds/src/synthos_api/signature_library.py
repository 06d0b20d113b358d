"""The signature library: what it holds, and how it is read. Its content is learnt, never written by hand.

`make signatures` writes signature_library.json beside this file from labelled datasets; docs/signatures.md
says what it is worth. A fingerprint is standardised feature by feature, z = (x − median) / scale with the
median and scale of real data; signatures are regions in that space.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError, model_validator

from .errors import InternalError
from .fingerprint import FINGERPRINT
from .results import CollapseType, Count, Fraction, Result, ShortText

SCHEMA: Final = 1
"""Of the file; raised when fields are renamed or mean something else."""
FILE: Final = "signature_library.json"
ANY: Final = "any"
"""The part for data of unknown modality: learnt from all modalities, on what diversity metrics alone tell."""

Positive = Annotated[float, Field(gt=0)]


class Scale(Result):
    """Of a feature over real data: median, and 1.48 times the median absolute deviation (both by source)."""

    median: float
    scale: Positive


class Extent(Result):
    """What a signature asks of one feature."""

    feature: ShortText
    centre: float = Field(description="In standardised units.")
    spread: Positive = Field(description="In standardised units.")
    side: Literal[-1, 0, 1] = Field(
        description="1: farther up than the centre is inside as well; -1: farther down; 0: neither."
    )
    weight: Positive = Field(description="How well the feature tells these cases from real data.")


class Outcome(Result):
    """What came of the labelled datasets inside the region when it was learnt without their source."""

    cases: Count
    collapsed: Count
    sources: Count
    families: list[ShortText] = Field(description="Generator families among them; empty for changes to real rows.")
    median_effect: float | None = Field(description="Median E1, relative excess of real-holdout loss.")


class Signature(Result):
    """A region in fingerprint space: similarity ½ at the radius, 1 at the centre and beyond it on the open sides."""

    signature_id: ShortText
    collapse_type: CollapseType = Field(description="Of most of the cases it was learnt from; empty for benign data.")
    extents: list[Extent] = Field(min_length=1)
    radius: Positive
    learnt_from: Count = Field(description="Cases.")
    outcome: Outcome
    log_odds: float = Field(description="Added to the log odds of collapse at similarity 1.")


class Part(Result):
    """Of one modality."""

    cases: Count
    collapsed: Count
    sources: list[ShortText]
    families: list[ShortText]
    base_rate: Fraction = Field(description="Share of the labelled cases that is collapsed.")
    intercept: float = Field(description="Log odds of collapse where nothing is similar.")
    scales: dict[ShortText, Scale]
    signatures: list[Signature]

    @model_validator(mode="after")
    def _scaled(self) -> Part:
        names = {extent.feature for signature in self.signatures for extent in signature.extents}
        if unknown := sorted(names - self.scales.keys()):
            raise ValueError(f"signatures use features without a scale: {', '.join(unknown)}")
        if not 0 < self.base_rate < 1:
            raise ValueError("base_rate must lie between 0 and 1")
        return self


class Library(Result):
    schema_version: Literal[1]
    fingerprint: Count = Field(description="Version of the fingerprints that it was learnt from.")
    learnt_from: ShortText = Field(description="Digest of the labelled fingerprints.")
    parts: dict[ShortText, Part] = Field(description=f"By modality, and `{ANY}`.")

    @model_validator(mode="after")
    def _named_once(self) -> Library:
        names = [signature.signature_id for part in self.parts.values() for signature in part.signatures]
        if len(names) != len(set(names)):
            raise ValueError("two signatures have the same id")
        return self


def read_library(path: Path) -> Library:
    """Raises InternalError, with the file and what is wrong with it."""
    try:
        return parsed(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InternalError(f"{path}: {_first_line(error)}") from error


def parsed(text: str) -> Library:
    """Raises ValueError: not JSON, not of this schema, or of fingerprints that mean something else."""
    found = Library.model_validate_json(text)
    if found.fingerprint != FINGERPRINT:
        raise ValueError(f"learnt from fingerprints of version {found.fingerprint}, not {FINGERPRINT}")
    return found


@cache
def library() -> Library:
    """That of the package. Raises InternalError."""
    return read_library(Path(str(files("synthos_api").joinpath(FILE))))


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return f"no signature library: {place}: {first['msg']}" if place else f"no signature library: {first['msg']}"
    return str(error)
