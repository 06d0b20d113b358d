"""Pinned versions of everything the local cluster builds. Change a version here and nowhere else.

The Kubernetes and etcd versions are repeated in tools/*/go.mod, which `go` needs; a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

KUBERNETES = "1.35.4"
ETCD = "3.6.13"
COREDNS = "1.12.4"
HELM = "3.22.0"
VERSITYGW = "1.8.0"
PAUSE = "1"
GO = (1, 26)
"""The oldest Go toolchain that builds all of these."""

_K8S = "k8s.io/component-base/version"


@dataclass(frozen=True)
class Tool:
    """A Go module and the commands built from it.

    Attributes:
        version: without the leading "v".
        commands: name of the binary -> Go package.
        module: folder below tools/ whose go.mod pins the dependencies; None for `go install`.
        ldflags: linker flags in addition to the ones that strip symbols.
    """

    name: str
    version: str
    commands: Mapping[str, str]
    module: str | None = None
    ldflags: str = ""


def _kubernetes() -> Tool:
    names = (
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
        "kubectl",
    )
    major, minor, _ = KUBERNETES.split(".")
    return Tool(
        name="kubernetes",
        version=KUBERNETES,
        commands={name: f"k8s.io/kubernetes/cmd/{name}" for name in names},
        module="kubernetes",
        ldflags=(f"-X {_K8S}.gitVersion=v{KUBERNETES} -X {_K8S}.gitMajor={major} -X {_K8S}.gitMinor={minor}"),
    )


# In the order that shortens a cold start: the longest build first.
TOOLS: tuple[Tool, ...] = (
    _kubernetes(),
    Tool("etcd", ETCD, {"etcd": "go.etcd.io/etcd/server/v3"}, module="etcd"),
    Tool("coredns", COREDNS, {"coredns": "github.com/coredns/coredns"}),
    Tool("versitygw", VERSITYGW, {"versitygw": "github.com/versity/versitygw/cmd/versitygw"}),
    Tool("helm", HELM, {"helm": "helm.sh/helm/v3/cmd/helm"}),
    Tool("pause", PAUSE, {"pause": "synthos.dev/hack/tools/pause"}, module="pause"),
)
