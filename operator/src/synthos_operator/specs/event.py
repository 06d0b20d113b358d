"""core/v1 Events, which `kubectl describe` shows."""

from __future__ import annotations

from typing import Literal

from synthos_operator.config import KubeObject

from . import labels
from .owners import Owner

MAX_MESSAGE_BYTES = 1024
"""Limit of the API for an Event's message."""


def build_event(
    *,
    namespace: str,
    name: str,
    about: Owner,
    reason: str,
    message: str,
    kind: Literal["Normal", "Warning"],
    timestamp: str,
) -> KubeObject:
    """An Event whose name the caller derives from what happened, so that posting it twice is harmless."""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace, "labels": {labels.MANAGED_BY: labels.MANAGER}},
        "involvedObject": {
            "apiVersion": about.api_version,
            "kind": about.kind,
            "name": about.name,
            "namespace": namespace,
            "uid": about.uid,
        },
        "type": kind,
        "reason": reason,
        "message": message.encode()[:MAX_MESSAGE_BYTES].decode(errors="ignore"),
        "source": {"component": labels.MANAGER},
        "reportingComponent": labels.MANAGER,
        "firstTimestamp": timestamp,
        "lastTimestamp": timestamp,
        "count": 1,
    }
