"""Feeds built to do harm: one clear error each, before any parser looks at them.

Time is told by counting: what reaches feedparser is bounded in tags, strays, references,
attributes and namespaces, whatever its bytes.
"""

from __future__ import annotations

import builtins
import io
from typing import Any

import feedparser
import pytest
from feedparser.mixin import _FeedParserMixin

from digest.errors import SourceError
from digest.sources import feed_json, feed_xml
from tests.sources.feeds import PLACE, read
from tests.sources.samples import TITLE, a_feed, an_item

MB = 1_000_000


def in_a_feed(inside: bytes) -> bytes:
    return b"<rss version='2.0'><channel><item>" + inside + b"</item></channel></rss>"


STORMS = {
    "less-than": b"<" * MB,
    "stray less-than": b"<1" * 20_000,
    "ampersands": b"& " * MB,
    "stray ampersands": b"& " * 20_000,
    "empty elements": b"<a/>" * (MB // 2),
    "start tags": b"<a>" * 200_000,
    "end tags": b"</a>" * 200_000,
    "tags never closed": b"<a " * 200_000,
    "markup declarations": b"<!" * 200_000,
    "comments never closed": b"<!--" * 200_000,
    "instructions": b"<?a " * 200_000,
    "nesting": b"<a>" * 600 + b"</a>" * 600,
    "references": b"&amp;" * MB,
    "less-than in CDATA": b"<title><![CDATA[" + b"<" * MB + b"]]></title>",
    "attributes": b"<a " + b"".join(b"b%d='' " % n for n in range(100_000)) + b"/>",
    "namespaces": b"".join(b"<n%d:a xmlns:n%d='u%d'/>" % (n, n, n) for n in range(20_000)),
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("storm", STORMS.values(), ids=STORMS)
def test_a_storm_is_one_clear_error_and_never_parsed(
    storm: bytes, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedparser, "parse", None)
    with pytest.raises(SourceError, match="is no well-formed feed: ") as caught:
        read(in_a_feed(storm).decode().encode(encoding))
    assert caught.value.where == PLACE
    assert caught.value.mend


BOMBS = {
    "laughs": "<!DOCTYPE rss [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>",
    "lower case": "<!doctype rss [<!entity a 'ha'>]>",
    "file": "<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>",
    "parameter": "<!DOCTYPE rss [<!ENTITY % a SYSTEM 'http://127.0.0.1/a'> %a;]>",
    "CDATA in the DTD": "<!DOCTYPE rss [<!-- <![CDATA[ --><!ENTITY a 'ha'><!-- ]]> -->]>",
    "two": "<!DOCTYPE rss SYSTEM 'a.dtd'><!DOCTYPE rss [<!ENTITY a 'ha'>]>",
    "elements": "<!DOCTYPE rss [<!ATTLIST rss version CDATA 'x'>]>",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_dtd_of_its_own_is_refused_and_nothing_is_opened(
    bomb: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_open(*given: Any, **how: Any) -> None:
        raise AssertionError(f"opened {given}")

    monkeypatch.setattr(feedparser, "parse", None)
    for module in (builtins, io):
        monkeypatch.setattr(module, "open", no_open)
    with pytest.raises(SourceError, match="declares XML entities"):
        read(
            f"{bomb}<rss><channel><item><title>&a;</title></item></channel></rss>".encode(encoding)
        )


def test_a_dtd_that_is_only_named_is_cut_out_and_never_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[bytes] = []
    parse = feedparser.parse

    def noted(stream: io.BytesIO, **how: Any) -> Any:
        given.append(stream.getvalue())
        return parse(stream, **how)

    monkeypatch.setattr(feedparser, "parse", noted)
    head, tail = a_feed(an_item()).split(b"<rss", 1)
    content = head + b"<!DOCTYPE rss SYSTEM 'http://127.0.0.1/rss.dtd'><rss" + tail
    assert [entry.title for entry in read(content).entries] == [TITLE]
    assert b"DOCTYPE" not in given[0].upper()


def test_cdata_in_a_comment_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bytes] = []
    monkeypatch.setattr(feedparser, "parse", lambda stream, **how: given.append(stream.read()))
    with pytest.raises(AttributeError):
        read(in_a_feed(b"<!-- <![CDATA[ -->" + b"<a/>" * 100_000 + b"<!-- ]]> -->"))
    assert given[0].count(b"<") < 10


def test_words_about_entities_are_no_declaration() -> None:
    (entry,) = read(a_feed(an_item(title="What <!ENTITY and <!DOCTYPE do"))).entries
    assert entry.title == "What <!ENTITY and <!DOCTYPE do"


def test_what_feedparser_looks_through_at_each_tag_is_switched_off() -> None:
    """Thousands of categories or authors took it a minute; a new version may rename these."""
    for name in ("_add_tag", "_sync_author_detail"):
        assert getattr(_FeedParserMixin, name).__module__ == feed_xml.__name__
    tags = b"".join(b"<category>c%d</category><author>a@b.c</author>" % n for n in range(20))
    parsed = feed_xml._parsed(in_a_feed(tags).decode(), PLACE)
    assert parsed["entries"][0]["tags"] == []


@pytest.mark.parametrize(
    "content",
    [
        b'{"version": "https://jsonfeed.org/version/1", "items": ' + b"[" * 100_000,
        b'{"version": "https://jsonfeed.org/version/1", "items": [' + b"{}," * MB + b"{}]}",
        b'{"a":' * 100_000,
        b'{"version": "https://jsonfeed.org/version/1", "items": [' + b"1" * MB + b"]}",
    ],
    ids=["arrays", "objects", "nesting", "huge number"],
)
def test_a_storm_in_json_is_one_clear_error(content: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        read(content)
    assert caught.value.where == PLACE
    assert caught.value.mend


def test_json_is_counted_before_it_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_json, "json", None)
    with pytest.raises(SourceError, match="more than 500,000 values"):
        read(b'{"items": [' + b"{}," * MB + b"{}]}")


def test_a_megabyte_of_markup_in_one_entry_harms_that_entry_alone() -> None:
    found = read(a_feed(an_item(text="<div>" * 200_000), an_item(n=2), an_item(title="x" * MB)))
    assert [entry.guid for entry in found.entries] == ["tag:2"]
    assert len(found.refusals) == 2


@pytest.mark.parametrize("text", ["a\n" * 30_000, "long " * 500_000])
def test_an_endless_text_is_refused_before_it_is_taken_apart(text: str) -> None:
    found = read(a_feed(an_item(text=text), an_item(n=2)))
    assert [entry.guid for entry in found.entries] == ["tag:2"]
    assert found.refusals[0].problem.endswith("characters long")
