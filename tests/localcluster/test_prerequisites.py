"""What the user is told when something is missing, and what `status` and friends say without a cluster."""

from pathlib import Path

import pytest

from hack.localcluster import api, cluster, prerequisites, torch_volume
from hack.localcluster.cli import main
from hack.localcluster.errors import ClusterError
from hack.localcluster.images import api as images_api
from hack.localcluster.progress import Progress

QUIET = Progress(quiet=True)
ABSENT = {"no-such-program": "some-package", "sh": "dash"}


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYNTHOS_STATE", str(tmp_path))
    monkeypatch.delenv("SYNTHOS_KUBECONFIG", raising=False)


def test_only_what_is_missing_is_missing() -> None:
    assert prerequisites.missing(ABSENT) == {"no-such-program": "some-package"}


def test_without_root_a_missing_program_is_named_with_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name, path=None: None if name != "apt-get" else "/usr/bin/apt-get")
    with pytest.raises(ClusterError) as caught:
        prerequisites.install(ABSENT, QUIET)
    for expected in ("no-such-program", "some-package", "root", "SYNTHOS_KUBECONFIG", "--control-plane-only"):
        assert expected in str(caught.value)


def test_without_apt_the_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    with pytest.raises(ClusterError, match=r"some-package.*no apt-get"):
        prerequisites.install(ABSENT, QUIET)


def test_a_node_needs_root_and_says_so_before_anything_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(ClusterError, match="needs root"):
        cluster.up("x", progress=QUIET)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("command", [["status"], ["env"], ["s3"], ["gpus", "1"], ["images"], ["bucket", "b"]])
def test_commands_on_no_cluster_fail_with_one_line(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--name", "absent"]) == 1
    assert "there is no cluster 'absent'" in capsys.readouterr().err


def test_down_of_no_cluster_is_no_error() -> None:
    assert main(["down", "--name", "absent"]) == 0


def test_down_removes_a_state_directory_without_a_config(tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    assert main(["down", "--name", "half", "--quiet"]) == 0
    assert not (tmp_path / "half").exists()


def test_a_given_cluster_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text("")
    monkeypatch.setenv("SYNTHOS_KUBECONFIG", str(kubeconfig))
    given = api.ensure("x")
    assert not given.ours
    assert given.kubeconfig == kubeconfig
    assert given.environment()["KUBECONFIG"] == str(kubeconfig)
    with pytest.raises(ClusterError, match="not ours"):
        given.set_gpus(1)
    with pytest.raises(ClusterError, match="no S3"):
        given.make_bucket("b")
    with pytest.raises(ClusterError, match="SYNTHOS_TRAINER_IMAGE"):
        images_api.build_and_load(given)
    assert images_api.provide_torch(given, "ns") == {}
    with pytest.raises(ClusterError, match="only in the local cluster"):
        torch_volume.ensure(given, "ns")


def test_a_given_cluster_may_bring_s3_and_images(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text("")
    for name, value in {
        "AWS_ENDPOINT_URL": "http://s3",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "SYNTHOS_OPERATOR_IMAGE": "r/o:1",
        "SYNTHOS_TRAINER_IMAGE": "r/t:1",
    }.items():
        monkeypatch.setenv(name, value)
    given = api.ensure("x", kubeconfig=kubeconfig)
    assert given.s3 is not None
    assert given.s3.endpoint == "http://s3"
    assert images_api.build_and_load(given) == {"operator": "r/o:1", "trainer": "r/t:1"}


def test_a_given_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="absent"):
        api.ensure("x", kubeconfig=tmp_path / "absent")


def test_images_of_an_overlay_are_kept_as_plain_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = "/dev/a / ext4 rw 0 0\noverlay /o overlay rw 0 0\n/dev/b /o/disk xfs rw 0 0\n"
    monkeypatch.setattr(Path, "read_text", lambda _self: mounts)
    assert prerequisites.snapshotter(Path("/a")) == "overlayfs"
    assert prerequisites.snapshotter(Path("/o/x")) == "native"
    assert prerequisites.snapshotter(Path("/o/disk/x")) == "overlayfs"
    assert prerequisites.snapshotter(Path("/other")) == "overlayfs"


def test_up_with_a_given_cluster_starts_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text("")
    assert main(["up", "--kubeconfig", str(kubeconfig), "--quiet"]) == 0
    assert f"export KUBECONFIG={kubeconfig}" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [kubeconfig]


def test_kind_without_kind_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    assert main(["up", "--kind"]) == 1
    assert "kind is not installed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("effective", "lacking"),
    [
        ("000001ffffffffff", []),
        ("00000000a80425fb", ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"]),  # root of an ordinary container
        ("0000000000200000", ["CAP_NET_ADMIN"]),
    ],
)
def test_a_root_without_rights_is_told_apart(effective: str, lacking: list[str]) -> None:
    assert prerequisites.lacking_capabilities(f"Name:\tx\nCapEff:\t{effective}\n") == lacking
