"""report.html: the verdict for a reader, self-contained; every text that comes from data is escaped."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import jinja2

from synthos_api.results import Effect, ModelResult, PreScreenResult, ProfileResult, VerdictDocument
from synthos_engine.verdict import BENIGN_BOUND, COLLAPSE_BOUND

from .plots import comparison, loss_curves
from .profile_section import section_of

CASCADE_FILE = "cascade.json"
STATISTICS = "dimension_statistics"
"""Facts of the dataset that have a table of their own."""


def render(document: VerdictDocument, models: Sequence[ModelResult], profile: Mapping[str, Any] | None = None) -> str:
    """The report of a verdict.

    Args:
        models: in the order they are to be shown.
        profile: what the profile's artifact keeps beyond its outcome, for the section on the dataset.
    """
    measured = bool(document.effect.rungs) or any(model.paired for model in models)
    return (
        _environment()
        .get_template("template.html")
        .render(
            verdict=document,
            section=section_of(profile or {}),
            dataset=_text(document.dataset.get("uri")),
            reference=_text(document.dataset.get("reference_uri")),
            facts=_facts(document),
            comparison=comparison(models, document.effect, BENIGN_BOUND, COLLAPSE_BOUND) if measured else "",
            curves=loss_curves(models) if any(model.loss_curve for model in models) else "",
            dimensions=[dimension for dimension in document.dimensions if dimension.score is not None],
            statistics=document.dataset.get(STATISTICS, {}),
            models=models,
            missing=_missing(document),
            command=_command(document),
            cascade=_cascade_file(document),
            cascade_file=CASCADE_FILE,
            benign=BENIGN_BOUND,
            collapse=COLLAPSE_BOUND,
        )
    )


def render_profile(dataset: str, profile: ProfileResult, screened: PreScreenResult, extra: Mapping[str, Any]) -> str:
    """The profile of a dataset as a page of its own; `extra` as in `render`."""
    return (
        _environment()
        .get_template("profile_page.html")
        .render(
            dataset=dataset,
            profile=profile,
            screened=screened,
            section=section_of(extra),
            fingerprint=sorted(profile.fingerprint.items()),
        )
    )


def _environment() -> jinja2.Environment:
    def load(name: str) -> str:
        return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, loader=jinja2.FunctionLoader(load)
    )
    environment.filters |= {"percent": _percent, "bits": lambda value: "" if value is None else f"{value:.3f}"}
    return environment


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:+.1f} %"


def _facts(document: VerdictDocument) -> list[tuple[str, str]]:
    effect = document.effect
    facts = [
        ("Excess loss", _percent(effect.excess_loss)),
        ("95 % interval", " to ".join(_percent(end) for end in effect.interval) if effect.interval else ""),
        *((f"Excess loss, {rung.model}", _measured(rung.excess_loss, rung.interval)) for rung in effect.rungs),
        ("Added to the reference", _added(effect)),
        ("Risk score", "" if document.risk_score is None else f"{document.risk_score} of 100"),
        ("Severity", document.severity),
        ("Mechanism", document.mechanism),
        ("Type", document.collapse_type),
        ("Mode", document.mode.replace("_", " ")),
        *((_heading(k), _text(v)) for k, v in document.dataset.items() if k != STATISTICS),
        *((_heading(key), _text(value)) for key, value in document.cascade.items() if key != "tiers"),
        ("Time", ", ".join(f"{phase} {seconds:.0f} s" for phase, seconds in document.timings.items())),
    ]
    return [(name, value) for name, value in facts if value]


def _measured(excess: float, interval: tuple[float, float] | None) -> str:
    bounds = f" ({_percent(interval[0])} to {_percent(interval[1])})" if interval else ""
    return f"{_percent(excess)}{bounds}"


def _added(effect: Effect) -> str:
    if effect.added_excess_loss is None:
        return ""
    measured = _measured(effect.added_excess_loss, effect.added_interval)
    return f"{measured} loss on real rows over the reference alone, n-gram models; below zero it helps"


def _heading(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _missing(document: VerdictDocument) -> list[str]:
    missing = []
    if document.effect.excess_loss is None:
        missing.append("The effect on held-out real rows: there was no reference.")
    names = [dimension.dimension for dimension in document.dimensions if dimension.score is None]
    if names:
        missing.append(f"Health by dimension, where it does not apply or could not be measured: {', '.join(names)}.")
    if document.predicted_accuracy is None:
        missing.append("Accuracy predicted for the target size, and a scaling law.")
    if not document.regions:
        missing.append("Which rows cause the effect, ablations and recommendations.")
    if document.verdict == "collapse" and not document.collapse_type:
        missing.append("The type of collapse (A to E).")
    if document.verdict == "collapse" and not document.root_causes:
        missing.append("Root causes: without a reference, or where the smallest models show no effect to divide.")
    return missing


def _command(document: VerdictDocument) -> str:
    parts = ["synthos", "validate", _text(document.dataset.get("uri"))]
    if reference := document.dataset.get("reference_uri"):
        parts += ["--reference", _text(reference)]
    if preset := document.cascade.get("preset"):
        parts += ["--cascade", _text(preset)]
    elif document.cascade.get("tiers"):
        parts += ["--cascade", CASCADE_FILE]
    return shlex.join([*parts, "--seed", str(document.seed)])


def _cascade_file(document: VerdictDocument) -> str:
    """What CASCADE_FILE has to hold to get this verdict again; empty for a preset."""
    tiers = document.cascade.get("tiers")
    if not tiers:
        return ""
    return json.dumps({"architecture": document.cascade.get("architecture"), "tiers": tiers}, indent=1)
