"""Rights: the operator's exactly as docs/operator.md lists them, the facade's, and none for trainer pods."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import Object, Render
from .objects import of_kind, one

ROOT = Path(__file__).resolve().parents[3]
Right = tuple[str, str, str]
FACADE = {
    *(("synthos.dev", "validationruns", verb) for verb in ("get", "list", "watch", "create")),
    *(("synthos.dev", "cascadetiers", verb) for verb in ("get", "list", "watch")),
}


def documented() -> set[Right]:
    """Rows `| group | resource | verbs |` of the tables in docs/operator.md."""
    rows = re.findall(
        r"^\| (core|`[a-z.0-9]+`) \| `([a-z/]+)` \| ([a-z, ]+) \|$", (ROOT / "docs" / "operator.md").read_text(), re.M
    )
    return {
        ("" if group == "core" else group.strip("`"), resource, verb)
        for group, resource, verbs in rows
        for verb in verbs.split(", ")
    }


def granted(role: Object) -> set[Right]:
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def roles_of(objects: list[Object], account: str) -> list[tuple[str, Object]]:
    """(namespace of the binding or "*", role) of everything bound to the account."""
    found = []
    for kind in ("Role", "ClusterRole"):
        for binding in of_kind(objects, f"{kind}Binding"):
            if account in [subject["name"] for subject in binding["subjects"]]:
                namespace = binding["metadata"].get("namespace")
                found.append((namespace or "*", one(objects, kind, binding["roleRef"]["name"], namespace)))
    return found


def rights(objects: list[Object], account: str) -> set[Right]:
    return set().union(*(granted(role) for _, role in roles_of(objects, account)))


@pytest.mark.parametrize("scope", ["namespace", "cluster"])
def test_the_operator_has_the_documented_rights_and_no_more(render: Render, scope: str) -> None:
    wanted = documented()
    assert ("synthos.dev", "validationruns/status", "update") in wanted, "the table could not be read"
    objects = render({"scope": scope, "multiNodeTiers": True})
    assert rights(objects, "synthos-operator") == wanted


def test_services_are_only_granted_for_tiers_of_several_nodes(render: Render) -> None:
    services = {right for right in documented() if right[1] == "services"}
    assert rights(render(), "synthos-operator") == documented() - services


@pytest.mark.parametrize("scope", ["namespace", "cluster"])
def test_the_facade_only_reads_and_creates(render: Render, scope: str) -> None:
    objects = render({"scope": scope})
    assert rights(objects, "synthos-facade") == FACADE
    assert {namespace for namespace, _ in roles_of(objects, "synthos-facade")} == {"validation"}


def test_by_default_nothing_is_granted_outside_the_namespace(render: Render) -> None:
    objects = render()
    assert of_kind(objects, "ClusterRole") == of_kind(objects, "ClusterRoleBinding") == []
    assert {item["metadata"]["namespace"] for item in of_kind(objects, "RoleBinding")} == {"validation"}


def test_listed_namespaces_get_a_role_each(render: Render) -> None:
    objects = render({"runNamespaces": ["team-a", "team-b"]})
    roles = roles_of(objects, "synthos-operator")
    assert sorted(namespace for namespace, _ in roles) == ["team-a", "team-b", "validation"]
    assert granted(dict(roles)["validation"]) == {
        ("coordination.k8s.io", "leases", verb) for verb in ("get", "create", "update")
    }
    subjects = [subject for item in of_kind(objects, "RoleBinding") for subject in item["subjects"]]
    assert {subject["namespace"] for subject in subjects} == {"validation"}


def test_cluster_wide_only_what_belongs_to_runs(render: Render) -> None:
    objects = render({"scope": "cluster"})
    (role,) = of_kind(objects, "ClusterRole")
    assert role["metadata"]["name"] == "validation-synthos-operator"
    assert not {right for right in granted(role) if right[1] == "leases"}
    assert of_kind(objects, "ClusterRoleBinding")[0]["roleRef"]["name"] == role["metadata"]["name"]


def test_an_existing_lease_can_only_be_changed_if_it_is_ours(render: Render) -> None:
    role = one(render(), "Role", "synthos-operator-lease")
    named = {tuple(rule["verbs"]): rule.get("resourceNames") for rule in role["rules"]}
    assert named == {("create",): None, ("get", "update"): ["synthos-operator"]}


def test_no_rule_has_a_wildcard(render: Render) -> None:
    objects = render({"scope": "cluster", "multiNodeTiers": True})
    for role in of_kind(objects, "Role") + of_kind(objects, "ClusterRole"):
        assert all("*" not in right for right in granted(role)), role["metadata"]["name"]


def test_the_trainer_has_no_rights_and_no_token(render: Render) -> None:
    objects = render({"scope": "cluster", "runNamespaces": ["team-a", "team-b"]})
    assert roles_of(objects, "synthos-trainer") == []
    for namespace in ("team-a", "team-b"):
        account = one(objects, "ServiceAccount", "synthos-trainer", namespace)
        assert account["automountServiceAccountToken"] is False


def test_tokens_are_mounted_by_pods_that_need_them_only(render: Render) -> None:
    objects = render()
    assert all(item["automountServiceAccountToken"] is False for item in of_kind(objects, "ServiceAccount"))
    pods = {item["metadata"]["name"]: item["spec"]["template"]["spec"] for item in of_kind(objects, "Deployment")}
    assert {name: pod["serviceAccountName"] for name, pod in pods.items()} == {
        "synthos-operator": "synthos-operator",
        "synthos-facade": "synthos-facade",
    }
    assert all(pod["automountServiceAccountToken"] for pod in pods.values())


def test_existing_accounts_are_used_and_not_made(render: Render) -> None:
    own = {"serviceAccount": {"create": False, "name": "given"}}
    objects = render({"operator": own, "facade": own, "trainer": own})
    assert of_kind(objects, "ServiceAccount") == []
    subjects = [subject["name"] for item in of_kind(objects, "RoleBinding") for subject in item["subjects"]]
    assert set(subjects) == {"given"}
