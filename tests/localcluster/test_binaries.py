"""Building and caching binaries."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hack.localcluster import binaries, paths, versions
from hack.localcluster.errors import ClusterError
from hack.localcluster.progress import Progress

QUIET = Progress(quiet=True)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SYNTHOS_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def counting_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A `go` that notes each build and writes a file slowly, to see who builds and when."""
    log = tmp_path / "builds"
    script = tmp_path / "fake" / "go"
    script.parent.mkdir()
    script.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys, time\n"
        "if sys.argv[1] == 'env': print('go1.99.0\\nlocal'); sys.exit()\n"
        f"with open({str(log)!r}, 'a') as f: f.write('build\\n')\n"
        "time.sleep(0.5)\n"
        "out = pathlib.Path(sys.argv[sys.argv.index('-o') + 1])\n"
        "(out / sys.argv[-1].split('/')[-1]).write_text('program')\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent))
    return log


def test_a_real_build_ends_in_the_cache_and_is_not_repeated(cache: Path) -> None:
    program = binaries.ensure(["pause"], QUIET)["pause"]
    assert program == cache / "bin" / f"pause-{versions.PAUSE}"
    built = program.stat().st_mtime_ns
    with subprocess.Popen([str(program)]) as running:
        running.terminate()
        assert running.wait(timeout=10) in (0, -15)
    assert binaries.ensure(["pause"], QUIET)["pause"].stat().st_mtime_ns == built
    assert [p.name for p in (cache / "bin").iterdir()] == [program.name], "temporary files stayed"


def test_two_callers_build_once(cache: Path, counting_go: Path) -> None:
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda _: binaries.ensure(["pause"], QUIET), range(4)))
    assert counting_go.read_text().count("build") == 1
    assert all(result["pause"].read_text() == "program" for result in results)


def test_a_failed_build_leaves_nothing_and_says_why(
    cache: Path, counting_go: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = counting_go.parent / "fake" / "go"
    go.write_text(go.read_text().replace("time.sleep(0.5)", "sys.exit('undefined: everything')"))
    with pytest.raises(ClusterError, match=r"building pause .*\n.*undefined: everything"):
        binaries.ensure(["pause"], QUIET)
    assert not binaries.cached("pause").exists()
    assert list((cache / "bin").iterdir()) == []


def test_a_missing_go_is_named_with_the_ways_out(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_args, **_kwargs: None)
    with pytest.raises(ClusterError, match=r"`go` is missing.*SYNTHOS_KUBECONFIG"):
        binaries.ensure(["pause"], QUIET)


def test_an_old_go_is_refused_unless_it_fetches_a_newer_one(cache: Path, counting_go: Path) -> None:
    go = counting_go.parent / "fake" / "go"
    go.write_text(go.read_text().replace("go1.99.0", "go1.20.1"))
    with pytest.raises(ClusterError, match=r"version 1\.20"):
        binaries.find_go()
    go.write_text(go.read_text().replace("local", "auto"))
    assert binaries.find_go() == str(go)


def test_a_new_version_has_a_new_name() -> None:
    assert all(binaries.cached(name).name.endswith(f"-{version_of(name)}") for name in binaries.ALL)


def version_of(name: str) -> str:
    return next(tool.version for tool in versions.TOOLS if name in tool.commands)


def test_an_unknown_binary_is_refused() -> None:
    with pytest.raises(ClusterError, match="no tool"):
        binaries.cached("no-such-binary")


@pytest.mark.parametrize(
    ("module", "requirement", "version"),
    [
        ("kubernetes", "k8s.io/kubernetes", versions.KUBERNETES),
        ("etcd", "go.etcd.io/etcd/server/v3", versions.ETCD),
    ],
)
def test_the_modules_pin_the_same_versions(module: str, requirement: str, version: str) -> None:
    lines = (paths.TOOLS / module / "go.mod").read_text().split("\n")
    assert [line for line in lines if f"{requirement} v{version}" in line]


def test_every_staging_module_is_replaced_by_its_release() -> None:
    """Kubernetes' own go.mod replaces them by folders, which a module that requires it does not see."""
    text = (paths.TOOLS / "kubernetes" / "go.mod").read_text()
    release = f"v0.{versions.KUBERNETES.split('.', 1)[1]}"
    replaced = [line for line in text.split("\n") if " => k8s.io/" in line]
    assert len(replaced) > 25
    assert all(line.endswith(release) for line in replaced)
