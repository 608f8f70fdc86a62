"""Wild input: no parser raises anything but its declared errors."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.errors import Unreadable
from digest.sources.markdown import read_markdown
from digest.sources.page import read_dump, read_html
from digest.sources.record import read_record
from digest.values import Entry
from tests.sources.feeds import read as read_feed
from tests.sources.samples import CARDS, CUT, DISCLAIMER, SECTIONS, ZONE, a_feed, a_text, an_item

PIECES = st.sampled_from(
    [
        "\n", "\n\n", "---\n", "title: x\n", "# ", "## Limits\n", "Read More", "3/1/2026", CUT,
        CARDS, DISCLAIMER, "A sentence.", "No sentence", "<h1>", "</h1>", "<article>", "</article>",
        "<p>", "<p class=headline>", SECTIONS, "<time datetime=2026-13-01>", "<br>", "&amp;",
        "<script type='application/ld+json'>[1,{}]</script>", "<table><td>", "<svg><p>", "]]>",
        "<item>", "</item>", "<entry>", "<title>t</title>", "<link href='http://[x'/>", "\0", "<",
        "<pubDate>x</pubDate>", "<description>", "</description>", "<![CDATA[", "<!--", "&x;",
        "<base href='http://['>", "<link rel=canonical href='http://[x'>", "<frameset>",
    ]
)  # fmt: skip
WILD = st.lists(PIECES | st.text(max_size=8), max_size=14).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = (
    "id",
    "slug",
    "title",
    "headline",
    "found",
    "why",
    "body",
    "published",
    "pmid",
    "doi",
    "url",
    "kind",
)


def assert_sound(entry: Entry) -> None:
    assert entry.title
    assert entry.found if entry.kind == "summary" else entry.body
    json.dumps([entry.title, entry.found, entry.body], ensure_ascii=False).encode()


@settings(max_examples=120, deadline=None)
@given(WILD)
def test_pages_dumps_and_markdown(text: str) -> None:
    for read in (read_dump, read_html, read_markdown):
        with suppress(Unreadable):
            assert_sound(read(text, "x", zone=ZONE))


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES | WILD))
def test_records(record: dict[str, object]) -> None:
    with suppress(Unreadable):
        assert_sound(read_record(record, "x", zone=ZONE))


@settings(max_examples=120, deadline=None)
@given(WILD, st.booleans(), st.sampled_from(["utf-8", "utf-16", "cp037"]))
def test_feeds(text: str, wrapped: bool, encoding: str) -> None:
    whole = an_item(title=text or "x", text=a_text() + text.replace("]]>", ""))
    content = a_feed(whole) if wrapped else text.encode(encoding, "replace")
    with suppress(SourceError):
        found = read_feed(content)
        assert found.entries or found.refusals or not wrapped
        for entry in found.entries:
            assert_sound(entry)
