"""etcd and the API server alone: up, killed, up, down; no root and no node needed."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hack.localcluster import api, binaries, cluster, paths, process
from hack.localcluster.api import Cluster, ensure, remove
from hack.localcluster.errors import ClusterError
from hack.localcluster.layout import Layout
from hack.localcluster.progress import Progress

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clusters")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNTHOS_STATE", str(folder))
        yield folder
        for name in ("one", "two"):
            remove(name, quiet=True)


def up(name: str = "one") -> Cluster:
    return ensure(name, control_plane_only=True, quiet=True)


def layout(name: str = "one") -> Layout:
    return Layout(paths.state_dir(name))


def test_it_answers_and_stays_as_it_is_when_asked_for_again() -> None:
    first = up()
    daemons = cluster.status("one")["daemons"]
    assert first.run_kubectl("get", "--raw", "/readyz") == "ok"
    assert up() == first
    assert cluster.status("one")["daemons"] == daemons


def test_it_speaks_only_to_callers_it_knows() -> None:
    server = cluster.status(up().name)["server"]
    trusting = ssl.create_default_context(cafile=str(layout().pki / "ca.crt"))
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{server}/version", context=trusting, timeout=5)
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(f"{server}/version", timeout=5)


def test_it_serves_custom_resources_and_remembers_them_over_a_crash() -> None:
    one = up()
    one.run_kubectl("create", "configmap", "kept", "--from-literal=a=b")
    process.kill(process.find_marked(layout().state))
    assert cluster.status("one")["problems"]
    again = up()
    assert again.kubeconfig == one.kubeconfig
    assert again.run_kubectl("get", "configmap", "kept", "--output=jsonpath={.data.a}") == "b"


def test_a_new_supervisor_takes_the_daemons_over() -> None:
    up()
    before = {name: daemon["pid"] for name, daemon in cluster.status("one")["daemons"].items()}
    marked = process.find_marked(layout().state, daemons_only=True)
    process.kill([p for p, name in marked.items() if name == "supervisor"])
    assert cluster.status("one")["problems"] == ["the supervisor does not run"]
    up()
    assert {name: daemon["pid"] for name, daemon in cluster.status("one")["daemons"].items()} == before


def test_a_killed_daemon_comes_back_by_itself() -> None:
    up()
    pid = cluster.status("one")["daemons"]["etcd"]["pid"]
    process.kill([p for p in [process.identify(pid)] if p])
    up()  # waits until all is well
    assert cluster.status("one")["daemons"]["etcd"]["pid"] != pid
    assert up().run_kubectl("get", "namespace", "default", "--output=name") == "namespace/default\n"


def test_other_controllers_are_started_without_losing_anything() -> None:
    up().run_kubectl("create", "namespace", "short")
    two = ensure("one", control_plane_only=True, controllers=("namespace-controller",), quiet=True)
    two.run_kubectl("delete", "namespace", "short", "--wait", "--timeout=30s")  # needs that controller
    assert up().run_kubectl("get", "namespace", "short", "--ignore-not-found") == ""


def test_two_of_them_do_not_meet() -> None:
    one, two = up("one"), up("two")
    one.run_kubectl("create", "namespace", "only-in-one")
    assert two.run_kubectl("get", "namespace", "only-in-one", "--ignore-not-found") == ""


def test_two_callers_at_once_get_the_same_cluster() -> None:
    remove("two", quiet=True)
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(up, ["two", "two"])
    assert first == second
    assert len([n for n in process.find_marked(layout("two").state).values() if n == "etcd"]) == 1


def test_a_cluster_is_not_turned_into_another_kind() -> None:
    up()
    with pytest.raises(ClusterError, match="exists as control-plane"):
        cluster.up("one", kind="node", progress=Progress(quiet=True))


def test_what_needs_a_node_says_so() -> None:
    one = up()
    assert one.s3 is None
    with pytest.raises(ClusterError, match="no node"):
        one.set_gpus(1)
    with pytest.raises(ClusterError, match="helm was not asked for"):
        one.run_helm("version")
    with pytest.raises(ClusterError, match="NotFound"):
        one.run_kubectl("get", "namespace", "nowhere")


def test_the_programs_are_those_that_are_pinned() -> None:
    assert up().kubectl == binaries.cached("kubectl")
    assert '"gitVersion": "v1.35.4"' in up().run_kubectl("get", "--raw", "/version")


def test_down_leaves_nothing(state: Path) -> None:
    up()
    api.remove("one", quiet=True)
    assert process.find_marked(layout().state) == {}
    assert not layout().state.exists()
    remove("two", quiet=True)
    assert list(state.iterdir()) == []
