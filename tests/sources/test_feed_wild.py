"""Wild bytes: whatever a feed holds, reading it raises nothing but SourceError."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import SourceError
from tests.sources.feeds import read
from tests.sources.samples import a_feed, an_item
from tests.sources.test_feed_quirks import FILES

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
NAMES = ("id", "url", "external_url", "title", "content_html", "content_text", "summary",
         "date_published", "date_modified")  # fmt: skip
PIECES = st.sampled_from(
    ["<item>", "</item>", "<title type='xhtml'>", "<content type='html' src='http://[x'>", "<guid>",
     "<link href='http://[x'/>", "<link>http://[x</link>", "<base xml:base='http://['/>", "]]>",
     "<![CDATA[", "<!--", "&x;", "&#xfffffff;", "&#0;", "<pubDate>-1", "<x:y>", "<svg>", "\x00",
     "<content:encoded>", "<geo:lat>", "<georss:point>a", "<media:content width='x'/>", "\ud800",
     "<psc:chapters><psc:chapter start='x'/>", "<dcterms:valid>;", "<image>", "<textinput>"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"<rss>", b"<feed>", b"{"]), st.text())
def test_any_bytes(content: bytes, before: bytes, charset: str) -> None:
    with suppress(SourceError):
        read(before + content, charset)


@settings(max_examples=80, deadline=None)
@given(st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join))
def test_any_pieces_of_markup(inside: str) -> None:
    with suppress(SourceError):
        read(f"<rss><channel><item>{inside}</item></channel></rss>".encode("utf-8", "replace"))


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING), ANYTHING)
def test_any_json(item: dict[str, object], other: object) -> None:
    feed = {"version": "https://jsonfeed.org/version/1", "items": [item, other], "title": other,
            "home_page_url": other}  # fmt: skip
    found = read(json.dumps(feed).encode())
    assert 1 <= len(found.entries) + len(found.refusals) <= 2  # one, if both say the same


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FILES), st.data())
def test_any_mutation_of_a_real_feed(path: Path, data: st.DataObject) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=4))
    with suppress(SourceError):
        read(bytes(content))


@pytest.mark.parametrize("stem", ["atom-1.0-xhtml", "json-1.1", "rss-2.0-duplicate-guids"])
def test_a_feed_cut_off_anywhere(stem: str) -> None:
    content = next(path for path in FILES if path.stem == stem).read_bytes()
    for length in range(0, len(content), 7):
        with suppress(SourceError):
            read(content[:length])


def test_a_feed_that_is_cut_off_loses_its_last_entry_and_says_so() -> None:
    content = a_feed(an_item(), an_item(n=2), an_item(n=3))
    third = content.rindex(b"<item>") + 6
    for length in range(third, len(content) - 2, 3):
        found = read(content[:length])
        assert [entry.guid for entry in found.entries] == ["tag:1", "tag:2"]
        assert found.refusals[0].place.endswith("entry 3")
