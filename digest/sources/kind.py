"""What a kind of source is, and what it is given: a light module that every kind begins with.

A kind is its section of config.yaml and one function: that section and a `Visit` → a `Harvest`.
The modules of kinds are read with every config.yaml, so they import their parsers when they
read, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Generic, Literal, Protocol, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field

from digest.fields import Section
from digest.values import Harvest, Seen

MOST_BYTES = 10_000_000  # of one thing that is read: a page, a feed, a file
Undated = Literal["hold", "first_seen"]


class SourceSettings(Section):
    """What every source states in config.yaml, whatever its kind."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    kind: str
    undated: Undated = "hold"

    @property
    def host(self) -> str:
        """The host that it asks, so that one host is asked by one visit at a time; "": none."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an address gave: its content, or (`changed` False) word that it is as it was."""

    url: str  # where it was found in the end
    content: bytes = b""
    changed: bool = True
    media_type: str = ""  # "text/html", in lower case; "": not stated
    charset: str = ""  # as the header states it; "": not stated
    seen: Seen  # to be given with the next request for the same address


class Web(Protocol):
    """The guarded fetcher, as one visit of one source has it."""

    def get(
        self, url: str, *, accept: str, seen: Seen | None = None, obey_robots: bool = False
    ) -> Answer:
        """The content at `url`. With `seen` it is asked for only if it changed since.

        With `obey_robots` (pages: a feed is there to be read by programs) robots.txt is asked
        for every address on the way, wherever redirects lead. Raises SourceError for everything
        that can go wrong.
        """

    def may_read(self, url: str) -> bool:
        """Whether the robots.txt of its site lets us read `url` (RFC 9309).

        Raises SourceError when the site cannot say so now.
        """

    def time_is_up(self) -> bool:
        """Whether the visit took so long that the pages it has not read wait for the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit of one source: all that a kind is given besides its own section."""

    web: Web
    zone: ZoneInfo  # the publication's
    folder: Path  # where config.yaml lies: relative paths start there
    now: datetime
    seen: Mapping[str, Seen]  # what earlier visits remembered, by the address that was asked
    insist: bool = False  # the operator named this source: what was refused is tried again now

    def path(self, relative: str) -> Path:
        """A path of the configuration, made absolute."""
        return (self.folder / Path(relative).expanduser()).resolve()


S = TypeVar("S", bound=SourceSettings)


@dataclass(frozen=True, slots=True)
class Kind(Generic[S]):
    """A kind of source: the word in config.yaml, its section, and how it is read.

    `harvest` raises SourceError when the source cannot be read as a whole; a single thing that
    cannot be read is a `Refusal` in its harvest.
    """

    name: str
    settings: type[S]
    harvest: Callable[[S, Visit], Harvest]
