"""One mapping (a JSON object, or the front matter of a Markdown file) → one `Entry`.

Keys as in the sample corpus: id, slug, title, headline, found, why, limits, body, journal,
published, doi, pmid, url, kind. Others are ignored; a known key of a wrong type is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from digest.sources.clean import loose_text
from digest.sources.entry import Stated, to_entry
from digest.sources.errors import Unreadable
from digest.values import Entry

TEXTS = ("title", "headline", "found", "why", "limits", "body", "journal")
VERBATIM = ("slug", "doi", "url")  # no markup is read in them


def read_record(record: Mapping[str, object], place: str, *, zone: ZoneInfo) -> Entry:
    """The entry that `record` states; null means not stated.

    Raises Unreadable, naming the key, for a wrong type or a missing one.
    """
    return to_entry(stated_in_record(record), place, zone)


def stated_in_record(record: Mapping[str, object]) -> Stated:
    """What `record` states, unchecked but for its types. Raises Unreadable, naming the key."""
    fields = {name: loose_text(_text(record, name)) for name in TEXTS}
    fields |= {name: _text(record, name).strip() for name in VERBATIM}
    fields |= {"guid": _number(record, "id"), "pmid": _number(record, "pmid")}
    return Stated(kind=_kind(record), **fields, published=_date(record))


def _kind(record: Mapping[str, object]) -> Literal["summary", "article", ""]:
    match _text(record, "kind"):
        case "" | "summary" | "article" as kind:
            return kind
        case other:
            raise Unreadable(f"`kind` '{other[:40]}' is not known", "Write summary or article")


def _text(record: Mapping[str, object], key: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"`{key}` is {named(value)}, not text", "Write it in quotes, or null")
    return value


def _number(record: Mapping[str, object], key: str) -> str:
    """`id` and `pmid` may be a number; it is kept as its digits."""
    value = record.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    return _text(record, key)


def _date(record: Mapping[str, object]) -> str:
    """YAML turns an unquoted date into a date of its own; JSON has only text."""
    value = record.get("published")
    return value.isoformat() if isinstance(value, date) else _text(record, "published")


def named(value: object) -> str:
    """What kind of thing a value of JSON or YAML is, in words."""
    names = {
        bool: "true or false", int: "a number", float: "a number", list: "a list", str: "text",
        type(None): "null",
    }  # fmt: skip
    return names.get(type(value), "an object" if isinstance(value, Mapping) else "something else")
