"""`validate`: the phases of a pod, one after the other, in this process and on a local store."""

from __future__ import annotations

import hashlib
import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

from rich.console import Console
from rich.markup import escape

from synthos_api.errors import CLI_EXIT_CLEAR, CLI_EXIT_COLLAPSE, CLI_EXIT_INCONCLUSIVE, UsageError
from synthos_api.phases import REPORT, VERDICT_DOCUMENT, PhaseConfig
from synthos_api.presets import tiers_of, vocabulary_of
from synthos_api.progress import PhaseName
from synthos_api.results import VerdictName
from synthos_api.v1alpha1 import CascadeSpec, DatasetRef, TierSpec
from synthos_engine.context import PhaseContext, Preempted
from synthos_engine.data.artifacts import config_digest
from synthos_engine.data.parts import version_of
from synthos_engine.data.store import open_store
from synthos_engine.pipeline import run_phase

from .cascade_option import cascade_of
from .edge import emit, say
from .reading import dataset_ref
from .view import ProgressView

EXIT_CODES: Final[dict[VerdictName, int]] = {
    "clear": CLI_EXIT_CLEAR,
    "collapse": CLI_EXIT_COLLAPSE,
    "inconclusive": CLI_EXIT_INCONCLUSIVE,
}
WORK_FOLDER: Final = "artifacts"


def validate_command(
    dataset: str, reference: str | None, cascade: str | None, out: str, *, thorough: bool, seed: int, as_json: bool
) -> int:
    """Run all phases and write DIR/verdict.json and DIR/report.html; returns the exit code."""
    folder = Path(out).expanduser().absolute()
    if "://" in out or (folder.exists() and not folder.is_dir()):
        raise UsageError("--out is a folder of this machine").at(out)
    # The inputs first: a wrong path must not wait for PyTorch to load.
    inputs = [(ref, version_of(ref.uri)) for ref in map(dataset_ref, filter(None, (dataset, reference)))]
    chosen = cascade_of(cascade)
    base = _config(inputs, chosen, seed, stop_when_certain=chosen.stop_when_certain or not thorough)
    work = folder / WORK_FOLDER / _digest(base, [version for _, version in inputs])
    base = base.model_copy(update={"artifacts_uri": str(work)})
    store = open_store(str(work))
    with ProgressView() as view, _stop_on_interrupt() as stop:
        for part, config in _phases(base):
            view.begin(part)
            try:
                run_phase(PhaseContext(config, store, report=view.report, stop=stop))
            except Preempted:
                raise KeyboardInterrupt from None
            view.end()
    target = open_store(str(folder))
    document = store.read_bytes(VERDICT_DOCUMENT)
    target.write_bytes("verdict.json", document)
    target.write_bytes("report.html", store.read_bytes(REPORT))
    verdict: dict[str, Any] = json.loads(document)
    if as_json:
        emit(verdict)
    else:
        _summary(verdict, folder)
    return EXIT_CODES[verdict["verdict"]]


@contextmanager
def _stop_on_interrupt() -> Iterator[threading.Event]:
    """The first Ctrl-C lets the phase save its state and stop; the second ends at once."""
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        say("synthos: stopping; the same call continues from here")

    signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _config(
    inputs: list[tuple[DatasetRef, str]], cascade: CascadeSpec, seed: int, *, stop_when_certain: bool
) -> PhaseConfig:
    tiers = tiers_of(cascade)
    dataset = inputs[0][0]
    return PhaseConfig(
        phase="Profile",
        run=f"local/{Path(dataset.uri).stem}"[:512],
        dataset=dataset,
        reference=inputs[1][0] if len(inputs) > 1 else None,
        artifacts_uri="unset",
        seed=seed,
        architecture=cascade.architecture,
        vocab_size=vocabulary_of(cascade),
        target_model_size=cascade.target_model_size,
        sample_rows=max(tier.training_rows for tier in tiers),
        tiers=tiers,
        stop_when_certain=stop_when_certain,
    )


def _digest(config: PhaseConfig, versions: list[str]) -> str:
    """Folder of the artifacts: another one as soon as data, options or seed differ."""
    return hashlib.sha256("\n".join([config_digest(config), *versions]).encode()).hexdigest()[:12]


def _phases(base: PhaseConfig) -> list[tuple[str, PhaseConfig]]:
    def step(phase: PhaseName, tier: int | None = None) -> PhaseConfig:
        return base.model_copy(update={"phase": phase, "tier": tier})

    tiers = [(_words(tier), step("Cascade", tier.tier)) for tier in base.tiers]
    return [("profile", step("Profile")), *tiers, ("verdict", step("Verdict"))]


def _words(tier: TierSpec) -> str:
    return f"tier {tier.tier}"


def _summary(verdict: dict[str, Any], folder: Path) -> None:
    out = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    risk = verdict["risk_score"]
    out.print(f"[bold]{verdict['verdict'].upper()}[/bold]" + ("" if risk is None else f"  (risk {risk} of 100)"))
    out.print(escape(verdict["reason"]))
    effect = verdict["effect"]
    if effect.get("excess_loss") is not None:
        interval = effect.get("interval")
        bounds = f", 95 % interval {interval[0]:+.2%} to {interval[1]:+.2%}" if interval else ""
        out.print(f"Loss on real data, relative to training on the reference: {effect['excess_loss']:+.2%}{bounds}")
    if verdict["mechanism"] not in ("none", "other"):
        out.print(f"Mechanism: {verdict['mechanism']}")
    out.print(f"verdict: {escape(str(folder / 'verdict.json'))}")
    out.print(f"report:  {escape(str(folder / 'report.html'))}")
