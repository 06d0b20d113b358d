"""Names of every object the operator makes: a readable prefix, then a hash that makes it unique.

Deterministic, so that creating an object twice is found out by its name. The hash covers the run's
UID: a run that is deleted and created again under the same name gets other names, and never meets
the objects of its predecessor while the garbage collector still removes them.
"""

from __future__ import annotations

import hashlib
import re

LABEL_LIMIT = 63
"""Job names become the value of the label `job-name` and (Indexed Jobs) part of a host name: a DNS label."""

JOB_LIMIT = LABEL_LIMIT - len("-63")
"""Room for the index of an Indexed Job's pod host name."""

EVENT_LIMIT = 253
_HASH_CHARS = 8


def digest(*parts: object, chars: int = _HASH_CHARS) -> str:
    """A short hexadecimal hash; parts are kept apart, so ("a", "bc") differs from ("ab", "c")."""
    joined = "\x00".join(str(part) for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:chars]


def dns_label(text: str) -> str:
    """Lower-case letters, digits and hyphens, starting with a letter and ending with no hyphen."""
    clean = re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")
    return clean if clean[:1].isalpha() else f"r-{clean}".rstrip("-")


def bounded(prefix: str, suffix: str, limit: int) -> str:
    """`prefix-suffix`, the prefix cut so that the whole has at most `limit` characters."""
    room = limit - len(suffix) - 1
    return f"{dns_label(prefix)[:room].rstrip('-')}-{suffix}"


def step_name(phase: str, tier: int | None) -> str:
    """`profile`, `tier-2` or `verdict`: what a step is called in names, labels and events."""
    return f"tier-{tier}" if tier is not None else phase.lower()


def tier_name(*, run: str, run_uid: str, tier: int) -> str:
    return bounded(run, f"tier-{tier}-{digest(run_uid, 'tier', tier)}", LABEL_LIMIT)


def job_name(*, run: str, run_uid: str, step: str, attempt: int) -> str:
    return bounded(run, f"{step}-{attempt}-{digest(run_uid, step, attempt)}", JOB_LIMIT)


def event_name(*, run: str, run_uid: str, reason: str, subject: str, attempt: int | str, order: int) -> str:
    """`order` sorts the events of one second, which kubectl otherwise shows in the order of their names."""
    return bounded(run, f"{order:04d}-{digest(run_uid, reason, subject, attempt, chars=16)}", EVENT_LIMIT)


def label_value(text: str) -> str:
    """A valid label value: the text itself where it fits, else cut and hashed."""
    if len(text) <= LABEL_LIMIT:
        return text
    return f"{text[: LABEL_LIMIT - _HASH_CHARS - 1].rstrip('-._')}-{digest(text)}"


def artifacts_uri(*, base: str, namespace: str, run: str, run_uid: str) -> str:
    """Folder of one run's artifacts; a new run of the same name never reads its predecessor's."""
    return f"{base.rstrip('/')}/{namespace}/{run}-{digest(run_uid)}"
