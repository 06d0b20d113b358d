"""`python -m benchmarks.collapsebench`: label, detect, report. Every call goes on where the last one ended."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from typing import Any, get_args

import torch

from synthos_api.results import Mode

from . import labels, report, results
from .candidates import Candidate, candidates, quick
from .detect import commit, detect, failure, fitted_engine, is_measured, unfitted_engine
from .evidence import evidence
from .modalities import MODALITIES, of_source
from .pools import TooSmall
from .registration import digest
from .sources.packages import SourceUnavailable
from .workshop import CachedWorkshop

WORKERS = 2
Task = tuple[Callable[[Any], str], Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("quick", "development", "test", "evidence", "report"))
    parser.add_argument("--modality", choices=("all", *MODALITIES), default="all", help="of development and test")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin nothing new after this time")
    parser.add_argument("--mode", choices=get_args(Mode), default="with_reference", help="of the detector")
    parser.add_argument("--labels-only", action="store_true", help="measure labels, leave the detector for later")
    arguments = parser.parse_args()
    if arguments.what == "report":
        report.write()
        return 0
    if arguments.what == "evidence":
        return 1 if gather_evidence(time.monotonic() + 60 * arguments.minutes) else 0
    if arguments.what == "test" and not arguments.labels_only and commit().endswith("-dirty"):
        print("the test split is run on a commit: commit or discard your changes first", file=sys.stderr)
        return 2
    modalities = list(MODALITIES) if arguments.modality == "all" else [arguments.modality]
    chosen = quick() if arguments.what == "quick" else candidates(arguments.what, modalities)
    failed = run(
        chosen, time.monotonic() + 60 * arguments.minutes, mode=None if arguments.labels_only else arguments.mode
    )
    if arguments.what == "quick":
        print(report.summary([c.id for c in chosen]))
        print("\n".join(_beside_committed(chosen)))
    return 1 if failed else 0


def run(chosen: list[Candidate], end: float, *, mode: Mode | None) -> int:
    """Number of candidates that failed; what is known already is not measured again. No mode: labels only."""
    unlabelled = {c.id for c in _unlabelled(chosen)}
    detected, engine = results.read("detections"), fitted_engine()
    tasks: list[Task] = [(null_one, draw) for draw in _draws([c.source for c in chosen if c.id in unlabelled])]
    for candidate in chosen:
        if candidate.id in unlabelled:
            tasks.append((label_one, candidate))
        if mode is not None and not is_measured(detected.get(results.keyed(candidate.id, mode)), engine):
            tasks.append((detect_one, (candidate, mode)))
    return _run_all(tasks, end)


def _beside_committed(chosen: list[Candidate]) -> Iterator[str]:
    """Whether labels measured here are those of the repository. (Rows that a model wrote may be those of the cache.)"""
    here, known = results.read("labels"), results.read("labels", results.COMMITTED)
    pairs = [(c.id, here[c.id], known[c.id]) for c in chosen if c.id in here and c.id in known]
    yield f"\nLabels as in the repository: {sum(a['label'] == b['label'] for _, a, b in pairs)} of {len(pairs)}"
    for name, a, b in pairs:
        rows = "the same rows" if a["content"] == b["content"] else "other rows"
        yield f"  {name}: E1 {a['e1']:+.2%} here, {b['e1']:+.2%} there, {rows}"


def gather_evidence(end: float) -> int:
    """What the first rung shows of the development candidates that are labelled; number of failures."""
    labels_known, known, engine = results.read("labels"), results.read("evidence"), unfitted_engine()
    chosen = [c for c in candidates("development") if c.id in labels_known]
    return _run_all([(evidence_one, c) for c in chosen if known.get(c.id, {}).get("engine") != engine], end)


def _run_all(tasks: list[Task], end: float) -> int:
    failed = 0
    started = time.monotonic()
    with ProcessPoolExecutor(WORKERS, initializer=_one_thread) as pool:
        for number, words in enumerate(_in_turn(pool, tasks, end), 1):
            failed += words.startswith("FAILED")
            print(f"[{time.monotonic() - started:6.0f} s] {number}/{len(tasks)} {words}", flush=True)
    return failed


def _draws(sources: list[str]) -> list[tuple[str, int]]:
    """The judge's real draws, before the candidates that are compared with them."""
    return [(source, number) for source in dict.fromkeys(sources) for number in range(labels.draws_of(source))]


def _unlabelled(chosen: list[Candidate]) -> list[Candidate]:
    known = results.read("labels")
    return [c for c in chosen if known.get(c.id, {}).get("registration") != digest(c.modality)]


def _in_turn(pool: Executor, tasks: list[Task], end: float) -> Iterator[str]:
    """Answers as they come; tasks begin in order, none after `end`. One that breaks does not end the others."""
    waiting = iter(tasks)
    running: dict[Future[str], Any] = {}
    while True:
        while len(running) < WORKERS and time.monotonic() < end:
            task = next(waiting, None)
            if task is None:
                break
            work, what = task
            running[pool.submit(work, what)] = what
        if not running:
            return
        done = next(as_completed(running))
        what, error = running.pop(done), done.exception()
        yield done.result() if error is None else f"FAILED {what}: {error!r}"


def _one_thread() -> None:
    torch.set_num_threads(1)


def null_one(draw: tuple[str, int]) -> str:
    source, number = draw
    try:
        loss = labels.draw_loss(source, number, _workshop())
        return f"{source}, real draw {number}: {loss:.4f} {of_source(source).unit}"
    except (SourceUnavailable, TooSmall) as error:
        return f"FAILED {source}: {error}"


def label_one(candidate: Candidate) -> str:
    try:
        row = labels.label(candidate, _workshop())
    except TooSmall as error:
        results.add("left_out", candidate.described() | {"registration": digest(candidate.modality)})
        return f"left out {candidate.id}: {error}"
    except (SourceUnavailable, ValueError) as error:
        return f"FAILED {candidate.id}: {error}"
    results.add("labels", row)
    return f"{candidate.id}: {row['label']}, E1 {row['e1']:+.1%} (null within {row['null_bound']:.1%})"


def evidence_one(candidate: Candidate) -> str:
    try:
        row = evidence(candidate, _workshop())
    except (SourceUnavailable, ValueError) as error:
        return f"FAILED {candidate.id}: {error}"
    results.add("evidence", row)
    return f"{candidate.id}: {row['effects']}, {row['cpu_seconds']:.0f} s"


def detect_one(what: tuple[Candidate, Mode]) -> str:
    candidate, mode = what
    try:
        row = detect(candidate, _workshop(), mode)
    except TooSmall as error:
        return f"left out {candidate.id}: {error}"
    except (SourceUnavailable, ValueError) as error:
        return f"FAILED {candidate.id}: {error}"
    except subprocess.CalledProcessError as error:
        row = failure(candidate, _workshop(), mode, error.stderr)
        results.add("detections", row)
        return f"FAILED {candidate.id}: {row['reason']}"
    results.add("detections", row)
    return f"{candidate.id}: {row['verdict']} ({row['mechanism']}), {row['cpu_seconds']:.0f} s"


_shared: list[CachedWorkshop] = []


def _workshop() -> CachedWorkshop:
    """One for each process."""
    if not _shared:
        _shared.append(CachedWorkshop())
    return _shared[0]


if __name__ == "__main__":
    sys.exit(main())
