"""Timestamps as the Kubernetes API writes them: RFC 3339, UTC, whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> datetime:
    """Raises ValueError when `text` is no RFC 3339 timestamp."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_or_none(text: str | None) -> datetime | None:
    """None for a missing or a broken timestamp: status may have been edited by hand."""
    try:
        return parse(text) if text else None
    except ValueError:
        return None
