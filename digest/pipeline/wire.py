"""The wire of one gathering: one guarded fetcher, one pace and one memory of robots.txt for all.

Sources that ask no host are given a web that refuses; where there are no others, the fetcher is
not even loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from digest.config import Config
from digest.errors import SourceError
from digest.sources.kind import Answer, SourceSettings, Web
from digest.values import Seen


class CountingWeb(Web, Protocol):
    """A visit's web, which counts what it asked for and what it was sent (bytes on the wire)."""

    requests: int
    bytes: int


class Wire(Protocol):
    """Gives each visit its web."""

    def web(self, source: SourceSettings) -> CountingWeb:
        """The web of one visit."""


@contextmanager
def open_wire(config: Config) -> Iterator[Wire]:
    """The wire of one gathering; leaving it hangs up whatever is still being asked."""
    if not any(source.host for source in config.sources):
        yield _Unplugged()
        return
    wire = _Wire(config)
    try:
        yield wire
    finally:
        wire.hang_up()


class _Wire:
    def __init__(self, config: Config):
        from digest.sources.fetch import Fetcher  # loads httpx, which files do not need
        from digest.sources.fetch.pace import Pace
        from digest.sources.fetch.robots import Robots

        fetch = config.fetch
        self._fetcher = Fetcher(
            allow_private_hosts=fetch.allow_private_hosts, contact=fetch.contact
        )
        self._pace = Pace(fetch.pause.total_seconds())
        self._robots = Robots(self._pace)

    def web(self, source: SourceSettings) -> CountingWeb:
        """The web of one visit."""
        from digest.sources.fetch.web import VisitWeb

        return VisitWeb(self._fetcher, self._pace, self._robots) if source.host else _NoWeb(source)

    def hang_up(self) -> None:
        """End whatever is still being asked, or waits for its turn."""
        self._pace.stop()
        self._fetcher.hang_up()


class _Unplugged:
    """For sources that are files."""

    def web(self, source: SourceSettings) -> CountingWeb:
        """A web that refuses everything."""
        return _NoWeb(source)


class _NoWeb:
    requests = 0
    bytes = 0

    def __init__(self, source: SourceSettings):
        self._source = source.name

    def get(
        self, url: str, *, accept: str, seen: Seen | None = None, obey_robots: bool = False
    ) -> Answer:
        raise self._refusal()

    def may_read(self, url: str) -> bool:
        raise self._refusal()

    def time_is_up(self) -> bool:
        return False

    def _refusal(self) -> SourceError:
        return SourceError(
            "its kind names no host to ask, so it is given no web",
            where=self._source,
            mend="Its settings' `host` must say which host it asks",
        )
