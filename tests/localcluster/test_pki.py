"""The certificates: who issued them, for what, for whom, and when they are made anew."""

import datetime as dt
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from hack.localcluster import pki
from hack.localcluster.config import Config

NODE = Config(name="n", index=2)
NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pki.ensure(tmp_path, NODE, now=NOW)
    return tmp_path


def load(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def test_each_certificate_is_issued_by_its_authority(folder: Path) -> None:
    for leaf in pki.leaves(NODE):
        load(folder, leaf.name).verify_directly_issued_by(load(folder, leaf.issuer))
        assert load(folder, leaf.name).not_valid_after_utc <= load(folder, leaf.issuer).not_valid_after_utc


def test_a_front_proxy_certificate_is_no_client_certificate_of_the_cluster(folder: Path) -> None:
    with pytest.raises(ValueError, match="not match"):
        load(folder, "front-proxy").verify_directly_issued_by(load(folder, pki.CA))


@pytest.mark.parametrize("leaf", [leaf for leaf in pki.leaves(NODE) if leaf.names], ids=lambda leaf: leaf.name)
def test_servers_verify_under_all_their_names(folder: Path, leaf: pki.Leaf) -> None:
    """The library's verifier, which is as strict as a browser's (RFC 5280, CA/Browser Forum)."""
    store = Store([load(folder, pki.CA)])
    for name in leaf.names:
        try:
            subject: x509.IPAddress | x509.DNSName = x509.IPAddress(ip_address(name))
        except ValueError:
            subject = x509.DNSName(name)
        verifier = PolicyBuilder().store(store).time(NOW).build_server_verifier(subject)
        assert verifier.verify(load(folder, leaf.name), [])


def test_the_node_is_who_the_node_authorizer_expects(folder: Path) -> None:
    subject = load(folder, "kubelet").subject
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "system:nodes"
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "system:node:node1"


def test_clients_cannot_serve_and_nobody_but_the_authorities_can_issue(folder: Path) -> None:
    for leaf in pki.leaves(NODE):
        certificate = load(folder, leaf.name)
        usages = set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        assert usages == set(leaf.usages)
        assert (ExtendedKeyUsageOID.SERVER_AUTH in usages) == bool(leaf.names)
        assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_only_the_owner_reads_private_keys(folder: Path) -> None:
    keys = list(folder.glob("*.key"))
    assert len(keys) == len(pki.leaves(NODE)) + 3
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}


def test_nothing_is_made_anew_without_need(folder: Path) -> None:
    before = pki.fingerprints(folder)
    pki.ensure(folder, NODE, now=NOW + dt.timedelta(days=pki.LEAF_DAYS - pki.RENEW_DAYS - 1))
    assert pki.fingerprints(folder) == before


def test_certificates_near_their_end_are_made_anew_under_the_same_authority(folder: Path) -> None:
    authority, token_key = load(folder, pki.CA), (folder / "service-account.key").read_bytes()
    later = NOW + dt.timedelta(days=pki.LEAF_DAYS - pki.RENEW_DAYS + 1)
    pki.ensure(folder, NODE, now=later)
    assert load(folder, pki.CA) == authority
    assert (folder / "service-account.key").read_bytes() == token_key
    for leaf in pki.leaves(NODE):
        assert load(folder, leaf.name).not_valid_after_utc > later + dt.timedelta(days=pki.RENEW_DAYS)


@pytest.mark.parametrize("damage", ["remove", "truncate"])
def test_a_new_authority_makes_everything_it_issued_anew(folder: Path, damage: str) -> None:
    before = {leaf.name: load(folder, leaf.name) for leaf in pki.leaves(NODE)}
    (folder / "ca.crt").unlink() if damage == "remove" else (folder / "ca.crt").write_text("-----BEGIN")
    pki.ensure(folder, NODE, now=NOW)
    for leaf in pki.leaves(NODE):
        assert (load(folder, leaf.name) == before[leaf.name]) == (leaf.issuer != pki.CA)
        load(folder, leaf.name).verify_directly_issued_by(load(folder, leaf.issuer))


def test_other_addresses_make_the_servers_certificates_anew(folder: Path) -> None:
    clients = {leaf.name: load(folder, leaf.name) for leaf in pki.leaves(NODE) if not leaf.names}
    moved = Config(name="n", index=5)
    pki.ensure(folder, moved, now=NOW)
    names = load(folder, "apiserver").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ip_address(moved.addresses.node) in names.get_values_for_type(x509.IPAddress)
    assert clients == {name: load(folder, name) for name in clients}


def test_a_missing_key_is_made_with_its_certificate(folder: Path) -> None:
    (folder / "admin.key").unlink()
    pki.ensure(folder, NODE, now=NOW)
    assert (folder / "admin.key").exists()
