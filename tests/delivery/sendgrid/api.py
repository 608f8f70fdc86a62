"""SendGrid's API on loopback: it takes what the description allows, or breaks as it is told.

A socket of our own, because it has to break at the very step. Also here: contents and
recipients with sensible defaults.
"""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal

from digest.delivery.sendgrid.payload import Content, Recipient
from digest.values import Sender
from tests.delivery.sendgrid.described import faults_in

SLOTS = ("__DIGEST_UNSUBSCRIBE_URL__", "__DIGEST_PREFERENCES_URL__", "__DIGEST_JOINED_ON_DATE__")
SITE = "https://digest.example.org"
REASONS = {202: "Accepted", 201: "Created"}


def a_content(**changes: Any) -> Content:
    """A small issue with three slots."""
    unsubscribe, preferences, joined = SLOTS
    return Content(
        **{
            "sender": Sender("Research Digest", "digest@example.org", "editors@example.org"),
            "subject": "November: what 21 studies found",
            "text": f"Ein Überblick\nLeave: {unsubscribe}\nChoose: {preferences}\nSince {joined}\n",
            "html": f'<p>Ein Überblick – <a href="{unsubscribe}">leave</a> {joined}</p>\n',
            "headers": (("List-Id", "<updates.example.org>"),),
            **changes,
        }
    )


def a_recipient(number: int = 1, **changes: Any) -> Recipient:
    """Reader number so and so."""
    leave = f"{SITE}/leave/token-{number}"
    return Recipient(
        **{
            "delivery_id": f"opaque-{number}",
            "address": f"reader{number}@example.net",
            "name": "Zoë Reader",
            "values": {
                SLOTS[0]: leave,
                SLOTS[1]: f"{SITE}/preferences/token-{number}",
                SLOTS[2]: "3 March 2026",
            },
            "unsubscribe_url": leave,
            "message_id": f"<{number}@example.org>",
            **changes,
        }
    )


def recipients(count: int) -> list[Recipient]:
    """Readers 1 to `count`."""
    return [a_recipient(number) for number in range(1, count + 1)]


@dataclass(frozen=True)
class Answer:
    """What the API does with one request. Without `errors` and `body` it has nothing to say.

    `cut`: hangs up with a reset "at once", after the "head", within the "body", after it
    ("read") or within the "answer". `early`: answers and hangs up without reading the body.
    `silent`: reads it all and says nothing. `goodbye`: hangs up after the answer without a word.
    """

    status: int = 202
    errors: tuple[tuple[str, str | None], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    cut: Literal["", "at once", "head", "body", "read", "answer"] = ""
    early: bool = False
    silent: bool = False
    goodbye: bool = False

    def bytes(self) -> bytes:
        """The reply as it stands on the wire."""
        errors = [{"message": what, "field": at, "help": None} for what, at in self.errors]
        body = self.body or (json.dumps({"errors": errors}).encode() if errors else b"")
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'No')}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


@dataclass
class Api:
    """The script, used up one by one (then: what is right), and what came in."""

    script: list[Answer] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    receive_buffer: int = 0
    on_head: Callable[[], None] = lambda: None  # a request's head is here, its body may be
    hung_up: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it listens, in plain HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def mailed(self) -> list[str]:
        """The addresses of all mails that were read whole, in order."""
        bodies = [body for path, _, body in self.requests if path == "/v3/mail/send"]
        return [one["to"][0]["email"] for body in bodies for one in body["personalizations"]]

    def next(self) -> Answer | None:
        """What the script says to this request; None: judge it."""
        return self.script.pop(0) if self.script else None


@contextmanager
def sendgrid_api(
    *script: Answer, tls: ssl.SSLContext | None = None, **options: Any
) -> Iterator[Api]:
    """The API in a thread of its own; one connection after the other."""
    api = Api(list(script), **options)
    with socket.socket() as listener:
        if api.receive_buffer:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, api.receive_buffer)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        api.port = listener.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(listener, api, tls), daemon=True)
        thread.start()
        yield api
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


class _Cut(Exception):
    """The script says: hang up here."""


def _serve(listener: socket.socket, api: Api, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        api.connections += 1
        with suppress(OSError):
            talking = tls.wrap_socket(connection, server_side=True) if tls else connection
            with talking, talking.makefile("rb") as reader:
                try:
                    while _one_request(talking, reader, api):
                        pass
                except _Cut:
                    # At once, with a reset: what is not read is lost for the other side too.
                    reset = struct.pack("ii", 1, 0)
                    talking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        api.hung_up.set()


def _one_request(connection: socket.socket, reader: BinaryIO, api: Api) -> bool:
    if api.script and api.script[0].cut == "at once":
        api.next()
        raise _Cut
    if not (first := reader.readline()):
        return False
    headers = {}
    while (line := reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    api.on_head()
    answer = api.next()
    if answer and answer.early:
        connection.sendall(answer.bytes())
        return False
    _cut_at("head", answer)
    length = int(headers["content-length"])
    raw = reader.read(100 if answer and answer.cut == "body" else length)
    _cut_at("body", answer)
    if len(raw) < length:
        return False
    path = first.decode().split()[1]
    body = json.loads(gzip.decompress(raw) if headers.get("content-encoding") == "gzip" else raw)
    api.requests.append((path, headers, body))
    _cut_at("read", answer)
    if answer and answer.silent:
        reader.read()
        return False
    reply = (answer or _judged(path, body)).bytes()
    connection.sendall(reply[:12] if answer and answer.cut == "answer" else reply)
    _cut_at("answer", answer)
    return not (answer and answer.goodbye)


def _cut_at(step: str, answer: Answer | None) -> None:
    if answer and answer.cut == step:
        raise _Cut


def _judged(path: str, body: Any) -> Answer:
    if faults := faults_in(path, body):
        return Answer(400, tuple((fault, None) for fault in faults))
    if path == "/v3/mail/batch":
        return Answer(201, body=b'{"batch_id": "HkJ5yLYULb7Rj8GK"}')
    if path == "/v3/user/scheduled_sends":
        return Answer(201, body=b"{}")
    return Answer(202, headers=(("X-Message-Id", "14c5d75ce93"),))
