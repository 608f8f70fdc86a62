"""`python -m bench.gathering.server FEEDS ENTRIES`: many hosts of this machine, a feed on each.

Orders come line by line on stdin, one answer each on stdout (JSON): "count" gives the requests
and body bytes since the last count, "forget" does so too, and from then on the server sends no
validators and always the whole body. Ends with stdin. The first line out holds the addresses.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import format_datetime
from urllib.parse import urlsplit

from bench.gathering.material import NEWEST, feeds
from bench.gathering.measure import pin

MOST_HOSTS = 250
PATH = "/rss"
DATED = format_datetime(NEWEST, usegmt=False).replace("+0000", "GMT")


@dataclass(slots=True)
class Site:
    """One host's feed, plain and packed."""

    plain: bytes
    packed: bytes
    etag: str

    @classmethod
    def of(cls, body: bytes) -> Site:
        """The site of a feed."""
        tag = hashlib.sha256(body).hexdigest()[:16]
        return cls(body, gzip.compress(body, 6, mtime=0), f'"{tag}"')


@dataclass(slots=True)
class Counts:
    """Since the last order, over all hosts."""

    requests: int = 0
    not_modified: int = 0
    bytes: int = 0
    validators: bool = True

    def take(self) -> str:
        """The counts as JSON; they start again at 0."""
        line = json.dumps(
            {"requests": self.requests, "not_modified": self.not_modified, "bytes": self.bytes}
        )
        self.requests = self.not_modified = self.bytes = 0
        return line


def answer(request: str, site: Site, counts: Counts) -> bytes:
    """The answer to one GET (its lines), and note it: 200, 304, or 404 for any other path."""
    first, *lines = request.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    counts.requests += 1
    if urlsplit(first.split(" ")[1]).path != PATH:
        return _head("404 Not Found", 0)
    validators = f"ETag: {site.etag}\r\nLast-Modified: {DATED}\r\n" if counts.validators else ""
    if counts.validators and headers.get("if-none-match") == site.etag:
        counts.not_modified += 1
        return _head("304 Not Modified", None, validators)
    packs = "gzip" in headers.get("accept-encoding", "")
    body = site.packed if packs else site.plain
    counts.bytes += len(body)
    kind = "Content-Type: application/rss+xml; charset=utf-8\r\n"
    return _head("200 OK", len(body), validators + kind, packs=packs) + body


def _head(status: str, length: int | None, more: str = "", *, packs: bool = False) -> bytes:
    size = "" if length is None else f"Content-Length: {length}\r\n"
    coding = "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n" if packs else ""
    return f"HTTP/1.1 {status}\r\n{size}{coding}{more}\r\n".encode()


async def serve(count: int, entries: int) -> None:
    """Serve `count` feeds until stdin ends."""
    pin(1)  # the gathering has the other core
    counts, addresses, servers = Counts(), [], []
    for number, body in enumerate(feeds(count, entries), start=1):
        host = f"127.0.0.{number}"
        server = await asyncio.start_server(_client(Site.of(body), counts), host, 0)
        servers.append(server)
        addresses.append(f"http://{host}:{server.sockets[0].getsockname()[1]}{PATH}")
    print(json.dumps(addresses), flush=True)
    loop = asyncio.get_running_loop()
    while order := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        counts.validators = counts.validators and order != "forget"
        print(counts.take(), flush=True)
    for server in servers:
        server.close()


def _client(
    site: Site, counts: Counts
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(answer(request.rstrip(), site, counts))
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    return client


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
