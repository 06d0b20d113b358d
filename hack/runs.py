"""ValidationRuns of one namespace, for the demo and the end-to-end tests: create, watch, look around."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kubernetes import client
from kubernetes.config import new_client_from_config

from synthos_api.v1alpha1 import API_VERSION, GROUP, RUN_KIND, RUN_PLURAL, TIER_PLURAL, VERSION

Object = dict[str, Any]
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Runs:
    api: Any
    namespace: str

    @classmethod
    def connect(cls, kubeconfig: str, namespace: str) -> Runs:
        return cls(new_client_from_config(kubeconfig), namespace)  # type: ignore[no-untyped-call]

    @property
    def custom(self) -> Any:
        return client.CustomObjectsApi(self.api)

    @property
    def core(self) -> Any:
        return client.CoreV1Api(self.api)

    @property
    def batch(self) -> Any:
        return client.BatchV1Api(self.api)

    def create(self, name: str, spec: Object) -> Object:
        body = {"apiVersion": API_VERSION, "kind": RUN_KIND, "metadata": {"name": name}, "spec": spec}
        return dict(self.custom.create_namespaced_custom_object(GROUP, VERSION, self.namespace, RUN_PLURAL, body))

    def get(self, name: str) -> Object:
        return dict(self.custom.get_namespaced_custom_object(GROUP, VERSION, self.namespace, RUN_PLURAL, name))

    def patch(self, name: str, spec: Object) -> None:
        self.custom.patch_namespaced_custom_object(GROUP, VERSION, self.namespace, RUN_PLURAL, name, {"spec": spec})

    def delete(self, name: str) -> None:
        """Delete the run if it is there; whatever it owns goes with it."""
        try:
            self.custom.delete_namespaced_custom_object(GROUP, VERSION, self.namespace, RUN_PLURAL, name)
        except client.ApiException as error:
            if error.status != 404:
                raise

    def tiers(self, run: str | None = None) -> list[Object]:
        found = self.custom.list_namespaced_custom_object(GROUP, VERSION, self.namespace, TIER_PLURAL)["items"]
        chosen = [tier for tier in found if run in (None, tier["spec"]["runName"])]
        return sorted(chosen, key=lambda tier: (tier["spec"]["runName"], tier["spec"]["tier"]))

    def jobs(self) -> list[Object]:
        return [self.plain(job) for job in self.batch.list_namespaced_job(self.namespace).items]

    def pods(self, selector: str = "") -> list[Object]:
        return [self.plain(p) for p in self.core.list_namespaced_pod(self.namespace, label_selector=selector).items]

    def events(self, name: str) -> list[Object]:
        found = self.core.list_namespaced_event(self.namespace, field_selector=f"involvedObject.name={name}").items
        return [self.plain(event) for event in found]

    def plain(self, value: object) -> Object:
        """The object as in YAML (camelCase), instead of the client's classes."""
        return dict(self.api.sanitize_for_serialization(value))

    def wait(self, name: str, reached: Callable[[Object], bool], seconds: float, what: str = "") -> Object:
        """The run as soon as `reached` holds for it; TimeoutError tells its last status."""
        end = time.monotonic() + seconds
        while True:
            run = self.get(name)
            if reached(run):
                return run
            if time.monotonic() > end:
                raise TimeoutError(f"{name} did not reach {what or reached} in {seconds:.0f} s: {run.get('status')}")
            time.sleep(POLL_SECONDS)

    def wait_finished(self, name: str, seconds: float) -> Object:
        return self.wait(name, finished, seconds, "its end")


def phase(run: Object) -> str:
    return str(run.get("status", {}).get("phase", "Pending"))


def finished(run: Object) -> bool:
    return phase(run) in ("Complete", "Failed", "Cancelled")


def condition(item: Object, kind: str) -> Object | None:
    conditions = item.get("status", {}).get("conditions", [])
    return next((c for c in conditions if c["type"] == kind), None)


def is_true(item: Object, kind: str) -> bool:
    found = condition(item, kind)
    return found is not None and found["status"] == "True"
