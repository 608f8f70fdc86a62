"""Feeds read whole: by their source, in a visit of a web that holds nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from digest.sources import harvest
from digest.sources.feed import FeedSource
from digest.sources.kind import Answer
from digest.values import Harvest, Seen
from tests.sources.webs import NOW, FakeWeb, a_visit

PLACE = "https://news.example.org/rss"


def a_source(**changes: object) -> FeedSource:
    return FeedSource.model_validate({"name": "f", "kind": "feed", "url": PLACE, **changes})


def read(content: bytes, charset: str = "") -> Harvest:
    """What the feed gives where no page that it links to is read."""
    answer = Answer(url=PLACE, content=content, charset=charset, seen=Seen(PLACE))
    return harvest(a_source(most_pages=0), a_visit(FakeWeb({PLACE: answer})))


def visit_again(web: FakeWeb, found: Harvest | None, now: datetime, **source: object) -> Harvest:
    """The next visit, at `now`, with what the one before remembered."""
    seen: Mapping[str, Seen] = {one.url: one for one in found.seen} if found else {}
    web.asked.clear()
    return harvest(a_source(**source), a_visit(web, seen=seen, now=now))


__all__ = ["NOW", "PLACE", "a_source", "read", "visit_again"]
