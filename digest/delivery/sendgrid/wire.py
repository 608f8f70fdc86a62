"""One keep-alive HTTPS connection to the API, which knows whether a request left it whole.

In: a path and a body. Out: the reply. Law 3 hangs on the difference between `NotSent` (the other
side cannot have read the request to its end, so that it may be sent again) and `Unanswered`.
The standard library's client is used step by step, because httpx and urllib3 do not tell it:
both go on to wait for an answer when writing fails.
"""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

BROKEN = (OSError, http.client.HTTPException)
MAX_REPLY = 65_536  # bytes of a reply that are read; its first lines say it all


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for each step, and how long an idle connection is trusted."""

    connect: float = 20
    write: float = 120  # for the whole body
    answer: float = 120  # too short, and a batch is `unknown` for nothing
    early: float = 1  # for an answer that came before the body had left
    idle: float = 5


@dataclass(frozen=True, slots=True)
class Reply:
    """What the API answered; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSent(Exception):
    """The request did not leave whole: nobody can have acted on it."""


class Unanswered(Exception):
    """The request left whole, and no reply came: nobody knows."""


class Wire:
    """A connection that is opened when it is needed, and again after a drop. For one thread."""

    def __init__(
        self,
        api_url: str,
        *,
        patience: Patience | None = None,
        context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._url = urlsplit(api_url)
        self._patience, self._clock = patience or Patience(), clock
        self._context = context
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def post(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        leaving: Callable[[], None] | None = None,
    ) -> Reply:
        """The reply to one request. Raises NotSent or Unanswered; their cause says why.

        `leaving` is called when the connection stands, before the first byte: the last moment to
        note what is about to happen. What it raises stops the request.
        """
        try:
            connection = self._ready()
            if leaving is not None:
                leaving()
            return self._exchange(connection, path, body, headers)
        except BaseException:
            # Also when interrupted: a late answer must not be taken for that to the next request.
            self.close()
            raise

    def close(self) -> None:
        """Hang up; the next request connects again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*BROKEN):
                connection.close()

    def hang_up(self) -> None:
        """From another thread: whoever waits for the other side hears that it is gone."""
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                # Below TLS, whose own goodbye would take the reader's session from under it.
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
    ) -> Reply:
        failure = self._write(connection, f"{self._url.path}{path}", body, headers)
        _wait_at_most(connection, self._patience.early if failure else self._patience.answer)
        try:
            reply = self._read(connection)
        except BROKEN as error:
            if failure:
                raise NotSent(_told(failure)) from failure
            raise Unanswered(_told(error)) from error
        self._used = self._clock()
        if failure:
            self.close()
            if reply.status >= 500:  # its word on a request that it has not read
                raise NotSent(f"answered {reply.status} in mid-request") from failure
        return reply

    def _ready(self) -> http.client.HTTPConnection:
        connection = self._connection
        if connection is not None:
            idle = self._clock() - self._used
            if idle <= self._patience.idle and not _has_hung_up(connection.sock):
                return connection
            # Closed on the other side while we were silent: better seen now than after the body.
            self.close()
        connection = self._connection = self._new()
        try:
            connection.connect()
        except BROKEN as error:
            raise NotSent(_told(error)) from error
        return connection

    def _new(self) -> http.client.HTTPConnection:
        host, port, seconds = self._url.hostname or "", self._url.port, self._patience.connect
        if self._url.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=seconds)
        context = self._context or ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=context)

    def _write(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
    ) -> Exception | None:
        """What broke before the system had taken the last byte; None: the request has left."""
        _wait_at_most(connection, self._patience.write)
        try:
            connection.putrequest("POST", path)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                connection.putheader(name, value)
            connection.endheaders()
            connection.send(body)
        except BROKEN as error:
            return error
        return None

    def _read(self, connection: http.client.HTTPConnection) -> Reply:
        response = connection.getresponse()
        try:
            body = response.read(MAX_REPLY)
        except BROKEN:
            body = b""  # the status is the answer
        reply = Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, body)
        if response.will_close or not response.isclosed():
            self.close()
        return reply


def _has_hung_up(sock: socket.socket) -> bool:
    """Whether anything is to be read: between two requests that is a goodbye, or a reset."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _wait_at_most(connection: http.client.HTTPConnection, seconds: float) -> None:
    if connection.sock is not None:
        connection.sock.settimeout(seconds)


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
