"""A JSON Feed, version 1.0 or 1.1 (jsonfeed.org) → its items.

In: bytes. Out: a `Feed`; an item of a wrong form is refused, the rest goes on. Keeps law 8: how
much there is to take apart is counted before, and `entry.to_entry` cleans last.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from digest.errors import SourceError
from digest.sources.charset import decode_xml
from digest.sources.entry import is_web_address
from digest.sources.errors import Unreadable
from digest.sources.feed_item import MEND, Feed, Item, address_of, doi_of, pmid_of, title_of
from digest.sources.record import named
from digest.values import Refusal

VERSION = "jsonfeed.org/version/"
# As much as an XML feed may hold: each tag and each item takes time to be read.
MOST_VALUES, MOST_TAGS, MOST_ITEMS = 500_000, 50_000, 5_000
LARGEST_NUMBER = 10**18
TEXTS = ("content_html", "content_text", "summary")


def is_json(content: bytes) -> bool:
    """Whether `content` begins as a JSON object does, in UTF-8 or UTF-16."""
    return content.removeprefix(b"\xef\xbb\xbf")[:200].strip(b"\0\xff\xfe \t\r\n")[:1] == b"{"


def read_items(content: bytes, place: str, charset: str = "", address: str = "") -> Feed:
    """The items of the feed at `place`; as `feed_xml.read_items`."""
    feed = _parsed(content, place, charset)
    given = feed.get("items")
    version = feed.get("version")
    if not isinstance(version, str) or VERSION not in version or not isinstance(given, list):
        raise SourceError("is JSON, but no JSON Feed", where=place, mend=MEND)
    home = feed.get("home_page_url")
    bases = (address_of(home, address) if isinstance(home, str) else "", address)
    items: list[Item] = []
    refusals: list[Refusal] = []
    if len(given) > MOST_ITEMS:
        refusals.append(_too_many(place, len(given)))
    for number, one in enumerate(given[:MOST_ITEMS], start=1):
        where = f"{place} entry {number}"
        try:
            items.append(_item(one, where, bases))
        except Unreadable as unreadable:
            refusals.append(unreadable.at(where))
    return Feed(tuple(items), tuple(refusals))


def _too_many(place: str, given: int) -> Refusal:
    return Refusal(
        place,
        f"holds {given:,} items; the first {MOST_ITEMS:,} were read",
        "Ask the publisher for a shorter feed",
    )


def _parsed(content: bytes, place: str, charset: str) -> Mapping[str, object]:
    text = decode_xml(content, charset)
    if text.count("<") + text.lower().count("\\u003c") > MOST_TAGS:
        raise SourceError(f"has more than {MOST_TAGS:,} tags", where=place, mend=MEND)
    if sum(map(text.count, "{[,")) > MOST_VALUES:
        raise SourceError(f"has more than {MOST_VALUES:,} values", where=place, mend=MEND)
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = str(error) if isinstance(error, json.JSONDecodeError) else "nested or sized absurdly"
        raise SourceError(
            f"is no well-formed JSON ({what})",
            where=place,
            mend="It is read again at the next check; if it stays so, tell the publisher",
        ) from None
    if not isinstance(feed, dict):
        raise SourceError("is JSON, but no JSON Feed", where=place, mend=MEND)
    return feed


def _item(one: object, place: str, bases: tuple[str, ...]) -> Item:
    if not isinstance(one, dict):
        raise Unreadable(f"is {named(one)}, not an object", "Tell the publisher of the feed")
    guid = _identity(one)
    links = [address_of(_text(one, name), *bases) for name in ("url", "external_url")]
    links += [guid] if is_web_address(guid) else []
    return Item(
        place=place,
        title=title_of(_text(one, "title")),
        texts=tuple(text for name in TEXTS if (text := _text(one, name))),
        link=next(filter(None, links), ""),
        guid=guid,
        published=_date(one, "date_published") or _date(one, "date_modified"),
        doi=doi_of(*(() if is_web_address(guid) else (guid,)), *links),
        pmid=pmid_of(guid, *links),
    )


def _text(one: Mapping[str, object], key: str) -> str:
    value = one.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"`{key}` is {named(value)}, not text", "Tell the publisher of the feed")
    return value.strip()


def _identity(one: Mapping[str, object]) -> str:
    """Text; version 1.0 let it be a number, too (section "id" of the specification)."""
    value = one.get("id")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_NUMBER:
        return str(value)
    return repr(value) if isinstance(value, float) else _text(one, "id")


def _date(one: Mapping[str, object], key: str) -> str:
    """A date of another type is told as it is: the entry asks the editor, and is not lost."""
    value = one.get(key)
    if value is None or isinstance(value, str):
        return (value or "").strip()
    return named(value)
