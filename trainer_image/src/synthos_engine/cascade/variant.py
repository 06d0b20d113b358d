"""One variant of a tier: the candidate's model, its twin on the reference, and their losses."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from pydantic import ValidationError
from torch import nn

from synthos_api.cost import planned_steps
from synthos_api.errors import DatasetNotFound
from synthos_api.phases import variant_folder
from synthos_api.presets import BYTE_VOCABULARY
from synthos_api.results import MAX_CURVE_POINTS, ModelResult, PairedLosses
from synthos_api.v1alpha1 import TierSpec
from synthos_engine.context import PhaseContext
from synthos_engine.data.artifacts import config_digest
from synthos_engine.models import build_model, model_width, nearest_model
from synthos_engine.train.batches import Batches, cut
from synthos_engine.train.checkpoint import Checkpoint
from synthos_engine.train.corpus import Corpus
from synthos_engine.train.diagnostics import convergence_epoch, smoothed, spectral_metrics
from synthos_engine.train.evaluate import Holdout, UnitLosses, evaluate
from synthos_engine.train.loop import TrainConfig, Training, learning_rate_for, train
from synthos_engine.verdict import COLLAPSE_BOUND
from synthos_engine.verdict.effect import ratio_standard_error

from .material import Material, TierPlan, draw
from .tracker import TierTracker

CANDIDATE, REFERENCE = "candidate", "reference"
_DRAW_CANDIDATE, _DRAW_REFERENCE, _WEIGHTS, _ORDER = range(4)
_METRIC_WINDOWS = 32

_weights_lock = threading.Lock()


@dataclass(frozen=True)
class Job:
    """Everything a variant is made from."""

    context: PhaseContext
    tier: TierSpec
    material: Material
    plan: TierPlan
    tracker: TierTracker

    @property
    def steps(self) -> int:
        """Optimiser steps of a model."""
        return planned_steps(self.tier)

    @property
    def model_name(self) -> str:
        return nearest_model(self.tier.model_size)

    @property
    def vocabulary(self) -> int:
        """Text is read as bytes in this version; a nano model has no more rows than it can use."""
        return BYTE_VOCABULARY if self.model_name.startswith("nano") else self.context.config.vocab_size

    def folder(self, variant: int) -> str:
        return variant_folder(self.tier.tier, variant)


@dataclass(frozen=True)
class _Trained:
    model: nn.Module
    training: Training
    on_real: UnitLosses | None
    on_candidate: UnitLosses
    held_out: bool
    """Whether it has not seen the candidate's rows that it is scored on."""


def run_variant(job: Job, variant: int, device: torch.device) -> ModelResult:
    """Train the variant's models from their checkpoints and score them; the result is stored at once."""
    rows = job.material
    corpus = draw(rows.candidate, job.plan.training_bytes, _seed(job, variant, _DRAW_CANDIDATE))
    ours = _train_one(job, variant, CANDIDATE, corpus, device)
    theirs = None
    if rows.reference is not None:
        pool = draw(rows.reference, job.plan.training_bytes, _seed(job, variant, _DRAW_REFERENCE))
        theirs = _train_one(job, variant, REFERENCE, pool, device)
    result = _result(job, variant, corpus, ours, theirs)
    store = job.context.store
    store.write_bytes(f"{job.folder(variant)}/losses.parquet", _losses_table(job.material, ours, theirs))
    document = {"config_digest": config_digest(job.context.config), "result": result.model_dump(mode="json")}
    store.write_bytes(f"{job.folder(variant)}/result.json", json.dumps(document).encode())
    return result


def finished_variant(job: Job, variant: int) -> ModelResult | None:
    """The variant's result from an earlier attempt with the same configuration."""
    try:
        document = json.loads(job.context.store.read_bytes(f"{job.folder(variant)}/result.json"))
        if document["config_digest"] == config_digest(job.context.config):
            return ModelResult.model_validate(document["result"])
    except (DatasetNotFound, ValueError, KeyError, TypeError, ValidationError):
        return None
    return None


def _seed(job: Job, variant: int, purpose: int) -> tuple[int, ...]:
    """Draws are the same in every tier, so that tiers are nested; weights and order are each tier's own."""
    own_tier = job.tier.tier if purpose in (_WEIGHTS, _ORDER) else 0
    return (job.context.config.seed, variant, purpose, own_tier)


def _number(seed: tuple[int, ...]) -> int:
    return int(np.random.SeedSequence(seed).generate_state(1)[0])


def _train_one(job: Job, variant: int, which: str, corpus: Corpus, device: torch.device) -> _Trained:
    """Twins differ in `corpus` alone: same weights to begin with, same places in the same order."""
    with _weights_lock, torch.random.fork_rng(devices=[]):
        torch.manual_seed(_number(_seed(job, variant, _WEIGHTS)))
        model = build_model(job.model_name, job.context.config.architecture, job.vocabulary, device)
    name = f"tier {job.tier.tier}, variant {variant}, {which}"
    rate = learning_rate_for(model_width(job.model_name))
    divisor = job.context.config.micro_batch_divisor
    config = TrainConfig(name, job.steps, rate, micro_batch_divisor=divisor)
    order = _number(_seed(job, variant, _ORDER))
    batches = Batches(corpus, job.tier.batch_size, job.tier.sequence_length, order)
    digest = config_digest(job.context.config)
    checkpoint = Checkpoint(job.context.store, f"{job.folder(variant)}/{which}", digest)
    on_step = job.tracker.on_step(variant, job.steps if which == REFERENCE else 0, name)
    training = train(model, batches, config, on_step, checkpoint)
    real, own = job.material.real_holdout, job.material.candidate_holdout
    on_real = evaluate(model, real) if real is not None else None
    return _Trained(model, training, on_real, evaluate(model, own), which == REFERENCE or job.material.held_out)


def _result(job: Job, variant: int, corpus: Corpus, ours: _Trained, theirs: _Trained | None) -> ModelResult:
    holdout = job.material.real_holdout or job.material.candidate_holdout
    losses = ours.training.losses
    curve = smoothed(losses, MAX_CURVE_POINTS)
    paired = _paired(job.material.real_holdout, ours, theirs)
    per_step = job.tier.batch_size * job.tier.sequence_length
    return ModelResult(
        tier=job.tier.tier,
        variant=variant,
        model_size=sum(p.numel() for p in ours.model.parameters()),
        training_loss=curve[-1],
        validation_loss=(ours.on_real or ours.on_candidate).bits_per_byte,
        training_time_seconds=round(ours.training.seconds + (theirs.training.seconds if theirs else 0.0), 3),
        training_rows=len(corpus.rows),
        convergence_epoch=convergence_epoch(losses, per_step, len(corpus)),
        collapse_detected=_is_collapsed(paired),
        spectral_metrics=spectral_metrics(_representations(ours.model, holdout)),
        gradient_stats=ours.training.gradients,
        loss_curve=curve,
        reference_loss_curve=smoothed(theirs.training.losses, MAX_CURVE_POINTS) if theirs else [],
        paired=paired,
    )


def _paired(real: Holdout | None, ours: _Trained, theirs: _Trained | None) -> PairedLosses | None:
    if real is None or theirs is None or ours.on_real is None or theirs.on_real is None:
        return None
    return PairedLosses(
        candidate_on_real=ours.on_real.bits_per_byte,
        reference_on_real=theirs.on_real.bits_per_byte,
        candidate_on_candidate=ours.on_candidate.bits_per_byte if ours.held_out else None,
        reference_on_candidate=theirs.on_candidate.bits_per_byte,
        relative_excess=ours.on_real.bits_per_byte / theirs.on_real.bits_per_byte - 1,
        holdout_standard_error=ratio_standard_error(real.by_content(ours.on_real), real.by_content(theirs.on_real)),
    )


def _is_collapsed(paired: PairedLosses | None) -> bool | None:
    if paired is None or paired.relative_excess is None:
        return None
    return paired.relative_excess > COLLAPSE_BOUND


@torch.no_grad()
def _representations(model: nn.Module, holdout: Holdout) -> torch.Tensor:
    """(windows, time, width) of the first held-out windows."""
    device = next(model.parameters()).device
    batch = cut(holdout.corpus, holdout.starts()[:_METRIC_WINDOWS], holdout.context)
    hidden: torch.Tensor = model.hidden(batch.inputs.to(device))  # type: ignore[operator]
    return hidden


def _losses_table(material: Material, ours: _Trained, theirs: _Trained | None) -> bytes:
    """Parquet: what each held-out row cost each model, in bits; rows longer than a kilobyte in pieces."""
    tables = []
    for words, holdout, mine, twin in (
        ("real", material.real_holdout, ours.on_real, theirs.on_real if theirs else None),
        (CANDIDATE, material.candidate_holdout, ours.on_candidate, theirs.on_candidate if theirs else None),
    ):
        if holdout is None or mine is None:
            continue
        _, rows = holdout.units()
        twin_bits = twin.bits if twin is not None else np.full(len(rows), np.nan)
        columns = {
            "evaluated_on": pa.array([words] * len(rows)),
            "row": pa.array(rows),
            "bytes": pa.array(mine.bytes),
            "candidate_bits": pa.array(mine.bits),
            "reference_bits": pa.array(twin_bits, from_pandas=True),
        }
        tables.append(pa.table(columns))
    buffer = io.BytesIO()
    pq.write_table(pa.concat_tables(tables), buffer)
    return buffer.getvalue()
