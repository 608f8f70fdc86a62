"""The kind `feed`: RSS, Atom or JSON Feed, at an address or in a file.

In: its section and a visit. Out: a harvest; an entry that holds only an excerpt is read from the
page that it links to (`following`). A feed that did not change costs one request, but for once a
day when it has linked pages: then they are looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, model_validator

from digest.errors import SourceError
from digest.sources.errors import Unreadable
from digest.sources.kind import Answer, Kind, SourceSettings, Visit
from digest.sources.plain_file import read_plain_file
from digest.values import Entry, Harvest, Refusal, Seen


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
    def file(self) -> str:
        """The path of the feed, from the folder of config.yaml; "": it is on the web."""
        if self.on_the_web:
            return ""
        return unquote(self.url[5:].removeprefix("//")) if self.url[:5] == "file:" else self.url

    @property
    def host(self) -> str:
        """The host of the feed; "" for a file."""
        return (urlsplit(self.url).hostname or "") if self.on_the_web else ""

    @model_validator(mode="after")
    def _address_names_a_host(self) -> Self:
        try:
            whole = self.host or not self.on_the_web
        except ValueError:
            whole = False
        if not whole:
            raise ValueError(
                f"'{self.url[:80]}' is no web address; write one like https://news.example.org/rss"
            )
        return self


def harvest(source: FeedSource, visit: Visit) -> Harvest:
    """Every entry of the feed. Raises SourceError when it cannot be read as a whole."""
    from digest.sources.fetch import FEEDS, kept_address, shown_address

    if not source.on_the_web:
        answer = Answer(url="", content=_file(source, visit), seen=Seen(source.url))
        return _read(source, visit, answer, source.url)
    own = kept_address(source.url)
    known = visit.seen.get(own)
    linked = tuple(seen for address, seen in visit.seen.items() if address != own)
    refused = visit.insist and any(seen.problem for seen in visit.seen.values())
    asked_with = known
    if known and (refused or (linked and _is_older_than_a_day(known, visit))):
        asked_with = _without_validators(known)  # a linked page may be another since
    answer = visit.web.get(source.url, accept=FEEDS, seen=asked_with)
    if answer.changed or known is None:
        return _read(source, visit, answer, shown_address(source.url))
    return Harvest(
        unchanged=known.found,
        notes=_moved(answer.seen),
        seen=(
            replace(answer.seen, read_at=known.read_at, found=known.found, problem=known.problem),
            *linked,
        ),
    )


def _read(source: FeedSource, visit: Visit, answer: Answer, place: str) -> Harvest:
    """What a feed holds that is not as it was. Its parsers are imported only now."""
    from digest.sources import feed_json, feed_xml
    from digest.sources.entry import to_entry
    from digest.sources.feed_item import Excerpt, stated_in_item, told_apart
    from digest.sources.fetch import shown_address
    from digest.sources.following import follow

    parser = feed_json if feed_json.is_json(answer.content) else feed_xml
    base = shown_address(answer.url)
    feed = parser.read_items(answer.content, place, answer.charset, base)
    items, notes = told_apart(feed.items)
    entries: list[Entry] = []
    refusals = list(feed.refusals)
    excerpts = []
    for item in items:
        try:
            entries.append(to_entry(stated_in_item(item), item.place, visit.zone, now=visit.now))
        except Excerpt:
            excerpts.append(item)
        except Unreadable as unreadable:
            refusals.append(unreadable.at(item.place))
    followed = follow(excerpts, source.most_pages, visit)
    found = len(entries) + len(followed.entries) + followed.unchanged
    seen = replace(answer.seen, read_at=visit.now, found=found)
    refusals += followed.refusals
    seen = replace(seen, problem=_lines_of_its_own(refusals, followed.seen))
    if followed.waiting or not feed.whole:
        seen = _without_validators(seen)  # so that it is read again at the next visit
    return Harvest(
        entries=(*entries, *followed.entries),
        refusals=tuple(refusals),
        unchanged=followed.unchanged,
        notes=(*_moved(answer.seen), *notes, *followed.notes),
        seen=(
            *([seen] if source.on_the_web else []),
            *followed.seen,
            *_no_longer_there(visit, (seen, *followed.seen)),
        ),
    )


def _lines_of_its_own(refusals: Sequence[Refusal], linked: Sequence[Seen]) -> str:
    """What a feed that does not change holds wrong still; a linked page has its own line."""
    theirs = {seen.problem for seen in linked}
    lines = (refusal.line() for refusal in refusals)
    return "\n".join(line for line in lines if line not in theirs)


def _no_longer_there(visit: Visit, kept: Sequence[Seen]) -> Iterator[Seen]:
    """Refused pages to which the feed does not link any more: nobody needs to mend those."""
    there = {seen.url for seen in kept}
    for url, seen in visit.seen.items():
        if seen.problem and url not in there:
            yield replace(seen, problem="")


def _moved(seen: Seen) -> tuple[str, ...]:
    return (f"moved for good to {seen.moved_to}: correct `url`",) if seen.moved_to else ()


def _is_older_than_a_day(known: Seen, visit: Visit) -> bool:
    return known.read_at is None or visit.now - known.read_at >= timedelta(days=1)


def _without_validators(seen: Seen) -> Seen:
    """It is asked for in full then, where it moved to."""
    return replace(seen, etag="", last_modified="", body_hash="")


def _file(source: FeedSource, visit: Visit) -> bytes:
    """A feed in a file: a path from the folder of config.yaml, or a file: address."""
    url = source.url
    try:
        return read_plain_file(visit.path(source.file))
    except Unreadable as unreadable:
        raise SourceError(
            unreadable.problem, where=url, mend="Correct `url` of this source"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(
            f"cannot be read ({reason})", where=url, mend="Correct `url` of this source"
        ) from None


KIND = Kind("feed", FeedSource, harvest)
