"""Phase 4: the models of one tier, trained one after another, or one on each GPU at a time."""

from __future__ import annotations

import json
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import torch

from synthos_api.cost import planned_steps
from synthos_api.errors import UsageError
from synthos_api.ladder import check_trainable
from synthos_api.phases import PhaseConfig, tier_folder
from synthos_api.results import ModelResult, TierResult
from synthos_api.v1alpha1 import TierSpec
from synthos_engine.context import PhaseContext, Preempted
from synthos_engine.models import nearest_model
from synthos_engine.train.threads import use_threads
from synthos_engine.verdict.rule import settled

from .evidence import evidence_of
from .material import Rows, TierPlan, load_samples, plan_tier, split
from .tracker import TierTracker
from .variant import Job, finished_variant, run_variant


def plan_name(tier: int) -> str:
    """Artifact with the tier's TierPlan, which the judgement needs."""
    return f"{tier_folder(tier)}/plan.json"


def run_tier(context: PhaseContext) -> TierResult:
    """Train every variant of `config.tier` and score it; what an earlier attempt finished is kept.

    Raises DatasetTooSmall, SchemaMismatch, UsageError for a tier that cannot be trained as asked,
    TrainingDiverged, OutOfMemory, and Preempted once the state is saved.
    """
    stop = _AnyStop(context.stop)
    context = replace(context, stop=stop)
    tier = tier_spec(context.config)
    name = nearest_model(tier.model_size)
    use_threads()
    twins = 1 if context.config.reference is None else 2
    tracker = TierTracker(context, tier.tier, tier.variants, planned_steps(tier) * twins)
    tracker.say("reading the samples")
    candidate, reference = load_samples(context.store, context.config)
    context.check()
    material = split(candidate, reference, context.config, tier.sequence_length)
    numbers = _needed(context, tier, candidate, reference)
    plan = plan_tier(material, context.config, tier, trained=bool(numbers))
    context.store.write_bytes(plan_name(tier.tier), json.dumps({"model": name, **asdict(plan)}).encode())
    models = _train_all(Job(context, tier, material, plan, tracker), numbers, stop, devices())
    tracker.end()
    return TierResult(tier=tier.tier, models=models)


def _needed(context: PhaseContext, tier: TierSpec, candidate: Rows, reference: Rows | None) -> range:
    """The variants to train: all, or none where they would not change the verdict.

    Without a reference the cascade has no part in it.
    """
    every = range(1, tier.variants + 1)
    if not context.config.stop_when_certain:
        return every
    evidence = evidence_of(context, candidate, reference)
    largest = max(one.model_size for one in context.config.tiers)
    needed = evidence is not None and not settled(largest, **evidence.for_judge())
    return every if needed else every[:0]


def read_plan(context: PhaseContext, tier: int) -> TierPlan:
    document = json.loads(context.store.read_bytes(plan_name(tier)))
    return TierPlan(int(document["training_bytes"]), float(document["reference_share"]))


def tier_spec(config: PhaseConfig) -> TierSpec:
    """The tier to train. Raises UsageError when it is not one of the cascade's, or cannot be trained."""
    for tier in config.tiers:
        if tier.tier == config.tier:
            check_trainable(config.architecture, [tier])
            return tier
    raise UsageError(f"there is no tier {config.tier} in this cascade")


def devices() -> list[torch.device]:
    """Every GPU this process sees, else the CPU."""
    if torch.cuda.is_available():
        return [torch.device("cuda", i) for i in range(torch.cuda.device_count())]
    return [torch.device("cpu")]


def _train_all(job: Job, numbers: range, stop: _AnyStop, available: list[torch.device]) -> list[ModelResult]:
    """The variants in order of their numbers, a thread for each device.

    The first error stops the others at their next step, with their state saved.
    """
    results = {variant: found for variant in numbers if (found := finished_variant(job, variant)) is not None}
    for found in results.values():
        job.tracker.finished(found)
    free: queue.SimpleQueue[torch.device] = queue.SimpleQueue()
    for device in available:
        free.put(device)

    def work(variant: int) -> ModelResult:
        job.context.check()
        device = free.get()
        try:
            result = run_variant(job, variant, device)
        except BaseException:
            stop.set()
            raise
        finally:
            free.put(device)
        job.tracker.finished(result)
        return result

    with ThreadPoolExecutor(len(available), "variant", initializer=use_threads) as pool:
        futures = {variant: pool.submit(work, variant) for variant in numbers if variant not in results}
    # What made the others stop is the error to tell, not that they were stopped.
    errors = [error for future in futures.values() if (error := future.exception()) is not None]
    for error in sorted(errors, key=lambda error: isinstance(error, Preempted)):
        raise error
    results |= {variant: future.result() for variant, future in futures.items()}
    return [results[variant] for variant in sorted(results)]


class _AnyStop(threading.Event):
    """Set when the phase is asked to stop, or when one of its models has failed."""

    def __init__(self, outer: threading.Event) -> None:
        super().__init__()
        self._outer = outer

    def is_set(self) -> bool:
        return super().is_set() or self._outer.is_set()
