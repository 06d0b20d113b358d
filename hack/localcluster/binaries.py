"""The binaries of the local cluster: found in the cache, else built from their Go modules."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hack.localcluster import locks, paths, versions
from hack.localcluster.errors import ClusterError
from hack.localcluster.progress import Progress
from hack.localcluster.versions import Tool

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
NODE = (*CONTROL_PLANE, "kube-scheduler", "kubelet", "kube-proxy", "coredns", "versitygw", "pause")
ALL = (*NODE, "helm")


def cached(name: str) -> Path:
    """Where the binary `name` of the pinned version is or will be."""
    tool = _tool_of(name)
    return paths.cache_root() / "bin" / f"{name}-{tool.version}"


def _tool_of(name: str) -> Tool:
    for tool in versions.TOOLS:
        if name in tool.commands:
            return tool
    raise ClusterError(f"no tool is known that builds {name!r}")


def ensure(names: Iterable[str], progress: Progress) -> dict[str, Path]:
    """Return name -> path of each binary, building what is missing; two callers never build twice.

    Raises:
        ClusterError: Go is missing or too old, or a build fails.
    """
    wanted = list(names)
    missing = {name for name in wanted if not cached(name).exists()}
    tools = [tool for tool in versions.TOOLS if missing & set(tool.commands)]
    if tools:
        go = find_go()
        progress.say(f"building {', '.join(tool.name for tool in tools)} (once; kept in the cache)")
        # Two at once: linking uses a single core, which the other build then has.
        with ThreadPoolExecutor(max_workers=2) as pool:
            futures = [pool.submit(_build, go, tool, missing & set(tool.commands), progress) for tool in tools]
            for future in futures:
                future.result()
    return {name: cached(name) for name in wanted}


def find_go() -> str:
    """The path of the `go` command.

    Raises:
        ClusterError: it is missing, or older than what the pinned versions need.
    """
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    need = ".".join(map(str, versions.GO))
    hint = (
        f"Go {need} or newer builds the local cluster's binaries (once, into {paths.cache_root() / 'bin'}). "
        "Install it as your distribution does, or set SYNTHOS_KUBECONFIG to use a cluster you have"
    )
    if go is None:
        raise ClusterError(f"the command `go` is missing. {hint}")
    answer = subprocess.run([go, "env", "GOVERSION", "GOTOOLCHAIN"], capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    if found is None:
        raise ClusterError(f"{go} does not work: {answer.stderr.strip()}. {hint}")
    version = (int(found[1]), int(found[2]))
    # With GOTOOLCHAIN other than "local", go fetches a newer toolchain by itself.
    if version < versions.GO and "local" in answer.stdout:
        raise ClusterError(f"{go} is version {version[0]}.{version[1]}. {hint}")
    return go


def _build(go: str, tool: Tool, commands: set[str], progress: Progress) -> None:
    folder = paths.cache_root() / "bin"
    with locks.exclusive(paths.cache_root() / "locks" / f"build-{tool.name}.lock"):
        commands = {name for name in commands if not cached(name).exists()}
        if not commands:
            return
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{tool.name}-") as temporary:
            _go_build(go, tool, commands, Path(temporary))
            for name in commands:
                # The package's last path element names the binary; a major-version suffix does not.
                built = next(p for p in _candidates(tool.commands[name], name, Path(temporary)) if p.exists())
                built.replace(cached(name))
    progress.say(f"built {tool.name} {tool.version}")


def _candidates(package: str, name: str, folder: Path) -> list[Path]:
    parts = [part for part in package.split("/") if not re.fullmatch(r"v\d+", part)]
    return [folder / name, folder / parts[-1]]


def _go_build(go: str, tool: Tool, commands: set[str], out: Path) -> None:
    flags = ["-trimpath", "-buildvcs=false", "-ldflags", f"-s -w {tool.ldflags}".strip()]
    env = {**os.environ, "CGO_ENABLED": "0", "GOBIN": str(out)}
    packages = sorted(tool.commands[name] for name in commands)
    if tool.module is None:
        argv = [go, "install", *flags, *(f"{package}@v{tool.version}" for package in packages)]
        cwd = out
    else:
        argv = [go, "build", "-mod=readonly", *flags, "-o", f"{out}/", *packages]
        cwd = paths.TOOLS / tool.module
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join(done.stderr.strip().splitlines()[-20:])
        raise ClusterError(f"building {tool.name} {tool.version} failed: {' '.join(argv)}\n{tail}")
