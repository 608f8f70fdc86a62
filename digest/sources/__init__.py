"""Sources: outside formats → plain values. In: one source of config.yaml. Out: its `Harvest`.

A kind of source is one function in `KINDS`. Keeps law 8: what comes from outside is fetched by
the guarded fetcher, capped, parsed, and then every field is made plain text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from digest.config import Config, SourceSettings
from digest.config.settings import FeedSource, FolderSource, PagesSource
from digest.errors import SourceError
from digest.sources import fetch as fetcher
from digest.sources.feed import read_feed
from digest.sources.folder import harvest_folder
from digest.values import Harvest

__all__ = ["harvest"]


def harvest(source: SourceSettings, config: Config) -> Harvest:
    """All that `source` holds now. Raises SourceError when it cannot be read as a whole."""
    return KINDS[source.kind](source, config)


def _folder(source: FolderSource, config: Config) -> Harvest:
    return harvest_folder(config.path(source.path), config.zone)


def _feed(source: FeedSource, config: Config) -> Harvest:
    if source.url.lower().startswith(("http://", "https://")):
        content = fetcher.fetch(
            source.url,
            allow_private_hosts=config.fetch.allow_private_hosts,
            contact=config.fetch.contact,
        )
    else:
        content = _feed_file(source.url, config)
    return read_feed(content, fetcher.shown_address(source.url), config.zone)


def _feed_file(url: str, config: Config) -> bytes:
    """A feed in a file: a path from the folder of config.yaml, or a file: address."""
    name = unquote(url.removeprefix("file://").removeprefix("file:")) if url[:5] == "file:" else url
    try:
        with config.path(name).open("rb") as file:
            content = file.read(fetcher.MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(
            f"cannot be read ({reason})", where=url, mend="Correct `url` of this source"
        ) from None
    if len(content) > fetcher.MOST_BYTES:
        raise SourceError(
            f"is larger than {fetcher.MOST_BYTES // 1_000_000} MB",
            where=url,
            mend="Shorten the feed",
        )
    return content


def _pages(source: PagesSource, config: Config) -> Harvest:
    raise SourceError(
        "sources of kind 'pages' are not built yet",
        where=source.name,
        mend="Use a folder or feed source",
    )


KINDS: dict[str, Callable[[Any, Config], Harvest]] = {
    "folder": _folder,
    "feed": _feed,
    "pages": _pages,
}
