"""The command `python -m hack.localcluster`."""

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from hack.localcluster import api, binaries, cluster, gpus, kind, paths, prune, s3, torch_volume
from hack.localcluster.errors import ClusterError
from hack.localcluster.images import project
from hack.localcluster.layout import Layout
from hack.localcluster.progress import Progress

DEFAULT_NAME = "dev"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; 0 on success, 1 with a message on standard error otherwise."""
    arguments = _parser().parse_args(argv)
    progress = Progress(quiet=arguments.quiet)
    try:
        return int(arguments.run(arguments, progress) or 0)
    except ClusterError as error:
        print(f"local cluster: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--name", default=DEFAULT_NAME, help="which cluster (default: %(default)s)")
    common.add_argument("--quiet", action="store_true", help="no progress lines")
    parser = argparse.ArgumentParser(prog="localcluster", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, parents=[common], help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    up = command("up", _up, "bring the cluster up, or make sure that it is")
    up.add_argument("--gpus", type=_number, help="nvidia.com/gpu that the node advertises (default: 4)")
    up.add_argument("--control-plane-only", action="store_true", help="only etcd and the API server; needs no root")
    up.add_argument("--controllers", help="with --control-plane-only: controllers to run, comma-separated")
    up.add_argument("--kubeconfig", type=Path, help="use this cluster instead of starting one")
    up.add_argument("--kind", action="store_true", help="make the cluster with kind, where a Docker engine runs")
    down = command("down", _down, "remove the cluster and everything it has")
    down.add_argument("--kind", action="store_true", help="remove the cluster that kind made")
    command("status", _status, "show the daemons and what is wrong, as JSON; exit status 1 when not usable")
    command("env", _env, 'print shell lines that select the cluster: eval "$(... env)"')
    command("s3", _s3, "print the S3 server's endpoint and credentials as shell lines")
    bucket = command("bucket", _bucket, "make a bucket")
    bucket.add_argument("bucket")
    number = command("gpus", _gpus, "change the number of GPUs the node advertises")
    number.add_argument("gpus", type=_number)
    images = command("images", _images, "build the project's images where they changed and load them")
    images.add_argument("--print", action="store_true", help="only print the names for the sources as they are")
    load = command("load", _load, "load an image that docker, podman or buildah has")
    load.add_argument("image")
    torch = command("torch-volume", _torch_volume, "show PyTorch to the pods of a namespace; print chart values")
    torch.add_argument("--namespace", required=True)
    command("prune", _prune, "remove from the cache what the present versions do not need")
    command("binaries", _binaries, "build every binary that is not in the cache yet")
    return parser


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def _up(arguments: argparse.Namespace, progress: Progress) -> None:
    if arguments.kind:
        kubeconfig = kind.up(arguments.name, arguments.gpus or 4, progress)
        print(f"export SYNTHOS_KUBECONFIG={shlex.quote(str(kubeconfig))}")
        return
    if not arguments.control_plane_only and (given := api.given(arguments.kubeconfig)):
        progress.say(f"using the cluster of {given.kubeconfig}")
        _export(given.kubeconfig, given.kubectl)
        return
    controllers = arguments.controllers
    cluster.up(
        arguments.name,
        kind="control-plane" if arguments.control_plane_only else "node",
        gpus=arguments.gpus,
        controllers=None if controllers is None else tuple(c for c in controllers.split(",") if c),
        progress=progress,
    )
    _env(arguments, progress)


def _down(arguments: argparse.Namespace, progress: Progress) -> None:
    kind.down(arguments.name) if arguments.kind else cluster.down(arguments.name, progress)


def _status(arguments: argparse.Namespace, _progress: Progress) -> int:
    status = cluster.status(arguments.name)
    print(json.dumps(status, indent=2))
    return 1 if status["problems"] else 0


def _env(arguments: argparse.Namespace, _progress: Progress) -> None:
    cluster.require(arguments.name)
    layout = Layout(paths.state_dir(arguments.name))
    _export(layout.kubeconfig, binaries.cached("kubectl"))


def _export(kubeconfig: Path, kubectl: Path) -> None:
    print(f"export KUBECONFIG={shlex.quote(str(kubeconfig))}")
    print(f"export KUBECTL={shlex.quote(str(kubectl))}")


def _access(name: str) -> s3.S3Access:
    cluster.require(name)
    access = s3.load(Layout(paths.state_dir(name)).s3)
    if access is None:
        raise ClusterError(f"cluster {name!r} has no S3 server")
    return access


def _s3(arguments: argparse.Namespace, _progress: Progress) -> None:
    for variable, value in _access(arguments.name).environment().items():
        print(f"export {variable}={shlex.quote(value)}")


def _bucket(arguments: argparse.Namespace, progress: Progress) -> None:
    s3.make_bucket(_access(arguments.name), arguments.bucket)
    progress.say(f"bucket {arguments.bucket} is there")


def _gpus(arguments: argparse.Namespace, progress: Progress) -> None:
    cluster.set_gpus(arguments.name, arguments.gpus)
    progress.say(f"the node advertises {arguments.gpus} {gpus.RESOURCE}")


def _binaries(_arguments: argparse.Namespace, progress: Progress) -> None:
    for path in binaries.ensure(binaries.ALL, progress).values():
        print(path)


def _prune(_arguments: argparse.Namespace, progress: Progress) -> None:
    prune.prune(progress)


def _images(arguments: argparse.Namespace, progress: Progress) -> None:
    names = project.names() if arguments.print else project.ensure(arguments.name, progress)
    for name, image in names.items():
        print(f"{name}={image}")


def _load(arguments: argparse.Namespace, progress: Progress) -> None:
    project.load(arguments.name, arguments.image, progress)


def _torch_volume(arguments: argparse.Namespace, _progress: Progress) -> None:
    claim = torch_volume.ensure(api.ensure(arguments.name, quiet=True), arguments.namespace)
    print(yaml.safe_dump(torch_volume.chart_values(claim)), end="")
