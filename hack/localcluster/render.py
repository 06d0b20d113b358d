"""Configuration files of the daemons as text. Pure: cluster and layout in, text out."""

import base64
import json
from pathlib import Path
from typing import Any

import yaml

from hack.localcluster.config import CLUSTER_DOMAIN, NODE_NAME, Config
from hack.localcluster.layout import Layout
from hack.localcluster.prerequisites import CNI_PLUGINS

PAUSE_IMAGE = "localhost/pause:1"
BRIDGE = "cni0"
KUBECONFIG_USERS = ("controller-manager", "scheduler", "kubelet", "proxy", "coredns")


def files(config: Config, layout: Layout, *, snapshotter: str) -> dict[Path, str]:
    """All configuration files of a cluster: path -> content (the administrator's kubeconfig not)."""
    users = KUBECONFIG_USERS if config.kind == "node" else ("controller-manager",)
    rendered = {layout.etc / f"{user}.kubeconfig": component_kubeconfig(config, layout, user) for user in users}
    if config.kind == "node":
        rendered |= {
            layout.cni_config / "10-local.conflist": cni(config, layout),
            layout.etc / "containerd.toml": containerd(layout, snapshotter),
            layout.etc / "kubelet.yaml": kubelet(config, layout),
            layout.etc / "proxy.yaml": proxy(config, layout),
            layout.etc / "Corefile": corefile(config, layout),
            layout.etc / "resolv.conf": f"nameserver {config.addresses.node}\n",
            layout.etc / "addons.yaml": addons(config),
        }
    return rendered


def _kubeconfig(cluster: dict[str, str], user: dict[str, str], name: str) -> str:
    context = {"cluster": name, "user": name}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": context}],
            "current-context": name,
        },
        sort_keys=False,
    )


def component_kubeconfig(config: Config, layout: Layout, user: str) -> str:
    """A daemon's kubeconfig; it refers to the certificate files."""
    return _kubeconfig(
        {"server": config.server, "certificate-authority": f"{layout.pki}/ca.crt"},
        {"client-certificate": f"{layout.pki}/{user}.crt", "client-key": f"{layout.pki}/{user}.key"},
        "local",
    )


def admin_kubeconfig(config: Config, layout: Layout) -> str:
    """The administrator's kubeconfig, with the certificates in it so that the file can be copied."""

    def data(name: str) -> str:
        return base64.b64encode((layout.pki / name).read_bytes()).decode()

    return _kubeconfig(
        {"server": config.server, "certificate-authority-data": data("ca.crt")},
        {"client-certificate-data": data("admin.crt"), "client-key-data": data("admin.key")},
        f"synthos-{config.name}",
    )


def cni(config: Config, layout: Layout) -> str:
    """The pod network: one bridge, addresses of the host-local plugin, host ports."""
    addresses = config.addresses
    subnet = {
        "subnet": str(addresses.pods),
        "gateway": addresses.node,
        "rangeStart": addresses.first_pod,
    }
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": f"{layout.state}/ipam",
            "ranges": [[subnet]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    # libcni caches results under the network's name in a folder that cannot be chosen; so it is unique.
    return json.dumps({"cniVersion": "0.4.0", "name": config.netns, "plugins": [bridge, portmap]})


def containerd(layout: Layout, snapshotter: str) -> str:
    """containerd's configuration (version 2, the one of containerd 1.6 and 1.7)."""
    cri = "io.containerd.grpc.v1.cri"
    return f"""\
version = 2
root = "{layout.containerd_root}"
state = "{layout.run}/containerd"
[grpc]
address = "{layout.containerd_socket}"
[plugins."io.containerd.internal.v1.opt"]
path = "{layout.state}/opt"
[plugins."{cri}"]
sandbox_image = "{PAUSE_IMAGE}"
# CAP_SYS_RESOURCE may be missing in a container or a small virtual machine.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
[plugins."{cri}".cni]
bin_dir = "{CNI_PLUGINS}"
conf_dir = "{layout.cni_config}"
[plugins."{cri}".containerd]
snapshotter = "{snapshotter}"
[plugins."{cri}".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."{cri}".containerd.runtimes.runc.options]
Root = "{layout.run}/runc"
SystemdCgroup = false
"""


def kubelet(config: Config, layout: Layout) -> str:
    """KubeletConfiguration: authenticated and authorized callers only, a serving certificate of our CA."""
    pki = layout.pki
    settings: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": config.addresses.node,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{pki}/kubelet-server.crt",
        "tlsPrivateKeyFile": f"{pki}/kubelet-server.key",
        "clusterDomain": CLUSTER_DOMAIN,
        "clusterDNS": [config.addresses.dns],
        "resolvConf": f"{layout.etc}/resolv.conf",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": config.cgroup,
        "enforceNodeAllocatable": ["pods"],
        "failCgroupV1": False,
        "failSwapOn": False,
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "podLogsDir": str(layout.pod_logs),
        "volumePluginDir": f"{layout.state}/volume-plugins",
        # A developer's disk is often nearly full; pods should not be evicted for that.
        "evictionHard": {
            "memory.available": "200Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
        "imageGCHighThresholdPercent": 99,
        "imageGCLowThresholdPercent": 98,
        "nodeStatusUpdateFrequency": "5s",
        "serializeImagePulls": False,
        "oomScoreAdj": 0,
    }
    return yaml.safe_dump(settings, sort_keys=False)


def proxy(config: Config, layout: Layout) -> str:
    """KubeProxyConfiguration. Zeros leave the kernel's connection tracking as it is."""
    settings = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clientConnection": {"kubeconfig": f"{layout.etc}/proxy.kubeconfig"},
        "clusterCIDR": str(config.addresses.pods),
        "hostnameOverride": NODE_NAME,
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "oomScoreAdj": 0,
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
    return yaml.safe_dump(settings, sort_keys=False)


def corefile(config: Config, layout: Layout) -> str:
    """CoreDNS: the cluster's names; any other name does not exist, since pods reach nothing outside."""
    return f"""\
{CLUSTER_DOMAIN}:53 in-addr.arpa:53 {{
  bind {config.addresses.node}
  errors
  ready 127.0.0.1:8181
  kubernetes {CLUSTER_DOMAIN} in-addr.arpa {{
    kubeconfig {layout.etc}/coredns.kubeconfig
    pods insecure
    ttl 5
  }}
  cache 5
}}
.:53 {{
  bind {config.addresses.node}
  errors
  template ANY ANY {{
    rcode NXDOMAIN
  }}
}}
"""


def addons(config: Config) -> str:
    """Objects of cluster DNS and of the S3 server, which run beside the pods instead of in them."""
    rule = {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": ["list", "watch"]}
    slices = {
        "apiGroups": ["discovery.k8s.io"],
        "resources": ["endpointslices"],
        "verbs": ["list", "watch"],
    }
    rbac = "rbac.authorization.k8s.io"
    name = {"name": "system:coredns"}
    objects: list[dict[str, Any]] = [
        {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": name, "rules": [rule, slices]},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "system:coredns"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "system:coredns"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": "system:coredns"}],
        },
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "storage"}},
        *_host_service(
            config,
            "kube-system",
            "kube-dns",
            [("dns", 53, 53, "UDP"), ("dns-tcp", 53, 53, "TCP")],
            cluster_ip=config.addresses.dns,
        ),
        *_host_service(config, "storage", "s3", [("http", 7070, 7070, "TCP")]),
    ]
    return yaml.safe_dump_all(objects, sort_keys=False)


def _host_service(
    config: Config,
    namespace: str,
    name: str,
    ports: list[tuple[str, int, int, str]],
    cluster_ip: str | None = None,
) -> list[dict[str, Any]]:
    """A Service without selector and the EndpointSlice that leads it to a daemon on the node."""
    spec: dict[str, Any] = {
        "ports": [
            {"name": n, "port": port, "targetPort": target, "protocol": protocol} for n, port, target, protocol in ports
        ]
    }
    if cluster_ip:
        spec["clusterIP"] = cluster_ip
    labels = {"kubernetes.io/service-name": name}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace},
            "spec": spec,
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": f"{name}-host", "namespace": namespace, "labels": labels},
            "addressType": "IPv4",
            "ports": [{"name": n, "port": target, "protocol": protocol} for n, _, target, protocol in ports],
            "endpoints": [{"addresses": [config.addresses.node], "conditions": {"ready": True}}],
        },
    ]
