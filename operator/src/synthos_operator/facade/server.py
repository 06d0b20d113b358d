"""The two services of proto/validation.proto: one short method for each call."""
# ruff: noqa: N802, ARG002 - names and arguments of the methods are the contract's

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any, TypeAlias, TypeVar

import grpc

from synthos_api.errors import ErrorInfo, SynthosError, UsageError
from synthos_api.results import Judgement, ProfileResult
from synthos_api.signatures import prescreen, prescreen_metrics

from . import given, requests, translate
from .names import profile_run_name, validation_run_name
from .objects import RunObject, Snapshot
from .pb import validation_pb2 as pb
from .pb import validation_pb2_grpc as pb_grpc
from .runs import RunFailed, Runs

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
VerdictRequest = pb.PredictionRequest | pb.CollapseRequest | pb.LocalizationRequest | pb.RecommendationRequest
Response = TypeVar(
    "Response", pb.PredictionResponse, pb.CollapseResponse, pb.LocalizationResponse, pb.RecommendationResponse
)


def _error(failure: SynthosError) -> pb.ErrorInfo:
    return translate.error(failure.info if isinstance(failure, RunFailed) else failure)


def _profile(snapshot: Snapshot) -> ProfileResult | None:
    """The profile, None while there is none yet; raises RunFailed where there never will be."""
    profile = snapshot.run.status.profile
    if profile is None and snapshot.run.terminal:
        raise RunFailed(translate.ended_badly(snapshot) or _without("a profile", snapshot.run))
    return profile


def _judgement(snapshot: Snapshot) -> Judgement | None:
    """The verdict, None while there is none yet; raises RunFailed where there never will be."""
    status = snapshot.run.status
    if status.verdict is not None:
        return status.verdict.judgement
    if snapshot.run.terminal:
        raise RunFailed(translate.ended_badly(snapshot) or _without("a verdict", snapshot.run))
    return None


def _without(what: str, run: RunObject) -> ErrorInfo:
    return ErrorInfo(code=UsageError.code, message=f"the run {run.name} ended after {run.spec.through}, without {what}")


class ValidationEngine(pb_grpc.ValidationEngineServicer):
    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def AnalyzeDiversity(self, request: pb.DiversityRequest, context: Context) -> pb.DiversityResponse:
        spec = requests.profile_spec(request)
        name_of = partial(profile_run_name, request.dataset_id, request.s3_path, requests.data_format(request))
        await self._runs.ready()
        try:
            run = await self._runs.ensure_again(name_of, spec)
            profile = await self._runs.wait(run, _profile, context.time_remaining())
        except SynthosError as failure:
            return pb.DiversityResponse(dataset_id=request.dataset_id, error=_error(failure))
        return translate.diversity(request.dataset_id, profile)

    async def PreScreenRisk(self, request: pb.PreScreenRequest, context: Context) -> pb.PreScreenResponse:
        dataset_id = requests.required_id("dataset_id", request.dataset_id)
        measured = requests.metrics(request.diversity)
        await self._runs.ready()
        run = self._runs.profiled(dataset_id)
        if run and (profile := run.status.profile):
            found = run.status.pre_screen or prescreen(profile)
        elif measured:
            found = prescreen_metrics(measured)
        else:
            missing = UsageError("the dataset has no profile and the request no metrics; call AnalyzeDiversity first")
            return pb.PreScreenResponse(dataset_id=dataset_id, should_proceed=True, error=_error(missing))
        return translate.pre_screen(dataset_id, found)

    async def TrainCascade(self, request: pb.CascadeRequest, context: Context) -> AsyncGenerator[pb.CascadeProgress]:
        spec = requests.cascade_spec(request)
        await self._runs.ready()
        try:
            run = await self._runs.of_validation(request.validation_id)
            if run is None:
                run = await self._runs.ensure(validation_run_name(request.validation_id), spec)
            else:
                requests.check_same(spec, run)
            async for message in self._stream(run):
                yield message
        except SynthosError as failure:
            yield pb.CascadeProgress(
                dataset_id=request.dataset_id, validation_id=request.validation_id, state="done", error=_error(failure)
            )

    async def _stream(self, run: RunObject) -> AsyncGenerator[pb.CascadeProgress]:
        """Each model's result once, otherwise the latest state; ends with the cascade."""
        sent: set[tuple[int, int]] = set()
        highest = 0.0
        async with contextlib.aclosing(self._runs.follow(run)) as states:
            async for latest in states:
                over = latest.run.status.phase in translate.CASCADE_OVER
                snapshot = await self._runs.complete(latest) if over else latest
                message = translate.progress(snapshot)
                # A new attempt of a tier starts below where the old one stood; a bar never goes back.
                highest = message.progress_percent = max(highest, message.progress_percent)
                fresh = [r for r in translate.results(snapshot) if (r.tier, r.variant) not in sent]
                for result in fresh:
                    sent.add((result.tier, result.variant))
                    yield translate.with_result(message, result)
                if over or not fresh:
                    yield message
                if over:
                    return

    async def GetPredictions(self, request: pb.PredictionRequest, context: Context) -> pb.PredictionResponse:
        def answer(run: RunObject, judgement: Judgement) -> pb.PredictionResponse:
            requests.check_target(request, run)
            return translate.predictions(judgement)

        def without_run() -> pb.PredictionResponse:
            return given.predictions(request.validation_id, request.cascade_results)

        return await _from_verdict(self._runs, request, context, pb.PredictionResponse, answer, without_run)


class CollapseEngine(pb_grpc.CollapseEngineServicer):
    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def DetectCollapse(self, request: pb.CollapseRequest, context: Context) -> pb.CollapseResponse:
        def answer(_: RunObject, judgement: Judgement) -> pb.CollapseResponse:
            return translate.collapse(judgement)

        def without_run() -> pb.CollapseResponse:
            return given.collapse(request.validation_id, request.cascade_results)

        return await _from_verdict(self._runs, request, context, pb.CollapseResponse, answer, without_run)

    async def LocalizeProblems(self, request: pb.LocalizationRequest, context: Context) -> pb.LocalizationResponse:
        def answer(_: RunObject, judgement: Judgement) -> pb.LocalizationResponse:
            return translate.localization(judgement)

        return await _from_verdict(self._runs, request, context, pb.LocalizationResponse, answer, None)

    async def GenerateRecommendations(
        self, request: pb.RecommendationRequest, context: Context
    ) -> pb.RecommendationResponse:
        def answer(_: RunObject, judgement: Judgement) -> pb.RecommendationResponse:
            return translate.recommendations(judgement)

        return await _from_verdict(self._runs, request, context, pb.RecommendationResponse, answer, None)


async def _from_verdict(
    runs: Runs,
    request: VerdictRequest,
    context: Context,
    response: type[Response],
    answer: Callable[[RunObject, Judgement], Response],
    without_run: Callable[[], Response] | None,
) -> Response:
    """`answer` from the verdict of the run `validation_id`, waited for; `without_run` where it is unknown."""
    dataset_id = requests.required_id("dataset_id", request.dataset_id)
    validation_id = requests.required_id("validation_id", request.validation_id)
    await runs.ready()
    try:
        run = await runs.of_validation(validation_id)
        if run is None:
            if without_run is None:
                raise UsageError(f"no validation {validation_id} is known here; run TrainCascade first")
            message = without_run()
        else:
            requests.check_dataset(dataset_id, run)
            message = answer(run, await runs.wait(run, _judgement, context.time_remaining()))
    except SynthosError as failure:
        message = response(error=_error(failure))
    message.dataset_id = dataset_id
    message.validation_id = validation_id
    return message
