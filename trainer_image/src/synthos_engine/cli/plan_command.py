"""`plan`: what a ValidationRun would take, from synthos_api.cost and stated assumptions."""

from __future__ import annotations

import sys
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from synthos_api.cost import (
    ASSUMED_MFU,
    FLOPS_PER_PARAMETER_AND_TOKEN,
    H200_PEAK_FLOPS,
    SECONDS_PER_HOUR,
    cost_usd,
    gpu_hours,
    planned_flops,
    planned_tokens,
)
from synthos_api.errors import UsageError
from synthos_api.presets import tiers_of
from synthos_api.v1alpha1 import RUN_KIND, TierSpec, ValidationRunSpec

from .cascade_option import checked_cascade, first_problem, read_document
from .edge import emit


def plan_command(path: str, *, as_json: bool) -> None:
    plan = plan_of(_spec(path))
    if as_json:
        emit(plan)
    else:
        _print(plan)


def plan_of(spec: ValidationRunSpec) -> dict[str, Any]:
    """The plan as a JSON document. Hours and money are rounded; FLOPs are exact products."""
    twins = 2 if spec.reference else 1
    price = spec.budget.gpu_hour_usd
    tiers = tiers_of(spec.cascade) if spec.through in ("Cascade", "Verdict") else ()
    rows = [_tier(tier, twins, price) for tier in tiers]
    cost = sum(row["cost_usd"] for row in rows)
    # The time of a tier on CPUs is not known, and so not that of all tiers either.
    known = all(row["wall_hours"] is not None for row in rows)
    wall = sum(row["wall_hours"] for row in rows) if known else None
    limit = spec.budget.max_cost_usd
    return {
        "tiers": rows,
        "total": {
            "models": sum(row["models"] for row in rows),
            "flops": sum(row["flops"] for row in rows),
            "gpu_hours": round(sum(row["gpu_hours"] for row in rows), 4),
            "wall_hours": None if wall is None else round(wall, 4),
            "cost_usd": round(cost, 2),
        },
        "budget": {"max_cost_usd": limit, "within": None if limit is None else cost <= limit},
        "deadline": {
            "seconds": spec.deadline_seconds,
            "within": None if wall is None else wall * SECONDS_PER_HOUR <= spec.deadline_seconds,
        },
        "assumptions": _assumptions(spec, twins, rows),
    }


def _tier(tier: TierSpec, twins: int, price: float) -> dict[str, Any]:
    flops = planned_flops(tier) * twins
    gpus = tier.gpus * tier.nodes
    hours = gpu_hours(flops) if gpus else 0.0
    return {
        "tier": tier.tier,
        "models": tier.variants * twins,
        "parameters": tier.model_size,
        "tokens_per_model": planned_tokens(tier),
        "flops": flops,
        "gpus": gpus,
        "gpu_hours": round(hours, 6),
        "wall_hours": round(hours / gpus, 6) if gpus else None,
        "cost_usd": round(cost_usd(hours * SECONDS_PER_HOUR, price), 4),
    }


def _assumptions(spec: ValidationRunSpec, twins: int, rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return [f"through {spec.through} no model is trained and no GPU is asked for; CPU time is not planned"]
    price = spec.budget.gpu_hour_usd
    lines = [
        f"{FLOPS_PER_PARAMETER_AND_TOKEN} FLOPs for each parameter and token (forward and backward)",
        f"one H200 at {H200_PEAK_FLOPS / 1e12:g} TFLOP/s (bfloat16, dense) and {ASSUMED_MFU:.0%} of it used: "
        "assumed, not measured; small models use less",
        f"{price:g} USD for an hour of one GPU, for the time the GPUs compute",
        "all GPUs of a tier work all the time; tiers run one after another",
        "not counted: reading and profiling the data (CPU), start of pods, waiting for GPUs, the verdict",
    ]
    if any(not row["gpus"] for row in rows):
        lines.append("a tier that asks for no GPU runs on CPUs, whose speed is not assumed: no hours, no cost")
    if twins == 2:
        lines.append("with a reference each model has a twin of equal size, so everything counts twice")
    return lines


def _spec(path: str) -> ValidationRunSpec:
    document = read_document(path)
    if not isinstance(document, dict) or document.get("kind") != RUN_KIND or not isinstance(document.get("spec"), dict):
        raise UsageError(f"is no {RUN_KIND}").at(path)
    checked_cascade(document["spec"].get("cascade", {}), path)
    try:
        return ValidationRunSpec.model_validate(document["spec"], extra="forbid")
    except ValidationError as error:
        raise UsageError(f"spec.{first_problem(error)}").at(path) from error


def _short(number: float) -> str:
    """76000000 as 76M."""
    for unit, size in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:g}"


def _hours(number: float | None) -> str:
    return "–" if number is None else f"{number:,.3g}"


def _print(plan: dict[str, Any]) -> None:
    out = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    table = Table("tier", "models", "size", "tokens", "FLOPs", "GPUs", "GPU-h", "hours", "USD")
    for row in plan["tiers"]:
        table.add_row(
            str(row["tier"]),
            str(row["models"]),
            _short(row["parameters"]),
            _short(row["tokens_per_model"]),
            f"{row['flops']:.1e}",
            str(row["gpus"]),
            f"{row['gpu_hours']:,.3g}",
            _hours(row["wall_hours"]),
            f"{row['cost_usd']:,.2f}",
        )
    total = plan["total"]
    table.add_section()
    table.add_row(
        "all",
        str(total["models"]),
        "",
        "",
        f"{total['flops']:.1e}",
        "",
        f"{total['gpu_hours']:,.3g}",
        _hours(total["wall_hours"]),
        f"{total['cost_usd']:,.2f}",
    )
    out.print(table)
    if plan["budget"]["within"] is not None:
        words = "within" if plan["budget"]["within"] else "ABOVE"
        out.print(f"{words} the budget of {plan['budget']['max_cost_usd']:,.2f} USD")
    if plan["deadline"]["within"] is False:
        out.print(f"LONGER than the deadline of {plan['deadline']['seconds'] / SECONDS_PER_HOUR:,.1f} hours")
    for line in plan["assumptions"]:
        out.print(f"- {line}")
