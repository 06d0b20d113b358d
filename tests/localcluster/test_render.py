"""Configuration files and the daemons' arguments: what they must and must not say."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.localcluster import binaries, daemons, pki, render
from hack.localcluster.config import Config, Ports
from hack.localcluster.daemons import Plan
from hack.localcluster.layout import Layout

NODE = Config(name="n", index=3)
CONTROL_PLANE = Config(name="c", kind="control-plane", ports=Ports(1001, 1002, 1003, 1004))
BINARIES = {name: Path(f"/bin/{name}-1") for name in binaries.ALL}
STATE = Layout(Path("/state"))


def make_plan(config: Config, inputs: object = 0) -> Plan:
    return daemons.plan(config, STATE, BINARIES, {"ROOT_ACCESS_KEY_ID": "k"}, inputs=inputs)


def arguments(plan: Plan, name: str) -> list[str]:
    return list(next(d.argv for d in plan.daemons if d.name == name))


@pytest.mark.parametrize("config", [NODE, CONTROL_PLANE])
def test_nothing_skips_verification(config: Config) -> None:
    everything = [make_plan(config).dump(), *render.files(config, STATE, snapshotter="overlayfs").values()]
    for text in everything:
        assert "insecure-skip" not in text
        assert "insecureSkip" not in text
        assert "AlwaysAllow" not in text
        assert "tls-skip" not in text


@pytest.mark.parametrize("config", [NODE, CONTROL_PLANE])
def test_the_api_server_knows_its_callers_and_their_rights(config: Config) -> None:
    argv = arguments(make_plan(config), "kube-apiserver")
    assert "--anonymous-auth=false" in argv
    assert "--authorization-mode=Node,RBAC" in argv
    assert "--enable-admission-plugins=NodeRestriction" in argv


def test_etcd_demands_client_certificates_on_both_ports() -> None:
    argv = arguments(make_plan(NODE), "etcd")
    assert {"--client-cert-auth", "--peer-client-cert-auth"} <= set(argv)
    assert not [a for a in argv if "http://" in a]


def test_a_control_plane_alone_listens_on_loopback_only() -> None:
    argv = arguments(make_plan(CONTROL_PLANE), "kube-apiserver")
    assert "--bind-address=127.0.0.1" in argv
    assert "--secure-port=1001" in argv
    assert [d.name for d in make_plan(CONTROL_PLANE).daemons] == ["etcd", "kube-apiserver"]


def test_controllers_are_run_when_asked_for() -> None:
    config = Config(name="c", kind="control-plane", controllers=("a", "b"))
    assert "--controllers=a,b" in arguments(make_plan(config), "kube-controller-manager")
    assert not [a for a in arguments(make_plan(NODE), "kube-controller-manager") if "--controllers" in a]


def test_the_kubelet_serves_only_callers_it_knows() -> None:
    settings = yaml.safe_load(render.kubelet(NODE, STATE))
    assert settings["authentication"]["anonymous"] == {"enabled": False}
    assert settings["authentication"]["webhook"] == {"enabled": True}
    assert settings["authorization"] == {"mode": "Webhook"}
    assert settings["tlsCertFile"] == "/state/pki/kubelet-server.crt"
    assert settings["cgroupRoot"] == NODE.cgroup


def test_everything_a_daemon_needs_is_listed_before_it() -> None:
    seen: set[str] = set()
    for daemon in make_plan(NODE).daemons:
        assert set(daemon.after) <= seen, daemon.name
        seen.add(daemon.name)


def test_a_plan_is_read_back_as_it_was_written() -> None:
    plan = make_plan(NODE)
    assert Plan.parse(plan.dump()) == plan


def test_the_digest_changes_with_arguments_and_with_inputs() -> None:
    digests = {
        make_plan(NODE).digest,
        make_plan(NODE, inputs=["another certificate"]).digest,
        make_plan(Config(name="n", index=4)).digest,
    }
    assert len(digests) == 3
    assert make_plan(NODE).digest == make_plan(NODE).digest


def test_the_number_of_gpus_restarts_no_daemon() -> None:
    assert make_plan(Config(name="n", index=3, gpus=1)).digest == make_plan(NODE).digest


def test_every_certificate_that_is_referred_to_is_made() -> None:
    made = {leaf.name for leaf in pki.leaves(NODE)} | {pki.CA, pki.FRONT_PROXY_CA, "service-account"}
    texts = [make_plan(NODE).dump(), *render.files(NODE, STATE, snapshotter="overlayfs").values()]
    words = " ".join(texts).replace('"', " ").replace("=", " ").replace(",", " ").split()
    used = {Path(word).stem for word in words if word.startswith("/state/pki/")}
    assert used <= made
    assert {leaf.name for leaf in pki.leaves(NODE)} - used <= {"admin"}, "a certificate that nobody uses"


def test_sockets_fit_the_kernels_limit() -> None:
    from hack.localcluster import paths

    layout = Layout(Path("/" + "x" * (paths.MAX_STATE_PATH - 1)))
    deepest = [
        f"{layout.containerd_socket}.ttrpc",
        f"{layout.kubelet_root}/pod-resources/kubelet.sock",
        f"{layout.kubelet_root}/device-plugins/kubelet.sock",
    ]
    assert all(len(path) <= 107 for path in deepest)


def test_pods_get_the_clusters_own_network() -> None:
    network: dict[str, Any] = json.loads(render.cni(NODE, STATE))
    bridge = network["plugins"][0]
    assert bridge["ipam"]["ranges"][0][0]["subnet"] == "10.244.3.0/24"
    assert network["name"] == NODE.netns, "results of two clusters would be mixed up"


def test_host_services_lead_to_the_node() -> None:
    objects = list(yaml.safe_load_all(render.addons(NODE)))
    slices = {o["metadata"]["name"]: o for o in objects if o["kind"] == "EndpointSlice"}
    services = {o["metadata"]["name"]: o for o in objects if o["kind"] == "Service"}
    assert services["kube-dns"]["spec"]["clusterIP"] == NODE.addresses.dns
    for name, service in services.items():
        assert slices[f"{name}-host"]["endpoints"][0]["addresses"] == [NODE.addresses.node]
        assert slices[f"{name}-host"]["metadata"]["labels"]["kubernetes.io/service-name"] == name
        assert "selector" not in service["spec"]


def test_the_administrators_kubeconfig_needs_no_other_file(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    pki.ensure(layout.pki, NODE)
    text = render.admin_kubeconfig(NODE, layout)
    assert str(tmp_path) not in text
    assert yaml.safe_load(text)["clusters"][0]["cluster"]["server"] == "https://10.244.3.1:6443"
