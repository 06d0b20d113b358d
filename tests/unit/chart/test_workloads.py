"""Deployments, Service and what belongs to them, against what the programs really accept."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hack import generate
from synthos_operator.app import __main__ as operator_main
from synthos_operator.facade import options as facade_options
from synthos_operator.facade import tls

from .conftest import Object, Render
from .objects import container_of, labels_of, of_kind, one, pod_of, selects

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def test_pods_meet_pod_security_restricted(render: Render) -> None:
    for deployment in of_kind(render(), "Deployment"):
        pod, container = pod_of(deployment), container_of(deployment)
        context = pod["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["runAsUser"] == context["runAsGroup"] == 65532
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == RESTRICTED
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod.keys()
        assert {kind for volume in pod["volumes"] for kind in volume} <= {"name", "emptyDir", "configMap", "secret"}


def test_every_selector_finds_its_pods_and_no_others(render: Render) -> None:
    pdb = {"podDisruptionBudget": {"enabled": True}}
    labels = {"podLabels": {"team": "ml", "app.kubernetes.io/component": "hijacked"}}
    objects = render({"operator": pdb | labels, "facade": pdb | labels, "commonLabels": {"cost": "42"}})
    pods = {item["metadata"]["name"]: labels_of(item) for item in of_kind(objects, "Deployment")}
    assert all(marks["team"] == "ml" and marks["cost"] == "42" for marks in pods.values())
    selectors = [(i["metadata"]["name"], i["spec"]["selector"]["matchLabels"]) for i in of_kind(objects, "Deployment")]
    selectors += [(i["metadata"]["name"], i["spec"]["selector"]) for i in of_kind(objects, "Service")]
    budgets = of_kind(objects, "PodDisruptionBudget")
    selectors += [(i["metadata"]["name"], i["spec"]["selector"]["matchLabels"]) for i in budgets]
    assert len(selectors) == 5
    for name, selector in selectors:
        assert [pod for pod, marks in pods.items() if selects(selector, marks)] == [name]


def test_two_releases_never_select_each_others_pods(render: Render) -> None:
    (selector,) = [item["spec"]["selector"] for item in of_kind(render({"fullnameOverride": "b"}), "Service")]
    assert selector["app.kubernetes.io/instance"] == "synthos"


def test_defaults_are_two_replicas_and_no_budget(render: Render) -> None:
    objects = render()
    assert [item["spec"]["replicas"] for item in of_kind(objects, "Deployment")] == [2, 2]
    assert of_kind(objects, "PodDisruptionBudget") == []


def test_ports_of_probes_and_services_exist(render: Render) -> None:
    objects = render()
    for deployment in of_kind(objects, "Deployment"):
        container = container_of(deployment)
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            how = container.get(probe, {})
            for kind in ("httpGet", "tcpSocket", "grpc"):
                if kind in how:
                    assert how[kind]["port"] in {*ports, *ports.values()}
        assert {"livenessProbe", "readinessProbe", "resources"} <= container.keys()
    service = one(objects, "Service", "synthos-facade")
    facade = container_of(one(objects, "Deployment", "synthos-facade"))
    assert service["spec"]["ports"][0]["targetPort"] in [port["name"] for port in facade["ports"]]


@pytest.mark.parametrize(
    ("values", "cert_dir", "names"),
    [
        ({}, Path("/etc/synthos/certs"), frozenset()),
        ({"allowedClientNames": ["backend", "ops.example"]}, Path("/etc/synthos/certs"), {"backend", "ops.example"}),
        ({"enabled": False}, None, frozenset()),
    ],
)
def test_the_facade_accepts_its_arguments(
    render: Render, values: Object, cert_dir: Path | None, names: frozenset[str]
) -> None:
    container = container_of(one(render({"facade": {"tls": values}}), "Deployment", "synthos-facade"))
    assert container["command"] == ["python", "-m", facade_options.__package__]
    given = facade_options.parse(container["args"])
    assert given.cert_dir == cert_dir
    assert given.allowed_client_names == names
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert (given.port, given.probe_port) == (ports["grpc"], ports["health"])


@pytest.mark.parametrize(
    ("values", "namespaces", "everywhere"),
    [
        ({}, None, False),
        ({"runNamespaces": ["team-a", "team-b"]}, ["team-a", "team-b"], False),
        ({"scope": "cluster", "runNamespaces": ["team-a"]}, None, True),
    ],
)
def test_the_operator_accepts_its_arguments(
    render: Render, values: Object, namespaces: list[str] | None, everywhere: bool
) -> None:
    deployment = one(render(values), "Deployment", "synthos-operator")
    container = container_of(deployment)
    assert container["command"] == ["python", "-m", operator_main.__package__]
    given = operator_main.parser().parse_args(container["args"])
    assert given.namespace == namespaces
    assert given.all_namespaces is everywhere
    assert [port["containerPort"] for port in container["ports"]] == [given.health_port]
    (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == "config"]
    (volume,) = [volume for volume in pod_of(deployment)["volumes"] if volume["name"] == "config"]
    assert given.config.parent == Path(mount["mountPath"])
    assert given.config.name in one(render(values), "ConfigMap", volume["configMap"]["name"])["data"]


def test_the_facade_finds_its_certificates_under_the_names_it_reads(render: Render) -> None:
    keys = {"ca": "ca.crt", "certificate": "tls.crt", "privateKey": "tls.key"}
    tls_values = {"existingSecret": "from-cert-manager", "keys": keys}
    deployment = one(render({"facade": {"tls": tls_values}}), "Deployment", "synthos-facade")
    (volume,) = [volume for volume in pod_of(deployment)["volumes"] if volume["name"] == "certs"]
    assert volume["secret"]["secretName"] == "from-cert-manager"
    files = {item["path"]: item["key"] for item in volume["secret"]["items"]}
    assert files == {tls.CA_FILE: "ca.crt", tls.CERTIFICATE_FILE: "tls.crt", tls.KEY_FILE: "tls.key"}
    (mount,) = [mount for mount in container_of(deployment)["volumeMounts"] if mount["name"] == "certs"]
    assert mount == {"name": "certs", "mountPath": "/etc/synthos/certs", "readOnly": True}


def test_without_tls_no_secret_is_mounted(render: Render) -> None:
    objects = render({"facade": {"tls": {"enabled": False, "existingSecret": ""}}})
    deployment = one(objects, "Deployment", "synthos-facade")
    assert [volume["name"] for volume in pod_of(deployment)["volumes"]] == ["tmp"]
    assert one(objects, "Service", "synthos-facade")["spec"]["ports"][0]["appProtocol"] == "kubernetes.io/h2c"


def test_the_facade_creates_runs_where_the_operator_watches(render: Render) -> None:
    objects = render({"runNamespaces": ["team-a", "team-b"]})
    facade = facade_options.parse(container_of(one(objects, "Deployment", "synthos-facade"))["args"])
    assert facade.namespace == "team-a"
    with pytest.raises(ValueError, match='does not watch "elsewhere"'):
        render({"runNamespaces": ["team-a"], "facade": {"namespace": "elsewhere"}})


def test_the_facade_can_be_left_out(render: Render) -> None:
    objects = render({"facade": {"enabled": False, "podDisruptionBudget": {"enabled": True}}})
    assert not [item for item in objects if "facade" in item["metadata"]["name"]]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({}, "localhost/synthos-operator:0.1.0"),
        ({"repository": "registry.example:5000/synthos/op", "tag": "2"}, "registry.example:5000/synthos/op:2"),
        ({"tag": "2", "digest": "sha256:" + "a" * 64}, "localhost/synthos-operator@sha256:" + "a" * 64),
    ],
)
def test_images_by_tag_or_digest_and_the_facades_is_the_operators(render: Render, image: Object, expected: str) -> None:
    objects = render({"operator": {"image": image}})
    assert {container_of(item)["image"] for item in of_kind(objects, "Deployment")} == {expected}


def test_the_facade_can_have_an_image_of_its_own(render: Render) -> None:
    objects = render({"facade": {"image": {"repository": "registry.example/facade", "tag": "3"}}})
    assert container_of(one(objects, "Deployment", "synthos-facade"))["image"] == "registry.example/facade:3"


def test_placement_of_the_pods(render: Render) -> None:
    place = {
        "nodeSelector": {"pool": "system"},
        "tolerations": [{"key": "system", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
        "priorityClassName": "system-cluster-critical",
    }
    objects = render({"operator": place, "facade": place, "imagePullSecrets": [{"name": "pull"}]})
    for deployment in of_kind(objects, "Deployment"):
        assert {key: pod_of(deployment)[key] for key in place} == place
        assert pod_of(deployment)["imagePullSecrets"] == [{"name": "pull"}]


def test_crds_are_the_generated_ones_and_survive_an_uninstall(render: Render) -> None:
    rendered = {item["metadata"]["name"]: item for item in of_kind(render(), "CustomResourceDefinition")}
    wanted = {item["metadata"]["name"]: item for item in map(yaml.safe_load, generate.crds().values())}
    assert rendered == wanted
    assert all(item["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep" for item in rendered.values())
    assert of_kind(render({"crds": {"install": False}}), "CustomResourceDefinition") == []


def test_long_release_names_stay_within_the_limits(render: Render) -> None:
    objects = render({"fullnameOverride": "x" * 60, "scope": "cluster"}, namespace="n" * 63)
    assert all(len(item["metadata"]["name"]) <= 253 for item in objects)
    assert all(len(item["metadata"]["name"]) <= 63 for item in of_kind(objects, "Service"))
