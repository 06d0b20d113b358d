"""Deletions: a Job goes last, after its pods, so that none of them is lost from sight while it ends."""

from __future__ import annotations

from typing import Any

import pytest

from synthos_operator.kube.executor import Executor
from synthos_operator.reconcile.plan import Action, DeleteJob, DeleteRun, Plan
from tests.unit.operator.reconcile.world import World


class Client:
    def __init__(self) -> None:
        self.deleted: list[tuple[str, str, str]] = []

    async def delete(self, resource: Any, namespace: str, name: str, *, uid: str, propagation: str) -> None:
        self.deleted.append((resource.kind, name, propagation))


@pytest.mark.parametrize(
    ("action", "propagation"), [(DeleteJob("x", "uid"), "Foreground"), (DeleteRun("x", "uid"), "Background")]
)
async def test_a_job_is_deleted_in_the_foreground(action: Action, propagation: str) -> None:
    client: Any = Client()
    await Executor(client).act(Plan(actions=(action,)), World().run)
    assert [deleted[1:] for deleted in client.deleted] == [("x", propagation)]
