"""Results of phases as JSON artifacts: what lies at PROFILE_RESULT, `tier_result(n)` and VERDICT_RESULT.

    {"config_digest": "<sha256>", "outcome": {…PhaseOutcome…}, "extra": {…}}

`outcome` holds the result in full (nothing thinned), without its own URI and digest. `extra` is what
the phase knows beyond the contract (the profile's columns). `config_digest` tells which
configuration the result belongs to, so that a phase asked again answers at once.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import ValidationError

from synthos_api.errors import CorruptData
from synthos_api.phases import PhaseConfig, PhaseOutcome
from synthos_engine.context import Store
from synthos_engine.version import PROFILES, RESULTS, engine_version


def config_digest(config: PhaseConfig) -> str:
    """Digest of everything that decides the result, the engine included.

    Which attempt it is does not, nor what a retry changes to get through (the micro-batch).
    """
    content = config.model_dump(mode="json", exclude={"attempt", "micro_batch_divisor"})
    content["engine"] = [engine_version(), RESULTS, PROFILES]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def write_outcome(
    store: Store, name: str, config: PhaseConfig, outcome: PhaseOutcome, extra: dict[str, Any] | None = None
) -> PhaseOutcome:
    """Write the artifact; the outcome returned carries its URI and SHA-256."""
    document = {
        "config_digest": config_digest(config),
        "outcome": outcome.model_dump(mode="json", exclude={"result_uri", "sha256"}),
        "extra": extra or {},
    }
    content = json.dumps(document, allow_nan=False, ensure_ascii=False, indent=1).encode()
    store.write_bytes(name, content)
    return _placed(outcome, store, name, content)


def read_outcome(store: Store, name: str) -> PhaseOutcome:
    """The outcome in the artifact. Raises DatasetNotFound where there is none, CorruptData where it is damaged."""
    content = store.read_bytes(name)
    _, outcome = _parsed(content, store, name)
    return _placed(outcome, store, name, content)


def read_extra(store: Store, name: str) -> dict[str, Any]:
    """What the phase kept beyond its outcome."""
    content = store.read_bytes(name)
    _parsed(content, store, name)
    extra: dict[str, Any] = json.loads(content)["extra"]
    return extra


def finished_outcome(store: Store, name: str, config: PhaseConfig) -> PhaseOutcome | None:
    """The outcome of an earlier attempt with the same configuration, if there is one."""
    if not store.exists(name):
        return None
    content = store.read_bytes(name)
    try:
        digest, outcome = _parsed(content, store, name)
    except CorruptData:
        return None
    return _placed(outcome, store, name, content) if digest == config_digest(config) else None


def _parsed(content: bytes, store: Store, name: str) -> tuple[str, PhaseOutcome]:
    try:
        document = json.loads(content)
        return str(document["config_digest"]), PhaseOutcome.model_validate(document["outcome"])
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise CorruptData("not a result of a phase").at(store.uri(name)) from error


def _placed(outcome: PhaseOutcome, store: Store, name: str, content: bytes) -> PhaseOutcome:
    place = {"result_uri": store.uri(name), "sha256": hashlib.sha256(content).hexdigest()}
    return outcome.model_copy(update=place)
