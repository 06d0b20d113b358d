"""Addresses and ports of clusters."""

import socket
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path

import pytest

from hack.localcluster import config, paths
from hack.localcluster.config import Addresses, Config, Ports
from hack.localcluster.errors import ClusterError


def test_networks_of_two_clusters_never_overlap() -> None:
    networks = [
        network
        for index in range(config.MAX_INDEX + 1)
        for network in (Addresses(index).pods, Addresses(index).services, Addresses(index).link)
    ]
    assert not [pair for pair in combinations(networks, 2) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize("index", [0, 1, config.MAX_INDEX])
def test_addresses_lie_in_their_networks(index: int) -> None:
    addresses = Addresses(index)
    inside = {
        addresses.node: addresses.pods,
        addresses.first_pod: addresses.pods,
        addresses.kubernetes: addresses.services,
        addresses.dns: addresses.services,
        addresses.link_host: addresses.link,
        addresses.link_node: addresses.link,
    }
    assert len(inside) == 6, "two addresses are the same"
    for address, network in inside.items():
        assert IPv4Network(address).subnet_of(network)


def test_an_index_that_is_taken_is_not_given_again() -> None:
    assert config.first_free_index([], []) == 0
    assert config.first_free_index([0, 1, 3], []) == 2


def test_an_index_whose_addresses_the_host_uses_is_skipped() -> None:
    assert config.first_free_index([], [Addresses(0).pods, Addresses(1).link]) == 2
    assert config.first_free_index([], [IPv4Network("10.0.0.0/8")]) is None


def test_a_config_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = Config(name="a", kind="control-plane", controllers=("x", "y"), ports=Ports(1, 2, 3, 4), gpus=7)
    written.save(tmp_path)
    assert config.load(tmp_path) == written


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "a"}', '{"name": "a", "unknown": 1}'])
def test_a_damaged_config_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    assert config.load(tmp_path) is None


def test_free_ports_are_different_and_can_be_listened_on() -> None:
    ports = config.free_ports(20)
    assert len(set(ports)) == 20
    assert all(config.is_free(port) for port in ports)


def test_a_port_with_a_listener_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not config.is_free(server.getsockname()[1])


@pytest.mark.parametrize("name", ["", "A", "a/b", "..", "-a", "a-", "a" * 33, "ä"])
def test_a_name_that_is_no_label_is_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="cluster name"):
        paths.state_dir(name)


def test_a_state_directory_too_deep_for_sockets_is_refused() -> None:
    with pytest.raises(ClusterError, match="SYNTHOS_STATE"):
        paths.check_socket_room(Path("/" + "x" * paths.MAX_STATE_PATH))


def test_state_and_cache_follow_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYNTHOS_STATE", str(tmp_path / "s"))
    monkeypatch.setenv("SYNTHOS_CACHE", str(tmp_path / "c"))
    assert paths.state_dir("dev") == tmp_path / "s" / "dev"
    assert paths.cache_root() == tmp_path / "c"
    monkeypatch.delenv("SYNTHOS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert paths.cache_root() == tmp_path / "x" / "synthos"


@pytest.mark.parametrize("called_as", ["python", "python3", "python3.11"])
def test_the_plan_does_not_depend_on_how_python_was_called(monkeypatch: pytest.MonkeyPatch, called_as: str) -> None:
    before = paths.interpreter()
    monkeypatch.setattr("sys.executable", str(Path(before).with_name(called_as)))
    assert paths.interpreter() == before
    assert Path(before).exists()
