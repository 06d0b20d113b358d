"""All reading for one run: from the API (or a cache of it) into one Observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from synthos_operator.config import KubeObject, OperatorConfig
from synthos_operator.reconcile.observed import Observed, Pod, Report
from synthos_operator.specs import labels

from . import parse
from .client import JOBS, PODS, RUNS, TIERS, KubeClient, NotFound, Resource


class Reader(Protocol):
    """Where objects come from; `of_run` gives those labelled with the run's UID."""

    async def run(self, namespace: str, name: str) -> KubeObject | None: ...
    async def of_run(self, resource: Resource, namespace: str, run_uid: str) -> Sequence[KubeObject]: ...


class ApiReader:
    """Reads from the API server every time."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    async def run(self, namespace: str, name: str) -> KubeObject | None:
        try:
            return await self._client.get(RUNS, namespace, name)
        except NotFound:
            return None

    async def of_run(self, resource: Resource, namespace: str, run_uid: str) -> Sequence[KubeObject]:
        items, _ = await self._client.list(resource, namespace, selector=labels.of_run(run_uid))
        return items


class Reports(Protocol):
    async def pull(self, pods: Sequence[Pod], now: datetime) -> Mapping[str, Report]: ...


@dataclass(frozen=True)
class Gathered:
    """The snapshot, and the objects themselves by UID, which a status write starts from."""

    observed: Observed
    raw: Mapping[str, KubeObject]


async def gather(
    reader: Reader,
    reports: Reports,
    config: OperatorConfig,
    *,
    namespace: str,
    name: str,
    written: Mapping[str, datetime],
    now: datetime,
) -> Gathered | None:
    """None when the run is gone. Tiers and Jobs that carry the labels but have another owner are left out.

    Pods are not: one whose Job was deleted, or which was orphaned, may train on for its whole grace period,
    and only its labels still say whose it is. No such pod is asked for anything.
    """
    raw_run = await reader.run(namespace, name)
    if raw_run is None:
        return None
    run = parse.run(raw_run)
    uid = run.meta.uid
    raw_tiers = [raw for raw in await reader.of_run(TIERS, namespace, uid) if parse.controller_uid(raw) == uid]
    tiers = [tier for raw in raw_tiers if (tier := parse.tier(raw)) is not None and not tier.meta.deleting]
    owners = {uid, *(tier.meta.uid for tier in tiers)}
    raw_jobs = [raw for raw in await reader.of_run(JOBS, namespace, uid) if parse.controller_uid(raw) in owners]
    jobs = [job for raw in raw_jobs if (job := parse.job(raw)) is not None]
    job_uids = {job.meta.uid for job in jobs}
    pods = [parse.pod(raw) for raw in await reader.of_run(PODS, namespace, uid)]
    controlled = [pod for pod in pods if pod.job_uid in job_uids]
    observed = Observed(
        run=run,
        config=config,
        tiers=tuple(tiers),
        jobs=tuple(jobs),
        pods=tuple(pods),
        reports=await reports.pull(controlled, now),
        written=written,
    )
    raws = {raw["metadata"]["uid"]: raw for raw in (raw_run, *raw_tiers)}
    return Gathered(observed=observed, raw=raws)
