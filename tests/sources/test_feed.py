"""The kind `feed`: where it is read from, what is remembered of it, what is told."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from digest.errors import SourceError
from digest.sources import harvest
from digest.sources.kind import Answer
from digest.values import Seen
from tests.sources.feeds import NOW, PLACE, a_source, read, visit_again
from tests.sources.samples import FOUND, HEADLINE, TITLE, WHY, a_feed, an_item
from tests.sources.webs import FakeWeb, a_visit

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("url", ["feeds/my feed.xml", "file:feeds/my%20feed.xml", "file://{}"])
def test_a_feed_may_be_a_file(tmp_path: Path, url: str) -> None:
    path = tmp_path / "feeds" / "my feed.xml"
    path.parent.mkdir()
    path.write_bytes(a_feed(an_item()))
    found = harvest(a_source(url=url.format(path)), a_visit(folder=tmp_path))
    assert [entry.title for entry in found.entries] == [TITLE]
    assert found.seen == ()


@pytest.mark.parametrize("url", ["missing.xml", "file:missing.xml", ".", "a\0b"])
def test_a_feed_file_that_is_not_there_is_an_error(tmp_path: Path, url: str) -> None:
    with pytest.raises(SourceError) as caught:
        harvest(a_source(url=url), a_visit(folder=tmp_path))
    assert caught.value.mend


def test_what_is_no_plain_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "feed.xml")  # nobody writes: to open it would be to wait for ever
    with pytest.raises(SourceError, match=r"is no plain file\. Correct"):
        harvest(a_source(url="feed.xml"), a_visit(folder=tmp_path))


def test_a_feed_file_too_big_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "big.xml").write_bytes(b" " * 10_000_001)
    with pytest.raises(SourceError, match="larger than 10 MB"):
        harvest(a_source(url="big.xml"), a_visit(folder=tmp_path))


def test_an_address_is_shown_without_its_password_and_links_never_carry_it() -> None:
    url = "https://me:secret@news.example.org/rss"
    item = an_item().replace("https://news.example.org/1", "/walk")
    found = harvest(a_source(url=url), a_visit(FakeWeb({url: a_feed(item, "<item/>")})))
    assert found.entries[0].url == "https://news.example.org/walk"
    assert found.refusals[0].place == "https://news.example.org/rss entry 2"


def test_a_feed_that_did_not_change_costs_one_request_and_counts_its_entries() -> None:
    web = FakeWeb({PLACE: a_feed(an_item(), an_item(n=2))})
    first = visit_again(web, None, NOW)
    assert (len(first.entries), first.unchanged) == (2, 0)
    for hours in (1, 2, 30):
        again = visit_again(web, first, NOW + hours * HOUR)
        assert (again.entries, again.unchanged, web.asked) == ((), 2, [PLACE])
        assert again.seen == first.seen


def test_a_feed_that_changed_is_read_again_in_full() -> None:
    web = FakeWeb({PLACE: a_feed(an_item())})
    first = visit_again(web, None, NOW)
    web.pages[PLACE] = a_feed(an_item(), an_item(n=2))
    again = visit_again(web, first, NOW + HOUR)
    assert [entry.guid for entry in again.entries] == ["tag:1", "tag:2"]
    assert again.seen[0].found == 2
    assert again.seen[0].body_hash != first.seen[0].body_hash


def test_a_feed_that_breaks_off_is_read_again_whatever_its_site_says() -> None:
    web = FakeWeb({PLACE: a_feed(an_item(), an_item(n=2)).rpartition(b"</item>")[0]})
    first = visit_again(web, None, NOW)
    assert "breaks off" in first.refusals[0].problem
    assert (first.seen[0].etag, first.seen[0].body_hash) == ("", "")
    again = visit_again(web, first, NOW + HOUR)
    assert [entry.guid for entry in again.entries] == ["tag:1"]


@pytest.mark.parametrize("changed", [True, False])
def test_a_feed_that_moved_for_good_is_told_at_every_visit(changed: bool) -> None:
    moved = Seen(PLACE, moved_to="https://news.example.org/feed")
    answer = Answer(
        url=moved.moved_to, content=a_feed(an_item()) * changed, changed=changed, seen=moved
    )
    known = replace(moved, read_at=NOW, found=7, etag='"x"')
    visit = a_visit(FakeWeb({PLACE: answer}), seen={PLACE: known}, now=NOW + HOUR)
    found = harvest(a_source(), visit)
    assert found.notes == ("moved for good to https://news.example.org/feed: correct `url`",)
    assert found.seen[0].moved_to == moved.moved_to
    assert found.unchanged == (0 if changed else 7)


def test_two_entries_under_one_id_both_survive_and_a_note_says_so() -> None:
    other = an_item(title="Another Study", text=f"<p>{HEADLINE}</p><p>{WHY}</p><p>{FOUND}</p>")
    found = read(a_feed(an_item(), other, an_item(n=3)))
    assert [entry.guid for entry in found.entries] == ["", "", "tag:3"]
    (note,) = found.notes
    assert note.startswith("several entries share the id tag:1")


def test_an_entry_that_stands_in_the_feed_twice_is_one() -> None:
    found = read(a_feed(an_item(), an_item()))
    assert [entry.guid for entry in found.entries] == ["tag:1"]
    assert found.notes == ()


def test_an_entry_with_an_impossible_date_is_kept_and_says_why() -> None:
    found = read(a_feed(an_item(date="31/31/2026")))
    assert found.entries[0].published_at is None
    assert "31/31/2026" in found.entries[0].date_problem
    assert found.refusals == ()


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (a_feed(an_item(title="Café “Walk”")), ""),
        (a_feed(an_item(title="Café “Walk”")), "iso-8859-1"),  # the header is wrong
        (a_feed(an_item(title="Café “Walk”")).decode().encode("cp1252"), ""),  # so is the XML
        (a_feed(an_item(title="Café “Walk”")).decode().encode("cp1252"), "windows-1252"),
        (a_feed(an_item(title="Café “Walk”")).decode().encode("utf-16"), "utf-8"),
        (a_feed(an_item(title="Café “Walk”")).decode().encode("utf-16-le"), ""),
        (a_feed(an_item(title="Café “Walk”")).decode().encode("utf-16-be"), ""),
        (a_feed(an_item(title="Café “Walk”")), "no-such-charset"),
        (a_feed(an_item(title="Café “Walk@”")).replace(b"@", b"\x92"), ""),  # one stray byte
    ],
)
def test_words_are_read_whatever_charset_is_stated(content: bytes, charset: str) -> None:
    (entry,) = read(content, charset).entries
    assert entry.title in ("Café “Walk”", "Café “Walk’”")


def test_the_charset_of_the_header_comes_before_that_of_the_xml() -> None:
    content = a_feed(an_item(title="Прогулка")).replace(b"utf-8", b"windows-1252")
    (entry,) = read(content.decode().encode("koi8-r"), "koi8-r").entries
    assert entry.title == "Прогулка"


def test_a_password_in_the_address_is_not_remembered_and_no_hindrance() -> None:
    url = PLACE.replace("//", "//me:secret@")
    web = FakeWeb({url: a_feed(an_item())})
    found = visit_again(web, None, NOW, url=url)
    assert [seen.url for seen in found.seen] == [PLACE]
    again = visit_again(web, found, NOW + HOUR, url=url)
    assert (again.unchanged, again.entries) == (1, ())
    assert [seen.url for seen in again.seen] == [PLACE]
