"""The Roles as a real API server's authorizer understands them, asked by SubjectAccessReviews."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from hack import manifests
from hack.localcluster.api import Cluster

pytestmark = pytest.mark.cluster
KINDS = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
OPERATOR = [
    "delete validationruns.synthos.dev",
    "update validationruns.synthos.dev/status",
    "create cascadetiers.synthos.dev",
    "create jobs.batch",
    "delete jobs.batch",
    "watch pods",
    "create events",
]
FACADE = ["create validationruns.synthos.dev", "watch validationruns.synthos.dev", "watch cascadetiers.synthos.dev"]
NOBODY = [
    "get secrets",
    "get configmaps",
    "create pods",
    "delete pods",
    "get pods/log",
    "create pods/exec",
    "update validationruns.synthos.dev",
    "update validationruns.synthos.dev/finalizers",
    "create services",
    "create rolebindings.rbac.authorization.k8s.io",
]
ALL = [*OPERATOR, *FACADE, *NOBODY]


def install(cluster: Cluster, namespace: str, folder: Path, values: dict[str, object]) -> None:
    helm = manifests.find_helm()
    if helm is None:
        pytest.skip("helm is missing (`make cluster-up` builds it)")
    file = folder / "values.json"
    file.write_text(json.dumps(values))
    objects = manifests.render(helm, "--values", str(file), namespace=namespace)
    chosen = [item for item in objects if item["kind"] in KINDS]
    cluster.run_kubectl("apply", "--filename=-", input_text=yaml.safe_dump_all(chosen))


def allowed(cluster: Cluster, home: str, account: str, where: str, asked: list[str] = ALL) -> set[str]:
    """What of `asked` the chart's account (of the namespace `home`) may do in the namespace `where`."""
    user = f"system:serviceaccount:{home}:synthos-{account}"
    reviews = [
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": user, "resourceAttributes": {"namespace": where, **attributes(what)}},
        }
        for what in asked
    ]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": reviews})
    # One YAML document for each review, in the order asked.
    answers = yaml.safe_load_all(cluster.run_kubectl("create", "--filename=-", "--output=yaml", input_text=text))
    return {what for what, answer in zip(asked, answers, strict=True) if answer["status"]["allowed"]}


def attributes(what: str) -> dict[str, str]:
    """`verb resource.group[/subresource][:name]` as a review asks it."""
    verb, _, rest = what.partition(" ")
    rest, _, name = rest.partition(":")
    path, _, subresource = rest.partition("/")
    resource, _, group = path.partition(".")
    return {"verb": verb, "group": group, "resource": resource, "subresource": subresource, "name": name}


def test_in_its_namespace_each_account_can_do_what_it_needs(
    control_plane: Cluster, namespace: str, tmp_path: Path
) -> None:
    install(control_plane, namespace, tmp_path, {})
    assert allowed(control_plane, namespace, "operator", namespace) >= set(OPERATOR)
    assert allowed(control_plane, namespace, "facade", namespace) == set(FACADE)
    assert allowed(control_plane, namespace, "trainer", namespace) == set()
    assert not allowed(control_plane, namespace, "operator", namespace) & set(NOBODY)
    for account in ("operator", "facade"):
        assert allowed(control_plane, namespace, account, "default") == set()


def test_cluster_wide_the_operator_can_do_it_everywhere_and_the_facade_cannot(
    control_plane: Cluster, namespace: str, tmp_path: Path
) -> None:
    install(control_plane, namespace, tmp_path, {"scope": "cluster"})
    everywhere = allowed(control_plane, namespace, "operator", "default")
    assert everywhere >= set(OPERATOR)
    assert not everywhere & set(NOBODY)
    assert allowed(control_plane, namespace, "facade", "default") == set()


def test_only_its_own_lease_can_be_taken(control_plane: Cluster, namespace: str, tmp_path: Path) -> None:
    install(control_plane, namespace, tmp_path, {})
    leases = "leases.coordination.k8s.io"
    asked = [f"update {leases}:synthos-operator", f"update {leases}:other", f"delete {leases}:synthos-operator"]
    assert allowed(control_plane, namespace, "operator", namespace, asked) == {asked[0]}
