"""Feeds: full text in, excerpts and bad entries refused one by one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from digest.errors import SourceError
from tests.sources.feeds import PLACE, read
from tests.sources.samples import (
    FOUND,
    HEADLINE,
    JOURNAL,
    LIMITS,
    NO_CONTENT,
    TITLE,
    WHY,
    a_feed,
    a_page,
    a_text,
    an_item,
    escaped,
)

ATOM = f"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Studies</title>
<entry><title type="html">A &lt;b&gt;Walk&lt;/b&gt; a Day &amp;amp; More</title><id>urn:1</id>
<link href="/walk"/><published>2026-10-03T09:00:00Z</published>
<updated>2026-11-01T09:00:00Z</updated>
<summary>Only a teaser.</summary>
<content type="html">{escaped(a_text())}</content></entry></feed>"""


def test_rss_gives_each_field_to_the_letter() -> None:
    (entry,) = read(a_feed(an_item())).entries
    assert (entry.kind, entry.title, entry.headline) == ("summary", TITLE, HEADLINE)
    assert (entry.found, entry.why, entry.limits) == (FOUND, WHY, LIMITS)
    assert (entry.guid, entry.url) == ("tag:1", "https://news.example.org/1")
    assert entry.published_at == datetime(2026, 10, 3, 9, tzinfo=UTC)
    assert entry.place == f"{PLACE} entry 1"


def test_atom_takes_the_content_the_publication_date_and_the_whole_address() -> None:
    (entry,) = read(ATOM.encode()).entries
    assert entry.title == "A Walk a Day & More"
    assert (entry.headline, entry.limits) == (HEADLINE, LIMITS)
    assert (entry.guid, entry.url) == ("urn:1", "https://news.example.org/walk")
    assert entry.published_at == datetime(2026, 10, 3, 9, tzinfo=UTC)


def test_a_feed_in_utf16_reads_the_same() -> None:
    text = a_feed(an_item()).decode().replace("utf-8", "utf-16")
    (entry,) = read(text.encode("utf-16")).entries
    assert entry.found == FOUND


def test_the_text_may_have_the_form_of_a_page_with_cards() -> None:
    (entry,) = read(a_feed(an_item(text=a_page(title="", head="", date="")))).entries
    assert (entry.title, entry.headline, entry.found) == (TITLE, HEADLINE, FOUND)
    assert (entry.why, entry.limits, entry.journal) == (WHY, LIMITS, JOURNAL)
    assert entry.doi == "10.5555/walk.2026.1"
    for words in NO_CONTENT:
        assert words not in str(asdict(entry))


def test_the_text_may_be_plain_lines() -> None:
    (entry,) = read(a_feed(an_item(text="\n".join([HEADLINE, FOUND, WHY, LIMITS])))).entries
    assert (entry.headline, entry.found, entry.limits) == (HEADLINE, FOUND, LIMITS)


def test_a_round_up_in_a_feed_is_an_article() -> None:
    text = "".join(f"<p>Paragraph {n} tells of a finding.</p>" for n in range(7))
    (entry,) = read(a_feed(an_item(text=text))).entries
    assert (entry.kind, entry.title, entry.headline) == ("article", TITLE, "")
    assert entry.body.startswith("Paragraph 0 tells of a finding.\n\nParagraph 1")


def test_an_undated_entry_has_no_date() -> None:
    (entry,) = read(a_feed(an_item(date=""))).entries
    assert entry.published_at is None


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (an_item(text=f"<p>{HEADLINE}</p>", n=2), "the feed holds only an excerpt"),
        (an_item(text=HEADLINE, n=2), "the feed holds only an excerpt"),
        (an_item(text=f"<p>{FOUND}</p><p>{WHY}</p><p>{LIMITS}</p>", n=2), "has no headline"),
        ("<item></item>", "the feed holds only an excerpt"),
    ],
)
def test_a_bad_entry_is_refused_and_the_rest_goes_on(item: str, problem: str) -> None:
    found = read(a_feed(an_item(), item, an_item(n=3)))
    assert [entry.guid for entry in found.entries] == ["tag:1", "tag:3"]
    (refusal,) = found.refusals
    assert refusal.place == f"{PLACE} entry 2"
    assert problem in refusal.problem
    assert refusal.mend


def test_a_script_in_any_field_never_comes_through() -> None:
    evil = "<script>alert(1)</script>"
    item = an_item(title=f"{TITLE}{evil}\r\nBcc: x", text=a_text() + evil).replace(
        "https://news.example.org/1", "javascript:alert(1)"
    )
    (entry,) = read(a_feed(item)).entries
    assert entry.title == f"{TITLE} Bcc: x"
    assert entry.url == ""
    assert "alert" not in str(asdict(entry))


def test_a_feed_that_breaks_off_refuses_the_entry_it_breaks_in() -> None:
    found = read(a_feed(an_item(), an_item(n=2)).rpartition(b"</item>")[0])
    assert [entry.guid for entry in found.entries] == ["tag:1"]
    assert found.refusals[0].place == f"{PLACE} entry 2"
    assert "breaks off" in found.refusals[0].problem


def test_broken_but_whole_xml_is_salvaged() -> None:
    (entry,) = read(a_feed(an_item(title="Walk&nbsp;on")).replace(b"&amp;nbsp;", b"&nbsp;")).entries
    assert entry.title == "Walk on"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"/etc/passwd",
        b"<html><body>404</body></html>",
        b"<" * 1_000_000,
        b"<rss>" + b"<" * 1_000_000,
        b"<rss>" + b"<a>" * 100_000,
        b"<rss>" + b"<a" * 100_000,
        b"<rss></rss>",
    ],
    ids=[
        "empty",
        "words",
        "path",
        "html",
        "less-than",
        "rss less-than",
        "deep",
        "unclosed",
        "bare",
    ],
)
def test_what_is_no_feed_is_an_error_of_the_source(content: bytes) -> None:
    if content == b"<rss></rss>":
        assert read(content).entries == ()
        return
    with pytest.raises(SourceError) as caught:
        read(content)
    assert caught.value.where == PLACE
    assert caught.value.mend


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entity_bombs_are_refused_before_any_parsing(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = '<!DOCTYPE rss [<!entity a "ha"><!ENTITY b "&a;&a;&a;">]><rss><channel/></rss>'
    monkeypatch.setattr("feedparser.parse", None)
    with pytest.raises(SourceError, match="declares XML entities"):
        read(bomb.encode(encoding))
