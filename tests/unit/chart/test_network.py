"""NetworkPolicies as rendered. Whether they hold is the network plugin's business and is not tested here."""

from __future__ import annotations

from typing import Any

import pytest

from synthos_api.progress import PROGRESS_PORT
from synthos_operator.specs.labels import job_labels

from .conftest import Object, Render
from .objects import labels_of, of_kind, one, selects

TRAINER_LABELS = job_labels(run="r", run_uid="u", phase="Cascade", step="tier-1", tier=1, attempt=1)


def policy(objects: list[Object], component: str, namespace: str | None = None) -> Object:
    spec: Object = one(objects, "NetworkPolicy", f"synthos-{component}", namespace)["spec"]
    return spec


def ports_of(rule: Object) -> set[tuple[int, str]]:
    return {(port["port"], port["protocol"]) for port in rule["ports"]}


def to_addresses(spec: Object) -> list[Object]:
    return [rule for rule in spec["egress"] if "ipBlock" in rule["to"][0]]


def test_each_policy_selects_its_own_pods(render: Render) -> None:
    objects = render()
    pods = {item["metadata"]["name"]: labels_of(item) for item in of_kind(objects, "Deployment")}
    pods["synthos-trainer"] = TRAINER_LABELS
    for item in of_kind(objects, "NetworkPolicy"):
        selector = item["spec"]["podSelector"]["matchLabels"]
        assert [name for name, marks in pods.items() if selects(selector, marks)] == [item["metadata"]["name"]]
        assert item["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_only_the_operator_reaches_trainer_pods_and_only_for_progress(render: Render) -> None:
    objects = render()
    (rule,) = policy(objects, "trainer")["ingress"]
    (source,) = rule["from"]
    assert source.keys() == {"podSelector"}
    operator = labels_of(one(objects, "Deployment", "synthos-operator"))
    assert selects(source["podSelector"]["matchLabels"], operator)
    assert ports_of(rule) == {(PROGRESS_PORT, "TCP")}


def test_trainer_pods_reach_dns_and_storage_only(render: Render) -> None:
    storage = {"cidrs": ["10.20.0.0/16", "fd00::/8"], "ports": [9000, 443]}
    dns, data = policy(render({"networkPolicy": {"storage": storage}}), "trainer")["egress"]
    assert dns["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}]
    assert ports_of(dns) == {(53, "UDP"), (53, "TCP")}
    assert data["to"] == [{"ipBlock": {"cidr": "10.20.0.0/16"}}, {"ipBlock": {"cidr": "fd00::/8"}}]
    assert ports_of(data) == {(9000, "TCP"), (443, "TCP")}


def test_without_storage_addresses_dns_alone_is_left(render: Render) -> None:
    spec = policy(render({"networkPolicy": {"storage": {"cidrs": []}}}), "trainer")
    assert len(spec["egress"]) == 1


def test_by_default_the_metadata_service_is_out_of_reach(render: Render) -> None:
    (rule,) = to_addresses(policy(render(), "trainer"))
    assert rule["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}]


@pytest.mark.parametrize(
    ("endpoint", "port"),
    [
        ("", 443),
        ("https://s3.example", 443),
        ("http://s3.example", 80),
        ("http://10.0.0.1:7070", 7070),
        ("https://[fd00::1]:9000/", 9000),
        ("https://[fd00::1]", 443),
    ],
)
def test_the_storage_port_follows_the_endpoint(render: Render, endpoint: str, port: int) -> None:
    (rule,) = to_addresses(policy(render({"s3": {"endpoint": endpoint}}), "trainer"))
    assert ports_of(rule) == {(port, "TCP")}


def test_the_operator_reaches_trainer_pods(render: Render) -> None:
    def route(values: Object) -> Any:
        rules = policy(render(values), "operator")["egress"]
        (rule,) = [rule for rule in rules if "podSelector" in rule["to"][0]]
        assert ports_of(rule) == {(PROGRESS_PORT, "TCP")}
        (peer,) = rule["to"]
        assert selects(peer["podSelector"]["matchLabels"], TRAINER_LABELS)
        return peer.get("namespaceSelector")

    assert route({}) is None
    assert route({"scope": "cluster", "runNamespaces": ["team-a"]}) == {}
    assert route({"runNamespaces": ["team-a", "team-b"]}) == {
        "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["team-a", "team-b"]}]
    }


def test_trainer_pods_of_other_namespaces_let_the_operator_in(render: Render) -> None:
    objects = render({"scope": "cluster", "runNamespaces": ["team-a", "team-b"]})
    for namespace in ("team-a", "team-b"):
        (rule,) = policy(objects, "trainer", namespace)["ingress"]
        (source,) = rule["from"]
        assert source["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "validation"}
        assert source["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "operator"


def test_tiers_of_several_nodes_may_talk_among_themselves(render: Render) -> None:
    spec = policy(render({"multiNodeTiers": True}), "trainer")
    for peers in (spec["ingress"][-1]["from"], spec["egress"][-1]["to"]):
        (peer,) = peers
        assert peer.keys() == {"podSelector"}
        assert selects(peer["podSelector"]["matchLabels"], TRAINER_LABELS)


def test_operator_and_facade_reach_the_api_server(render: Render) -> None:
    api = {"cidrs": ["10.0.0.1/32"], "ports": [6443]}
    objects = render({"networkPolicy": {"apiServer": api}})
    for component in ("operator", "facade"):
        (rule,) = to_addresses(policy(objects, component))
        assert rule["to"] == [{"ipBlock": {"cidr": "10.0.0.1/32"}}]
        assert ports_of(rule) == {(6443, "TCP")}


def test_callers_of_the_facade_can_be_limited(render: Render) -> None:
    peers = [{"namespaceSelector": {"matchLabels": {"team": "backend"}}}]
    rules = policy(render({"networkPolicy": {"facade": {"from": peers}}}), "facade")["ingress"]
    by_port = {next(iter(ports_of(rule)))[0]: rule.get("from") for rule in rules}
    assert by_port == {50051: peers, 8081: None}


def test_policies_can_be_left_out(render: Render) -> None:
    assert of_kind(render({"networkPolicy": {"enabled": False}}), "NetworkPolicy") == []
