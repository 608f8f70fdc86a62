"""The kind `feed`: RSS, Atom or JSON Feed, at an address or in a file."""

from __future__ import annotations

from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field

from digest.errors import SourceError
from digest.sources.kind import Kind, SourceSettings, Visit
from digest.values import Harvest

MOST_BYTES = 10_000_000


class FeedSource(SourceSettings):
    """`url` is an address, or a path from config.yaml.

    `most_pages`: how many linked pages one visit reads, where the feed holds only excerpts.
    """

    kind: Literal["feed"]
    url: str = Field(min_length=1)
    most_pages: int = Field(30, ge=0, le=1000)

    @property
    def on_the_web(self) -> bool:
        """Whether `url` is an address, not a file."""
        return self.url.lower().startswith(("http://", "https://"))

    @property
    def host(self) -> str:
        """The host of the feed; "" for a file."""
        try:
            return (urlsplit(self.url).hostname or "") if self.on_the_web else ""
        except ValueError:
            return ""


def harvest(source: FeedSource, visit: Visit) -> Harvest:
    """Every entry of the feed. Raises SourceError when it cannot be read as a whole."""
    from digest.sources.feed_xml import read_feed
    from digest.sources.fetch import FEEDS, shown_address

    if not source.on_the_web:
        return read_feed(_file(source.url, visit), source.url, visit.zone)
    answer = visit.web.get(source.url, accept=FEEDS)
    return read_feed(answer.content, shown_address(source.url), visit.zone)


def _file(url: str, visit: Visit) -> bytes:
    """A feed in a file: a path from the folder of config.yaml, or a file: address."""
    name = unquote(url.removeprefix("file://").removeprefix("file:")) if url[:5] == "file:" else url
    try:
        with visit.path(name).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(
            f"cannot be read ({reason})", where=url, mend="Correct `url` of this source"
        ) from None
    if len(content) > MOST_BYTES:
        raise SourceError(
            f"is larger than {MOST_BYTES // 1_000_000} MB", where=url, mend="Shorten the feed"
        )
    return content


KIND = Kind("feed", FeedSource, harvest)
