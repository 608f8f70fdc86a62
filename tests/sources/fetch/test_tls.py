"""https: the name is proved by a certificate, whatever address it was found at."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from digest.sources.fetch import Fetcher, line
from tests.sources.fetch.sites import Wire, get, lead, refused, wired

NAME = "news.example"


@pytest.fixture
def server(tmp_path: Path) -> ssl.SSLContext:
    """Speaks for news.example, by a certificate that it wrote itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (tmp_path / "site.pem").write_bytes(
        certificate.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "site.pem")
    return context


@pytest.fixture
def trusted(tmp_path: Path, server: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """We trust that certificate."""
    ours = ssl.create_default_context(cafile=str(tmp_path / "site.pem"))
    monkeypatch.setattr(line, "_certificates", [ours])


@pytest.fixture
def site(server: ssl.SSLContext) -> Iterator[tuple[Wire, list[str | None]]]:
    """A site, and the names by which it was asked."""
    names: list[str | None] = []
    server.sni_callback = lambda _, name, __: names.append(name)

    def act(wire: Wire, caller: socket.socket) -> None:
        with server.wrap_socket(caller, server_side=True) as secured:
            names.append(secured.recv(65536).partition(b"Host: ")[2].split()[0].decode())
            secured.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")
            secured.unwrap()  # says that it ends

    with wired(act) as wire:
        yield wire, names


Site = tuple[Wire, list[str | None]]


@pytest.mark.usefixtures("trusted")
def test_the_name_is_in_the_handshake_and_the_request_and_the_address_in_neither(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire, names = site
    asked = lead(monkeypatch, news_example=[["127.0.0.1"], ["10.0.0.1"]])
    assert get(f"https://{NAME}.:{wire.port}/", allow=(NAME,)) == b"hello"
    assert names == [NAME, f"{NAME}:{wire.port}"]
    assert asked == [NAME]


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire, names = site
    lead(monkeypatch, other_example=[["127.0.0.1"]])
    error = refused(f"https://other.example:{wire.port}/", allow=("other.example",))
    assert "its certificate is not valid (Hostname mismatch" in error.what
    assert names == ["other.example"]
    assert not error.temporary


def test_a_certificate_that_nobody_vouches_for_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire, _ = site
    lead(monkeypatch, news_example=[["127.0.0.1"]])
    error = refused(f"https://{NAME}:{wire.port}/", allow=(NAME,))
    assert "its certificate is not valid (self-signed certificate" in error.what


@pytest.mark.usefixtures("trusted")
def test_hanging_up_ends_a_secured_body_too(
    server: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetcher = Fetcher(allow_private_hosts=(NAME,), contact=None)

    def act(wire: Wire, caller: socket.socket) -> None:
        with server.wrap_socket(caller, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(b"HTTP/1.0 200 OK\r\n\r\nhel")
            fetcher.hang_up()
            secured.recv(1)

    lead(monkeypatch, news_example=[["127.0.0.1"]])
    with wired(act) as wire, pytest.raises(Exception, match="broken off by us"):
        fetcher.get(f"https://{NAME}:{wire.port}/", accept="*/*")


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    "head", [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"]
)
def test_a_body_that_anybody_could_have_cut_off_is_not_taken_for_whole(
    server: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    def act(wire: Wire, caller: socket.socket) -> None:
        with server.wrap_socket(caller, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(head + b"half")

    lead(monkeypatch, news_example=[["127.0.0.1"]])
    with wired(act) as wire:
        error = refused(f"https://{NAME}:{wire.port}/", allow=(NAME,))
    assert error.what == "the answer was cut off"
    assert error.temporary


@pytest.mark.usefixtures("trusted")
def test_a_body_of_the_stated_length_needs_no_farewell(
    server: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(wire: Wire, caller: socket.socket) -> None:
        with server.wrap_socket(caller, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhalf")

    lead(monkeypatch, news_example=[["127.0.0.1"]])
    with wired(act) as wire:
        assert get(f"https://{NAME}:{wire.port}/", allow=(NAME,)) == b"half"


def test_the_certificates_are_read_once() -> None:
    assert line.certificates() is line.certificates()
