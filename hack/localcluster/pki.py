"""The cluster's certificates: one CA, a client or server certificate per part, nothing shared.

Nothing in the cluster skips verification, so every address that a part is reached by is in its certificate.
"""

import datetime as dt
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hack.localcluster.config import CLUSTER_DOMAIN, NODE_NAME, Config

CA_DAYS = 3650
LEAF_DAYS = 365
RENEW_DAYS = 30
"""A certificate with less time left is made anew by the next `up`."""

CA = "ca"
FRONT_PROXY_CA = "front-proxy-ca"

CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
SERVER = ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True)
class Leaf:
    """An end-entity certificate: `name`.crt and `name`.key.

    Attributes:
        names: DNS names and IP addresses of a server.
    """

    name: str
    common_name: str
    usages: tuple[x509.ObjectIdentifier, ...]
    organization: str = ""
    names: tuple[str, ...] = ()
    issuer: str = CA


def leaves(config: Config) -> list[Leaf]:
    """All end-entity certificates of a cluster."""
    local = ("localhost", "127.0.0.1")
    node = f"system:node:{NODE_NAME}"
    address = config.addresses.node
    service = "kubernetes.default.svc"
    api_names = ["kubernetes", "kubernetes.default", service, f"{service}.{CLUSTER_DOMAIN}", *local]
    api_names += [config.addresses.kubernetes, *([address] if config.kind == "node" else [])]
    always = [
        Leaf("apiserver", "kube-apiserver", (SERVER,), names=tuple(api_names)),
        # etcd needs both usages: its gRPC gateway is a client of itself.
        Leaf("etcd", "etcd", (SERVER, CLIENT), names=local),
        Leaf("etcd-client", "apiserver-etcd-client", (CLIENT,)),
        Leaf("admin", "admin", (CLIENT,), organization="system:masters"),
        Leaf("controller-manager", "system:kube-controller-manager", (CLIENT,)),
        Leaf("front-proxy", "front-proxy-client", (CLIENT,), issuer=FRONT_PROXY_CA),
    ]
    if config.kind != "node":
        return always
    return [
        *always,
        Leaf("apiserver-kubelet-client", "kube-apiserver-kubelet-client", (CLIENT,), "system:masters"),
        Leaf("kubelet-server", node, (SERVER,), "system:nodes", (NODE_NAME, address, "127.0.0.1")),
        Leaf("kubelet", node, (CLIENT,), "system:nodes"),
        Leaf("scheduler", "system:kube-scheduler", (CLIENT,)),
        Leaf("proxy", "system:kube-proxy", (CLIENT,)),
        Leaf("coredns", "system:coredns", (CLIENT,)),
    ]


def ensure(folder: Path, config: Config, *, now: dt.datetime | None = None) -> None:
    """Make every certificate that is missing, near its end, or for other names than wanted.

    A new CA makes all others anew. The key that signs service-account tokens stays as long as it exists,
    since tokens in running pods depend on it.
    """
    now = now or dt.datetime.now(dt.UTC)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for issuer in (CA, FRONT_PROXY_CA):
        if _stale(folder, issuer, now):
            _write_ca(folder, issuer, now)
            for leaf in leaves(config):
                if leaf.issuer == issuer:
                    (folder / f"{leaf.name}.crt").unlink(missing_ok=True)
    for leaf in leaves(config):
        if _stale(folder, leaf.name, now) or _names(folder / f"{leaf.name}.crt") != set(leaf.names):
            _write_leaf(folder, leaf, now)
    if not (folder / "service-account.key").exists() or not (folder / "service-account.pub").exists():
        _write_service_account_key(folder)


def fingerprints(folder: Path) -> list[str]:
    """A fingerprint of each certificate, so that a changed one is noticed."""
    return [
        x509.load_pem_x509_certificate(path.read_bytes()).fingerprint(hashes.SHA256()).hex()
        for path in sorted(folder.glob("*.crt"))
    ]


def _stale(folder: Path, name: str, now: dt.datetime) -> bool:
    path = folder / f"{name}.crt"
    if not path.exists() or not path.with_suffix(".key").exists():
        return True
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError:
        return True
    return certificate.not_valid_after_utc - now < dt.timedelta(days=RENEW_DAYS)


def _names(path: Path) -> set[str]:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    return addresses | set(names.get_values_for_type(x509.DNSName))


def _builder(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # An hour of slack for clocks that are set back.
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_ca(folder: Path, name: str, now: dt.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"local-cluster-{name}")])
    certificate = (
        _builder(subject, key.public_key(), now, CA_DAYS)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(folder, name, key, certificate)


def _subject(leaf: Leaf) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, leaf.common_name)]
    if leaf.organization:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, leaf.organization))
    return x509.Name(attributes)


def _alternative_names(names: Sequence[str]) -> x509.SubjectAlternativeName:
    entries: list[x509.GeneralName] = []
    for name in names:
        try:
            entries.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            entries.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(entries)


def _write_leaf(folder: Path, leaf: Leaf, now: dt.datetime) -> None:
    issuer = x509.load_pem_x509_certificate((folder / f"{leaf.issuer}.crt").read_bytes())
    issuer_key = serialization.load_pem_private_key((folder / f"{leaf.issuer}.key").read_bytes(), None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_subject(leaf), key.public_key(), now, LEAF_DAYS)
        .issuer_name(issuer.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(leaf.usages), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if leaf.names:
        builder = builder.add_extension(_alternative_names(leaf.names), critical=False)
    _write(folder, leaf.name, key, builder.sign(issuer_key, hashes.SHA256()))


def _write_service_account_key(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    _write_private(folder / "service-account.key", key)
    (folder / "service-account.pub").write_bytes(public)


def _write_private(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)


def _write(folder: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    # The certificate last: a pair whose certificate is missing is made anew.
    (folder / f"{name}.crt").unlink(missing_ok=True)
    _write_private(folder / f"{name}.key", key)
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
