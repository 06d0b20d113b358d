"""Mutual TLS on real connections, with certificates made for the test: who gets in, and rotation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from hack.certificates import Authority, issue, make_authority
from synthos_api.errors import UsageError
from synthos_operator.facade import tls
from synthos_operator.facade.pb import validation_pb2 as pb
from synthos_operator.facade.pb import validation_pb2_grpc as pb_grpc
from synthos_operator.facade.serve import Facade

from .conftest import QUICK, options
from .fakes import FakeCluster

Pair = tuple[bytes, bytes]
REQUEST = pb.PreScreenRequest(dataset_id="ds", diversity=pb.DiversityMetrics(entropy=1, cluster_count=2))


def server_pair(authority: Authority, name: str = "localhost") -> Pair:
    return issue(authority, name, names=[name], server=True)


def install(folder: Path, authority: Authority, pair: Pair) -> None:
    """Write the three files, each replaced as a whole."""
    for name, content in ((tls.CA_FILE, authority.pem), (tls.CERTIFICATE_FILE, pair[0]), (tls.KEY_FILE, pair[1])):
        (folder / f"{name}.new").write_bytes(content)
        (folder / f"{name}.new").replace(folder / name)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority("synthos test CA")


@pytest.fixture
def folder(tmp_path: Path, authority: Authority) -> Path:
    install(tmp_path, authority, server_pair(authority))
    return tmp_path


@pytest.fixture
def allowed() -> frozenset[str]:
    return frozenset()


@pytest_asyncio.fixture
async def secure(cluster: FakeCluster, folder: Path, allowed: frozenset[str]) -> AsyncIterator[Facade]:
    async with Facade(options(cert_dir=folder, allowed_client_names=allowed, probe_port=0), cluster, QUICK) as replica:
        yield replica


async def call(facade: Facade, authority: Authority, client: Pair | None) -> pb.PreScreenResponse:
    """One call over a connection of its own."""
    credentials = grpc.ssl_channel_credentials(
        authority.pem, private_key=client[1] if client else None, certificate_chain=client[0] if client else None
    )
    # A channel's own subchannel pool, or a refused client would reuse the connection of one let in.
    alone = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.secure_channel(f"localhost:{facade.port}", credentials, options=alone) as channel:
        answer: pb.PreScreenResponse = await pb_grpc.ValidationEngineStub(channel).PreScreenRisk(REQUEST, timeout=10)
        return answer


async def refused(facade: Facade, authority: Authority, client: Pair | None) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as told:
        await call(facade, authority, client)
    return told.value.code()


async def test_a_client_of_the_same_authority_gets_in(secure: Facade, authority: Authority) -> None:
    answer = await call(secure, authority, issue(authority, "backend", server=False))
    assert answer.should_proceed


async def test_without_a_client_certificate(secure: Facade, authority: Authority) -> None:
    assert await refused(secure, authority, None) == grpc.StatusCode.UNAVAILABLE


async def test_a_client_of_another_authority(secure: Facade, authority: Authority) -> None:
    stranger = issue(make_authority("somebody else's CA"), "backend", server=False)
    assert await refused(secure, authority, stranger) == grpc.StatusCode.UNAVAILABLE


async def test_an_expired_client_certificate(secure: Facade, authority: Authority) -> None:
    expired = issue(authority, "backend", server=False, days=0)
    assert await refused(secure, authority, expired) == grpc.StatusCode.UNAVAILABLE


async def test_plaintext_does_not_get_in(secure: Facade) -> None:
    async with grpc.aio.insecure_channel(f"localhost:{secure.port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as told:
            await pb_grpc.ValidationEngineStub(channel).PreScreenRisk(REQUEST, timeout=10)
    assert told.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_the_client_checks_the_servers_name_and_authority(secure: Facade, authority: Authority) -> None:
    other = make_authority("another CA")
    assert await refused(secure, other, issue(authority, "backend", server=False)) == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("allowed", [frozenset({"backend", "second"})])
async def test_only_allowed_names(secure: Facade, authority: Authority, allowed: frozenset[str]) -> None:
    assert (await call(secure, authority, issue(authority, "backend", server=False))).should_proceed
    by_alternative_name = issue(authority, "pod-7", names=["second"], server=False)
    assert (await call(secure, authority, by_alternative_name)).should_proceed
    other = issue(authority, "billing", server=False)
    assert await refused(secure, authority, other) == grpc.StatusCode.UNAUTHENTICATED
    # A name that only contains an allowed one is another name.
    longer = issue(authority, "backend.evil", server=False)
    assert await refused(secure, authority, longer) == grpc.StatusCode.UNAUTHENTICATED


async def test_a_rotation_takes_effect_without_a_restart(secure: Facade, authority: Authority, folder: Path) -> None:
    old_client = issue(authority, "backend", server=False)
    await call(secure, authority, old_client)
    new_authority = make_authority("next year's CA")
    install(folder, new_authority, server_pair(new_authority))
    assert (await call(secure, new_authority, issue(new_authority, "backend", server=False))).should_proceed
    assert await refused(secure, new_authority, old_client) == grpc.StatusCode.UNAVAILABLE
    assert await refused(secure, authority, old_client) == grpc.StatusCode.UNAVAILABLE


async def test_old_and_new_authority_side_by_side(secure: Facade, authority: Authority, folder: Path) -> None:
    new_authority = make_authority("next year's CA")
    (folder / tls.CA_FILE).write_bytes(authority.pem + new_authority.pem)
    for client in (issue(authority, "backend", server=False), issue(new_authority, "backend", server=False)):
        assert (await call(secure, authority, client)).should_proceed


@pytest.mark.parametrize("allowed", [frozenset({"spiffe://example.org/backend"})])
async def test_a_uri_name_is_compared_as_a_whole(secure: Facade, authority: Authority, allowed: frozenset[str]) -> None:
    def with_uri(uri: str) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        template = x509.load_pem_x509_certificate(issue(authority, "pod", server=False)[0])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(template.subject)
            .issuer_name(template.issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(template.not_valid_before_utc)
            .not_valid_after(template.not_valid_after_utc)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=False)
            .sign(authority.key, hashes.SHA256())
        )
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return certificate.public_bytes(serialization.Encoding.PEM), secret

    assert (await call(secure, authority, with_uri("spiffe://example.org/backend"))).should_proceed
    other = with_uri("spiffe://example.org/backend/x")
    assert await refused(secure, authority, other) == grpc.StatusCode.UNAUTHENTICATED


async def test_a_server_certificate_is_no_client_certificate(secure: Facade, authority: Authority) -> None:
    server = issue(authority, "backend", names=["backend"], server=True)
    assert await refused(secure, authority, server) == grpc.StatusCode.UNAVAILABLE


async def test_broken_files_keep_the_old_certificates_in_use(
    secure: Facade, authority: Authority, folder: Path
) -> None:
    client = issue(authority, "backend", server=False)
    (folder / tls.KEY_FILE).write_bytes(server_pair(authority)[1])  # of another certificate
    assert (await call(secure, authority, client)).should_proceed
    (folder / tls.CERTIFICATE_FILE).unlink()
    assert (await call(secure, authority, client)).should_proceed


async def test_a_secret_volume_swaps_its_files_through_a_link(
    cluster: FakeCluster, authority: Authority, tmp_path: Path
) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    for generation in ("one", "two"):
        (mount / f"..{generation}").mkdir()
    new_authority = make_authority("next CA")
    install(mount / "..one", authority, server_pair(authority))
    install(mount / "..two", new_authority, server_pair(new_authority))
    (mount / "..data").symlink_to("..one")
    for name in (tls.CA_FILE, tls.CERTIFICATE_FILE, tls.KEY_FILE):
        (mount / name).symlink_to(f"..data/{name}")
    async with Facade(options(cert_dir=mount), cluster, QUICK) as replica:
        await call(replica, authority, issue(authority, "backend", server=False))
        (mount / "..data_tmp").symlink_to("..two")
        (mount / "..data_tmp").rename(mount / "..data")
        assert (await call(replica, new_authority, issue(new_authority, "backend", server=False))).should_proceed


@pytest.mark.parametrize("missing", [tls.CA_FILE, tls.CERTIFICATE_FILE, tls.KEY_FILE])
def test_a_missing_file_is_named(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(UsageError, match=missing):
        tls.read(folder)


@pytest.mark.parametrize("broken", [tls.CA_FILE, tls.CERTIFICATE_FILE, tls.KEY_FILE])
def test_a_file_that_is_no_pem_is_refused_at_start(folder: Path, broken: str) -> None:
    (folder / broken).write_bytes(b"not a certificate\n")
    with pytest.raises(UsageError, match=r"\.crt"):
        tls.read(folder)


def test_a_key_of_another_certificate_is_refused_at_start(folder: Path, authority: Authority) -> None:
    (folder / tls.KEY_FILE).write_bytes(server_pair(authority)[1])
    with pytest.raises(UsageError, match="do not fit"):
        tls.read(folder)
